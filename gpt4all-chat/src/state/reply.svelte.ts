import { ApiError, part, post } from "../api/client";
import { follow } from "../api/events";
import type { Context, Evidence, JobEvent, Message, Problem, Searched, Stage, Stats, ToolCall } from "../api/types";
import { known, t } from "../i18n/index.svelte";
import { attempt, problemOf, ui } from "./ui.svelte";

export interface Progress {
  stage: Stage;
  done: number | null;
  total: number | null;
  detail: string | null;
}

const COUNT_MS = 1_000;

function noticeText(code: string, message: string, n: number): string {
  const key = `notice.${code}`;
  return known(key) ? t(key, { n }) : message;
}

interface Listeners {
  finished: (message: Message) => void;
  failed: (problem: Problem) => void;
  /** The server knows nothing of the job: it was started again. */
  lost: () => void;
  context: (context: Context) => void;
}

/**
 * An answer while it is written. It belongs to the server: this only follows it, and goes on where it was after a lost
 * connection. Pieces of text are shown once for each picture that the screen shows, however many arrive.
 */
export class Reply {
  text = $state("");
  reasoning = $state("");
  reasoningSeconds = $state(0);
  progress = $state.raw<Progress>({ stage: "waiting", done: null, total: null, detail: null });
  evidence = $state.raw<Evidence[]>([]);
  searched = $state.raw<Searched | null>(null);
  calls = $state.raw<ToolCall[]>([]);
  notices = $state.raw<string[]>([]);
  stats = $state.raw<Stats | null>(null);
  /** Pieces in a second, which are tokens but for a few, as long as the server has not told what the answer took. */
  speed = $state<number | null>(null);
  connected = $state(true);
  stopping = $state(false);

  private readonly control = new AbortController();
  private seen = -1;
  private pending = { text: "", reasoning: "" };
  private frame = 0;
  private thinkingSince = 0;
  private counted = { since: 0, pieces: 0 };

  constructor(
    readonly job: string,
    readonly message: string,
    before: string, // what a continued answer begins with
    private readonly listeners: Listeners,
  ) {
    this.text = before;
    void this.run();
  }

  /** What there is of the answer. */
  get written(): Pick<Message, "content" | "reasoning" | "evidence" | "searched" | "tool_calls"> {
    const { text, reasoning, evidence, searched, calls } = this;
    return { content: text, reasoning: reasoning || null, evidence, searched, tool_calls: calls };
  }

  close(): void {
    this.control.abort();
    cancelAnimationFrame(this.frame);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await attempt(() => post(`/jobs/${part(this.job)}/stop`));
    this.stopping = false;
  }

  private async run(): Promise<void> {
    try {
      await follow({
        path: () => `/jobs/${part(this.job)}/events?from=${this.seen + 1}`,
        take: (event) => this.take(event as JobEvent),
        connected: (there) => (this.connected = there),
        signal: this.control.signal,
      });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.listeners.lost();
      ui.fail(error);
      this.listeners.failed(problemOf(error));
    }
  }

  private take(event: JobEvent): boolean {
    if (event.seq <= this.seen) return false;
    this.seen = event.seq;
    switch (event.type) {
      case "start":
        [this.text, this.reasoning] = [event.content, event.reasoning ?? ""];
        break;
      case "text":
        this.endThinking();
        this.pending.text += event.text;
        this.counted.pieces += 1;
        this.draw();
        break;
      case "reasoning":
        this.thinkingSince ||= performance.now();
        this.pending.reasoning += event.text;
        this.counted.pieces += 1;
        this.draw();
        break;
      case "stage":
        this.progress = {
          stage: event.stage,
          done: event.done ?? null,
          total: event.total ?? null,
          detail: event.detail ?? null,
        };
        break;
      case "evidence":
        [this.evidence, this.searched] = [event.evidence, event.searched];
        break;
      case "context":
        this.listeners.context(event.context);
        break;
      case "tool_call":
        this.calls = [...this.calls.filter((call) => call.id !== event.call.id), event.call];
        break;
      case "notice":
        this.notices = [...this.notices, noticeText(event.code, event.message, event.total ?? 0)];
        break;
      case "stats":
        this.stats = event.stats;
        break;
      case "done":
        this.flush();
        this.listeners.finished(event.message);
        return true;
      case "error":
        this.flush();
        this.listeners.failed(event.error);
        return true;
    }
    return false;
  }

  private endThinking(): void {
    if (this.thinkingSince) this.reasoningSeconds = (performance.now() - this.thinkingSince) / 1000;
    this.thinkingSince = 0;
  }

  private draw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => this.flush());
    // A page in the background draws nothing, but its text goes on.
    if (document.hidden) this.flush();
  }

  private flush(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.pending.text) this.text += this.pending.text;
    if (this.pending.reasoning) this.reasoning += this.pending.reasoning;
    if (this.thinkingSince) this.reasoningSeconds = (performance.now() - this.thinkingSince) / 1000;
    this.pending = { text: "", reasoning: "" };
    this.count(performance.now());
  }

  /** What comes at once, as after a reload, or after a pause, is not counted: it was not written that fast, or slow. */
  private count(now: number): void {
    const { since, pieces } = this.counted;
    const passed = now - since;
    if (since && passed < COUNT_MS) return;
    if (since && passed < 2 * COUNT_MS) this.speed = (pieces * 1000) / passed;
    this.counted = { since: now, pieces: 0 };
  }
}
