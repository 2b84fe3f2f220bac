/** What a caller may set of a download, and how it is told how far that is. */

import { CancellationError, InvalidArgumentError } from "../errors.js";
import { checkedSignal } from "../json.js";

/** How to download. Whatever is not given comes from the environment. */
export interface DownloadSettings {
  /** Never use the network ($GPT4ALL_OFFLINE or $HF_HUB_OFFLINE). */
  offline: boolean;
  /** An address; for models in the catalogue, <mirror>/<file name> is tried first ($GPT4ALL_MIRROR). */
  mirror: string | undefined;
  /** Replaces https://huggingface.co ($HF_ENDPOINT). */
  hubEndpoint: string;
  /** Sent only to the hub's host ($HF_TOKEN). */
  hubToken: string | undefined;
  /** Whether plain HTTP to other machines is allowed ($GPT4ALL_ALLOW_HTTP). */
  allowHttp: boolean;
  /** Time limit for connecting. */
  connectSeconds: number;
  /** How long the server may send next to nothing. */
  stallSeconds: number;
  /** Attempts after the first that make no progress; any progress restarts the count. */
  retries: number;
  /** Wait before the first retry, doubled for each further one. */
  backoffSeconds: number;
  /** Limit for any one wait; if a server asks for a longer one (Retry-After), the download gives up on it. */
  longestWaitSeconds: number;
}

function text(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
}

function flag(name: string): boolean {
  const value = (text(name) ?? "").toLowerCase();
  if (["1", "true", "yes", "on", "y", "t"].includes(value)) {
    return true;
  }
  if (["", "0", "false", "no", "off", "n", "f"].includes(value)) {
    return false;
  }
  throw new InvalidArgumentError(`the environment variable ${name} is "${value}"; set it to 1 or 0`);
}

function address(name: string): string | undefined {
  return text(name)?.replace(/\/+$/, "");
}

/** The settings, those that are not given as the environment has them. Throws InvalidArgumentError. */
export function settingsOf(given: Partial<DownloadSettings> = {}): DownloadSettings {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    offline: flag("GPT4ALL_OFFLINE") || flag("HF_HUB_OFFLINE"),
    mirror: address("GPT4ALL_MIRROR"),
    hubEndpoint: address("HF_ENDPOINT") ?? "https://huggingface.co",
    hubToken: text("HF_TOKEN"),
    allowHttp: flag("GPT4ALL_ALLOW_HTTP"),
    connectSeconds: 10,
    stallSeconds: 30,
    retries: 5,
    backoffSeconds: 0.5,
    longestWaitSeconds: 60,
    ...set,
  };
}

/** The progress of a download. */
export interface DownloadProgress {
  doneBytes: number;
  /** Undefined while it is not known. */
  totalBytes: number | undefined;
  /** "waiting" for another process that fetches the same file, "checking" what an earlier run left. */
  phase: "waiting" | "checking" | "downloading" | "verifying";
}

/** Is told of progress; if it returns false, the download ends with CancellationError. */
export type DownloadListener = (progress: DownloadProgress) => boolean | void;

const INTERVAL_MS = 50;

/** Passes progress on, not too often, and notices that the download is to end. */
export class Reporter {
  #phase = "";
  #time = 0;
  readonly signal: AbortSignal | undefined;

  constructor(
    private readonly what: string,
    private readonly listener: DownloadListener | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.signal = checkedSignal(signal);
  }

  /** Throws CancellationError. */
  report(phase: DownloadProgress["phase"], doneBytes: number, totalBytes: number | undefined): void {
    if (this.signal?.aborted) {
      throw this.cancelled({ cause: this.signal.reason as unknown });
    }
    const now = performance.now();
    if (!this.listener || (phase === this.#phase && now - this.#time < INTERVAL_MS && doneBytes !== totalBytes)) {
      return;
    }
    this.#phase = phase;
    this.#time = now;
    if (this.listener({ doneBytes, totalBytes, phase }) === false) {
      throw this.cancelled({});
    }
  }

  private cancelled(options: { cause?: unknown }): CancellationError {
    const message = `the download of ${this.what} was cancelled; the next one will resume from there`;
    return new CancellationError(message, {}, options);
  }

  /** Waits, while the listener and the signal may still cancel. */
  async sleep(seconds: number, phase: DownloadProgress["phase"], done: number, total?: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    for (let left = seconds * 1000; left > 0; left = end - performance.now()) {
      this.report(phase, done, total);
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, 100)));
    }
  }
}
