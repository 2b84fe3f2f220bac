/** The library's messages. Nothing is printed: they go to the function that setLog() was given. */

import { LogLevel } from "./generated.js";
import { native } from "./native.js";

/** What is told of messages: the level's name, and a line of text. */
export type LogListener = (level: "error" | "warn" | "info" | "debug", message: string) => void;

const NAMES = { [LogLevel.ERROR]: "error", [LogLevel.WARN]: "warn", [LogLevel.INFO]: "info" } as const;

let current: { listener: LogListener; level: LogLevel } | undefined;

function nameOf(level: number): "error" | "warn" | "info" | "debug" {
  return NAMES[level as keyof typeof NAMES] ?? "debug";
}

/**
 * Sends the messages of the library and of this package, up to a level, to `listener`, for the whole process. Without a
 * listener they end there. Throws LibraryNotFoundError.
 */
export function setLog(listener?: LogListener | null, level: "error" | "warn" | "info" | "debug" = "warn"): void {
  const wanted = LogLevel[level.toUpperCase() as keyof typeof LogLevel];
  current = listener ? { listener, level: wanted } : undefined;
  if (listener) {
    native().setLog(wanted, (from, message) => listener(nameOf(from), message));
  } else {
    native().setLog(LogLevel.NONE);
  }
}

/** A warning of this package. */
export function warn(message: string): void {
  if (current && current.level >= LogLevel.WARN) {
    current.listener("warn", message);
  }
}
