/** A model that answers, as loadModel() gives it. */

import { InvalidArgumentError } from "../errors.js";
import type { Model } from "../model.js";
import { answer, counted, type InferenceResult } from "./answer.js";
import { ChatSession, type ChatSessionOptions } from "./chat-session.js";
import type { ModelConfig } from "./config.js";
import type { CompletionInput, CompletionOptions } from "./options.js";
import { ownTemplate, Pattern, type Prompting } from "./prompting.js";

/** A model that answers. dispose() it when it is no longer needed. */
export class InferenceModel {
  readonly modelName: string;
  /** The session that was made last. */
  activeChatSession: ChatSession | undefined;

  /** llm: the model below, with all that is new. config: what is known of it. */
  constructor(
    readonly llm: Model,
    readonly config: ModelConfig,
    private readonly hasTemplate: boolean,
  ) {
    this.modelName = config.filename ?? config.name ?? llm.path;
  }

  /** Begins a conversation, of which there may be any number at once. */
  async createChatSession(options: ChatSessionOptions = {}): Promise<ChatSession> {
    const session = new ChatSession(this, options);
    await session.initialize();
    this.activeChatSession = session;
    return session;
  }

  /** Answers a prompt, or a conversation whose last message is the user's, and remembers nothing. */
  async generate(input: CompletionInput, options: CompletionOptions = {}): Promise<InferenceResult> {
    if ((options.nPast ?? 0) < 0) {
      throw new InvalidArgumentError("nPast must be a non-negative integer.");
    }
    const messages = typeof input === "string" ? [{ role: "user" as const, content: input }] : input;
    if (messages.at(-1)?.role !== "user") {
      throw new InvalidArgumentError("The final message must be of role 'user'.");
    }
    const prompting = this.prompting(options);
    if (options.fakeReply !== undefined) {
      return { ...(await counted(this.llm, prompting, messages, options.fakeReply)), text: "" };
    }
    return await answer(this.llm, prompting, messages, options);
  }

  /** @internal */
  prompting({ promptTemplate, special }: CompletionOptions): Prompting {
    if (promptTemplate === undefined && this.hasTemplate) {
      return ownTemplate;
    }
    return new Pattern(promptTemplate ?? this.config.promptTemplate, special);
  }

  /** Cancels whatever is running and frees the memory. Safe to call at any time, and more than once. */
  dispose(): Promise<void> {
    return this.llm.close();
  }
}
