import { ApiError, ask } from "./client";

/** Takes server-sent events apart, however the network has cut them. */
export class EventParser {
  private rest = "";

  /** The data of each event that is complete with this piece. */
  push(piece: string): string[] {
    this.rest = (this.rest + piece).replaceAll("\r\n", "\n");
    const events = this.rest.split("\n\n");
    this.rest = events.pop() ?? "";
    return events.map(dataOf).filter((data) => data !== "");
  }
}

function dataOf(event: string): string {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(line.startsWith("data: ") ? 6 : 5)).join("\n");
}

/** The events of one answer to one request, until it ends. */
async function* read(path: string, signal: AbortSignal, begun: () => void): AsyncGenerator<unknown> {
  const response = await ask("GET", path, undefined, signal);
  begun();
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const data of parser.push(value)) yield JSON.parse(data);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

export interface Following {
  /** Where to ask, given how often it was asked before. */
  path: () => string;
  /** Takes an event; true if it was the last. */
  take: (event: unknown) => boolean;
  /** Whether the server is there, each time that this changes. */
  connected?: (there: boolean) => void;
  signal: AbortSignal;
}

const LONGEST_PAUSE = 5_000;

/** Follows a stream to its last event, asking again after each interruption. Refusals (4xx) are thrown. */
export async function follow({ path, take, connected, signal }: Following): Promise<void> {
  let wait = 250;
  while (!signal.aborted) {
    try {
      // The server is there as soon as it answers: the first event may be a long time coming.
      const begun = (): void => {
        connected?.(true);
        wait = 250;
      };
      for await (const event of read(path(), signal, begun)) {
        if (take(event)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) throw error;
      connected?.(false);
    }
    await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_PAUSE);
  }
}
