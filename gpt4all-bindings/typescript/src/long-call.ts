/** Calls that take long: they report progress, and can be cancelled. */

import { CancellationError } from "./errors.js";
import { checkedSignal } from "./json.js";
import { finished, type Call } from "./native.js";

/** What every long call takes. */
export interface LongCallOptions {
  /** Told how much is done, from 0 to 1. If it returns false, the call ends with CancellationError. */
  onProgress?: (fraction: number) => boolean | void;
  /** Cancels the call. */
  signal?: AbortSignal;
}

/** The error for what a signal cancelled. */
export function aborted(signal: AbortSignal, what: string): CancellationError {
  return new CancellationError(`${what} was cancelled by its signal`, {}, { cause: signal.reason });
}

/** Begins a call and waits for it. What `onProgress` throws cancels the call and is thrown here. */
export async function longCall(
  what: string,
  begin: (progress: ((fraction: number) => void) | undefined) => Call,
  { onProgress, signal: given }: LongCallOptions,
): Promise<unknown> {
  const signal = checkedSignal(given);
  if (signal?.aborted) {
    throw aborted(signal, what);
  }
  let thrown: { error: unknown } | undefined;
  const progress = onProgress
    ? (fraction: number) => {
        try {
          if (!thrown && onProgress(fraction) === false) {
            call.cancel();
          }
        } catch (error) {
          thrown ??= { error };
          call.cancel();
        }
      }
    : undefined;
  const call: Call = begin(progress);
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await finished(call);
  } catch (error) {
    if (error instanceof CancellationError && signal?.aborted) {
      throw aborted(signal, what);
    }
    throw thrown ? thrown.error : error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
