import type { JobEvent } from "../../src/api/types";
import { evidence } from "./data";

/**
 * The scripted model: what a message asks for decides what is answered.
 *
 * say: TEXT        exactly that text
 * tokens N RATE    N words, RATE in a second
 * Describe …       400 words
 * think            reasoning first
 * cite             from documents, with citations
 * unanswerable     from documents that say nothing about it
 * tool             a call of a tool, which needs a decision
 * fail             an error with remedies
 * anything else    a short answer that repeats it
 */
export interface Step {
  /** Milliseconds before it. */
  wait: number;
  event: Event;
}
type Without<T> = T extends unknown ? Omit<T, "seq"> : never;
export type Event = Without<JobEvent>;

const RATE = 60;
const stage = (name: "waiting" | "opening" | "searching" | "reading" | "answering"): Step => ({
  wait: 0,
  event: { type: "stage", stage: name },
});

function spoken(text: string, rate = RATE): Step[] {
  const words = text.match(/\s*\S+\s*/g) ?? [text];
  return words.map((word) => ({ wait: 1000 / rate, event: { type: "text", text: word } }));
}

const LOREM =
  "The answer goes on word by word, as a model writes it, with **bold**, `code` and a list now and then.".split(" ");

export function words(count: number): string {
  const made: string[] = [];
  for (let index = 0; index < count; index += 1) {
    if (index && index % 60 === 0) made.push("\n\n");
    made.push(LOREM[index % LOREM.length] ?? "", " ");
  }
  return made.join("");
}

export function script(prompt: string): Step[] {
  const begin = [stage("reading"), stage("answering")];
  const said = /^say: ([\s\S]*)$/.exec(prompt)?.[1];
  if (said !== undefined) return [...begin, ...spoken(said, 400)];
  const many = /^tokens (\d+) (\d+)/.exec(prompt);
  if (many) return [...begin, ...spoken(words(Number(many[1])), Number(many[2]))];
  switch (prompt.split(" ")[0]) {
    case "Describe":
      return [...begin, ...spoken(words(400), 90)];
    case "think":
      return [
        ...begin,
        ...["First ", "I weigh ", "what was asked."].map((text): Step => ({
          wait: 60,
          event: { type: "reasoning", text },
        })),
        ...spoken("After some thought: yes."),
      ];
    case "cite":
      return [
        stage("searching"),
        {
          wait: 50,
          event: {
            type: "evidence",
            evidence,
            searched: {
              files: 20,
              used: 2,
              mode: "passages",
              answerable: true,
              reranking: { candidates: 30, done: 12, seconds: 0.4 },
            },
          },
        },
        ...begin,
        ...spoken("The reserve pump starts below 2.1 bar [1]. Its valve is tested monthly [2]. Nothing says more [7]."),
      ];
    case "unanswerable":
      return [
        stage("searching"),
        {
          wait: 50,
          event: {
            type: "evidence",
            evidence: [],
            searched: { files: 20, used: 0, mode: "passages", answerable: false },
          },
        },
        ...begin,
        ...spoken("Your documents do not say."),
      ];
    case "tool":
      return [
        ...begin,
        {
          wait: 20,
          event: {
            type: "tool_call",
            call: { id: "c1", name: "read_file", arguments: '{"path": "notes.txt"}', state: "asked", result: null },
          },
        },
      ];
    case "fail": {
      const remedies = ["Choose a smaller model", "Make the context smaller", "Close other programs"];
      const error = {
        message: "there is not enough memory for small.gguf",
        code: "out_of_memory",
        param: null,
        remedies,
      };
      return [stage("opening"), { wait: 20, event: { type: "error", error } }];
    }
    default:
      return [...begin, ...spoken(`You said: ${prompt}`)];
  }
}
