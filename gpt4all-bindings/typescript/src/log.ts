/** The library's messages. Nothing is printed: they go to the function that setLog() was given. */

import { InvalidArgumentError, shown } from "./errors.js";
import { LogLevel } from "./generated.js";
import { native } from "./native.js";

/** What is told of messages: the level's name, and a line of text. */
export type LogListener = (level: "error" | "warn" | "info" | "debug", message: string) => void;

const LEVELS = { error: LogLevel.ERROR, warn: LogLevel.WARN, info: LogLevel.INFO, debug: LogLevel.DEBUG };
const NAMES = { [LogLevel.ERROR]: "error", [LogLevel.WARN]: "warn", [LogLevel.INFO]: "info" } as const;

let current: { listener: LogListener; level: LogLevel } | undefined;

function nameOf(level: number): "error" | "warn" | "info" | "debug" {
  return NAMES[level as keyof typeof NAMES] ?? "debug";
}

/**
 * Sends the messages of the library and of this package, up to a level, to `listener`, for the whole process. Without a
 * listener they end there. What it throws is an uncaught exception of the process, and fails no request. Throws
 * InvalidArgumentError, LibraryNotFoundError.
 */
export function setLog(listener?: LogListener | null, level: "error" | "warn" | "info" | "debug" = "warn"): void {
  const wanted = LEVELS[level];
  if (wanted === undefined) {
    throw new InvalidArgumentError(`${shown(level)} is no level of messages; use ${Object.keys(LEVELS).join(", ")}`);
  }
  if (listener && typeof listener !== "function") {
    throw new InvalidArgumentError(`${shown(listener)} is no function that messages can go to`);
  }
  current = listener ? { listener, level: wanted } : undefined;
  if (listener) {
    native().setLog(wanted, (from, message) => listener(nameOf(from), message));
  } else {
    native().setLog(LogLevel.NONE);
  }
}

/** A warning of this package. It comes later, as the library's do, so that the listener's mistakes stop nothing. */
export function warn(message: string): void {
  if (current && current.level >= LogLevel.WARN) {
    const { listener } = current;
    queueMicrotask(() => listener("warn", message));
  }
}
