/** How a conversation is put to a model: in its own template, or in a pattern of one turn. */

import { InvalidArgumentError } from "../errors.js";
import type { Message } from "../generated.js";
import type { Model } from "../model.js";
import type { ChatResult, Completion } from "../results.js";
import type { Stream } from "../stream.js";
import type { ChatMessage, Sampling } from "./options.js";

type Options = Sampling & { signal?: AbortSignal };

export interface Prompting {
  /** Begins the answer. */
  ask(model: Model, messages: ChatMessage[], options: Options): Promise<Stream<ChatResult | Completion>>;
  /** The tokens of the prompt. */
  tokens(model: Model, messages: ChatMessage[]): Promise<number[]>;
}

// System prompts that programs wrote out in the template of their model, because the old package passed them on as they
// were. In a template that is applied to the whole conversation they would stand inside one another.
const WRAPPED = [
  /^\s*<\|im_start\|>system\n(.*?)(?:<\|im_end\|>)?\s*$/s,
  /^\s*(?:<\|begin_of_text\|>)?<\|start_header_id\|>system<\|end_header_id\|>\s*(.*?)(?:<\|eot_id\|>)?\s*$/s,
  /^\s*<\|system\|>\n?(.*?)(?:<\|end\|>|<\/s>)?\s*$/s,
  /^\s*(?:<s>)?\[INST\]\s*<<SYS>>\n?(.*?)\n?<<\/SYS>>(?:\s*\[\/INST\])?\s*$/s,
  /^\s*###\s*System:\n(.*?)\s*$/s,
];

function plain(text: string): string {
  const found = WRAPPED.map((pattern) => pattern.exec(text)).find((each) => each !== null);
  return found ? (found[1] as string).trim() : text;
}

/** Without an empty system message. */
function toSend(messages: ChatMessage[]): Message[] {
  const sent = messages.flatMap((message) => {
    if (message.role !== "system") {
      return [message];
    }
    return message.content ? [{ ...message, content: plain(message.content) }] : [];
  });
  return sent as Message[];
}

/** The template of the model's file, or the one that the model was opened with. */
export const ownTemplate: Prompting = {
  ask(model, messages, options) {
    // What the model thinks is a part of the text, as it always was here; chat() keeps it apart.
    const request = { reasoning_format: "none", ...options, stream: true } as const;
    return Promise.resolve().then(() => model.chat(toSend(messages), request) as Stream<ChatResult | Completion>);
  },
  async tokens(model, messages) {
    const request = { messages: toSend(messages), return_tokens: true };
    return (await model.submit("apply_template", request).result()).tokens ?? [];
  },
};

/** A template of one turn: "%1" is the user's message, "%2" the reply, which may be left out where it comes last. */
export class Pattern implements Prompting {
  readonly #before: string;
  readonly #between: string;
  readonly #after: string;

  /** special: whether names of control tokens in the user's messages are such. Throws InvalidArgumentError. */
  constructor(
    template: string,
    private readonly special = false,
  ) {
    const at = typeof template === "string" ? template.indexOf("%1") : -1;
    if (at < 0) {
      throw new InvalidArgumentError(`the promptTemplate ${JSON.stringify(template)} has no %1 for the user's message`);
    }
    const [between = "", ...after] = template.slice(at + 2).split("%2");
    this.#before = template.slice(0, at);
    this.#between = between;
    this.#after = after.join("%2");
  }

  async ask(model: Model, messages: ChatMessage[], options: Options) {
    const prompt = await this.tokens(model, messages);
    return model.complete(prompt, { ...options, stream: true }) as Stream<ChatResult | Completion>;
  }

  async tokens(model: Model, messages: ChatMessage[]): Promise<number[]> {
    const parts = await this.#parts(model, messages);
    let tokens: number[] = [];
    for (const [text, special] of parts) {
      if (text) {
        const more = await model.tokenize(text, { parse_special: special, add_special: tokens.length === 0 });
        tokens = tokens.concat(more);
      }
    }
    return tokens;
  }

  /** One text; or several where a user's message spells the name of a control token, which there is only text. */
  async #parts(model: Model, messages: ChatMessage[]): Promise<[string, boolean][]> {
    const parts: [string, boolean][] = [];
    const add = (text: string, special: boolean) => {
      const last = parts.at(-1);
      if (last?.[1] === special) {
        last[0] += text;
      } else {
        parts.push([text, special]);
      }
    };
    for (const { role, content } of messages) {
      if (role === "user") {
        add(this.#before, true);
        add(content, this.special || !(await spellsControlToken(model, content)));
        add(this.#between, true);
      } else {
        add(role === "assistant" ? content + this.#after : content, true);
      }
    }
    return parts;
  }
}

async function spellsControlToken(model: Model, text: string): Promise<boolean> {
  const [read, plainly] = await Promise.all([
    model.tokenize(text, { parse_special: true }),
    model.tokenize(text, { parse_special: false }),
  ]);
  return read.length !== plainly.length || read.some((token, place) => token !== plainly[place]);
}
