import type { ServerResponse } from "node:http";
import type { JobEvent, Message } from "../../src/api/types";
import { evidence } from "./data";
import { script, type Event, type Step } from "./script";

const STATS = { prompt_tokens: 40, cached_tokens: 30, seconds: 1, first_token_seconds: 0.12 };

/** An answer that is being written: it goes on whether or not anybody listens. */
export class Job {
  readonly events: JobEvent[] = [];
  private readonly listeners = new Map<ServerResponse, number>();
  private steps: Step[];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private began = Date.now();
  ended = false;

  constructor(
    readonly id: string,
    readonly message: Message,
    prompt: string,
    private readonly over: () => void,
  ) {
    this.steps = script(prompt);
    this.add({ type: "start", content: message.content, reasoning: null });
    this.run(Date.now());
  }

  /** Sends what there is from an event on, and then what comes. */
  listen(response: ServerResponse, from: number): void {
    for (const event of this.events.slice(from)) send(response, event);
    if (this.ended) response.end();
    else this.listeners.set(response, 0);
    response.on("close", () => this.listeners.delete(response));
  }

  /** Ends it where it is. */
  stop(state: Message["state"] = "stopped"): void {
    if (!this.ended) this.finish(state);
  }

  decide(approve: boolean): void {
    const call = this.message.tool_calls[0];
    if (!call) return;
    const decided = { ...call, state: approve ? "done" : "denied", result: approve ? "42 lines" : null } as const;
    this.add({ type: "tool_call", call: decided });
    this.steps = script(approve ? "say: The file has 42 lines." : "say: Then I cannot tell.");
    this.run(Date.now());
  }

  /** Steps are due by the clock, so that a rate is kept even if a timer is late. */
  private run(due: number): void {
    let next = due;
    for (;;) {
      const step = this.steps[0];
      if (!step) break;
      next += step.wait;
      if (next > Date.now()) {
        this.timer = setTimeout(() => this.run(next - step.wait), next - Date.now());
        return;
      }
      this.steps.shift();
      this.add(step.event);
      if (this.ended) return;
    }
    if (!this.message.tool_calls.some((call) => call.state === "asked")) this.finish("done");
  }

  private add(event: Event): void {
    const { message } = this;
    if (event.type === "text") message.content += event.text;
    if (event.type === "reasoning") message.reasoning = (message.reasoning ?? "") + event.text;
    if (event.type === "evidence") [message.evidence, message.searched] = [event.evidence, event.searched];
    if (event.type === "tool_call") message.tool_calls = [event.call];
    if (event.type === "error") [message.state, message.error] = ["failed", event.error];
    if (event.type === "done" || event.type === "error") this.close();
    const numbered = { ...event, seq: this.events.length } as JobEvent;
    this.events.push(numbered);
    for (const response of this.listeners.keys()) {
      send(response, numbered);
      if (this.ended) response.end();
    }
  }

  private close(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.over();
  }

  private finish(state: Message["state"]): void {
    const { message } = this;
    message.state = state;
    message.stop_reason = state === "done" ? "end_of_text" : "stopped";
    if (message.reasoning) message.reasoning_seconds = 2.4;
    if (message.evidence.length) {
      message.evidence = evidence.map((each) => ({ ...each, cited: message.content.includes(`[${each.number}]`) }));
    }
    const tokens = message.content.split(/\s+/).length;
    const seconds = Math.max(0.001, (Date.now() - this.began) / 1000);
    message.stats = { ...STATS, tokens, seconds, tokens_per_second: tokens / seconds };
    this.add({ type: "done", message: { ...message } });
  }
}

export function send(response: ServerResponse, event: object): void {
  const { seq } = event as { seq?: number };
  response.write(`${seq === undefined ? "" : `id: ${seq}\n`}data: ${JSON.stringify(event)}\n\n`);
}
