/** Writes requests as JSON, and refuses what JSON has nothing like instead of leaving it out. */

import { defaultMaxListeners, getMaxListeners, setMaxListeners } from "node:events";

import { InvalidArgumentError, shown } from "./errors.js";

function replace(this: unknown, key: string, value: unknown): unknown {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) {
        throw new InvalidArgumentError(`${key || "the request"} is ${value}, which JSON cannot express`);
      }
      return value;
    case "string":
      if (!value.isWellFormed()) {
        throw new InvalidArgumentError(
          `the text ${shown(value)} has a lone surrogate, and so is not Unicode text; it was probably cut in the ` +
            "middle of a character",
        );
      }
      return value;
    case "bigint":
      if (BigInt.asIntN(54, value) === value) {
        return Number(value);
      }
      throw new InvalidArgumentError(`${key} is ${value}, which is beyond 2^53`);
    case "function":
    case "symbol":
      throw new InvalidArgumentError(`${key || "the request"} is ${shown(value)}, which JSON cannot express`);
    case "object":
      if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
        return Array.from(value as unknown as ArrayLike<number>);
      }
      return value;
    default:
      return value;
  }
}

/** `value` as JSON; what is undefined is left out. Throws InvalidArgumentError. */
export function encode(value: unknown): string {
  try {
    const text = JSON.stringify(value, replace) as string | undefined;
    if (text === undefined) {
      throw new InvalidArgumentError(`${shown(value)} cannot be written as JSON`);
    }
    return text;
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      throw error;
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`the request cannot be written as JSON: ${why}`, {}, { cause: error });
  }
}

/** A path as text. Throws InvalidArgumentError for what is none. */
export function checkedPath(path: unknown): string {
  if (typeof path !== "string" || path === "") {
    throw new InvalidArgumentError(`${shown(path)} is not a path`);
  }
  if (path.includes("\0")) {
    throw new InvalidArgumentError(`a path cannot contain a NUL character: ${shown(path)}`);
  }
  return path;
}

/** An abort signal, if one is given. Throws InvalidArgumentError for what is none. */
export function checkedSignal(signal: AbortSignal): AbortSignal;
export function checkedSignal(signal: AbortSignal | null | undefined): AbortSignal | undefined;
export function checkedSignal(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  // Not instanceof: one from another realm, such as a test runner's, is as good.
  if (signal === null || signal === undefined) {
    return undefined;
  }
  if (typeof signal.addEventListener !== "function" || typeof signal.aborted !== "boolean") {
    throw new InvalidArgumentError(`signal: ${shown(signal)} is not an AbortSignal`);
  }
  // Node 20 would warn on stderr of a leak where more than ten requests share a signal.
  if (signal instanceof EventTarget && mostListeners(signal) === defaultMaxListeners) {
    setMaxListeners(0, signal);
  }
  return signal;
}

function mostListeners(signal: EventTarget): number {
  try {
    return getMaxListeners(signal);
  } catch {
    return defaultMaxListeners; // Node 20 does not know it where nobody has set it
  }
}
