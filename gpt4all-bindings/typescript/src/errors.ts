/** The errors: one class for each failing status of the C API. */

import { inspect } from "node:util";

import { Status } from "./generated.js";

/** Details of an error, such as `{ path: "/temperature" }`. */
export type Detail = Record<string, unknown>;

/** The base class of every failure. `message` says what happened and what to do. */
export class LLModelError extends Error {
  /** The kind of failure, the same in every language. */
  readonly status: Status;
  /** Details; may be empty. */
  readonly detail: Detail;

  constructor(message: string, detail: Detail = {}, options: { cause?: unknown; status?: Status } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.detail = detail;
    this.status = options.status ?? (new.target as unknown as { status: Status }).status;
  }

  static readonly status: Status = Status.INTERNAL;

  /** The status's name in lower case, such as "invalid_argument". */
  get statusName(): string {
    return statusName(this.status);
  }
}

/** An option or request has an unknown key, a wrong type or a value out of range. */
export class InvalidArgumentError extends LLModelError {
  static override readonly status: Status = Status.INVALID_ARGUMENT;
}

/** The named file, adapter or slot does not exist. */
export class ModelNotFoundError extends LLModelError {
  static override readonly status: Status = Status.NOT_FOUND;
}

/** Reading or writing failed: permissions, a full disk, a vanished file. */
export class LLModelIOError extends LLModelError {
  static override readonly status: Status = Status.IO;
}

/** The file is truncated, corrupt or not of a known format. */
export class InvalidModelError extends LLModelError {
  static override readonly status: Status = Status.INVALID_MODEL;
}

/** The request is well-formed, but this library or this model cannot do it. */
export class UnsupportedError extends LLModelError {
  static override readonly status: Status = Status.UNSUPPORTED;
}

/** It does not fit into memory, or into the given budget. */
export class OutOfMemoryError extends LLModelError {
  static override readonly status: Status = Status.OUT_OF_MEMORY;
}

/** The prompt is longer than the context. */
export class ContextOverflowError extends LLModelError {
  static override readonly status: Status = Status.CONTEXT_OVERFLOW;
}

/** The chat template cannot be parsed or rendered, or runs without end. */
export class TemplateError extends LLModelError {
  static override readonly status: Status = Status.TEMPLATE_ERROR;
}

/** The grammar or JSON Schema cannot be parsed or turned into a grammar. */
export class GrammarError extends LLModelError {
  static override readonly status: Status = Status.GRAMMAR_ERROR;
}

/** The request was cancelled, or its model was closed while it ran. If an AbortSignal did so, `cause` is its reason. */
export class CancellationError extends LLModelError {
  static override readonly status: Status = Status.CANCELLED;
}

/** The model, stream or task is already closed. */
export class ClosedError extends LLModelError {
  static override readonly status: Status = Status.CLOSED;
}

/** A defect in the library or in llama.cpp. Please report it. */
export class InternalError extends LLModelError {
  static override readonly status: Status = Status.INTERNAL;
}

/** libllmodel cannot be loaded. The message lists every place that was tried, and why it did not work. */
export class LibraryNotFoundError extends LLModelError {
  static override readonly status: Status = Status.NOT_FOUND;
}

/**
 * The answer is not what response_format asked for: it was cut off, or a validator rejected it.
 *
 * detail: "text", the answer; "finish_reason"; "issues", what the validator says, if there is one.
 */
export class ResponseFormatError extends LLModelError {
  static override readonly status: Status = Status.UNSUPPORTED;
}

/**
 * A run with tools reached its last round, and the model was still asking for calls.
 *
 * detail: "messages", the conversation so far; "rounds".
 */
export class ToolRoundsError extends LLModelError {
  static override readonly status: Status = Status.UNSUPPORTED;
}

/** Two loops waited at once for a stream or task that serves only one. */
export class BusyError extends LLModelError {
  static override readonly status: Status = Status.INVALID_ARGUMENT;
}

/** A session was asked for an answer, or to change its history, while giving an answer. */
export class SessionBusyError extends BusyError {}

const CLASSES = new Map<number, typeof LLModelError>(
  [
    InvalidArgumentError,
    ModelNotFoundError,
    LLModelIOError,
    InvalidModelError,
    UnsupportedError,
    OutOfMemoryError,
    ContextOverflowError,
    TemplateError,
    GrammarError,
    CancellationError,
    ClosedError,
    InternalError,
  ].map((type) => [type.status, type]),
);

/** A failure as the addon reports it. */
export interface Failure {
  status: number;
  message: string;
  detail: string;
}

/** The error that a failure of the library stands for. */
export function errorOf(failure: Failure): LLModelError {
  const type = CLASSES.get(failure.status) ?? InternalError;
  return new type(failure.message, JSON.parse(failure.detail) as Detail);
}

/** A status's name in lower case, such as "invalid_argument". */
export function statusName(status: Status): string {
  const found = Object.entries(Status).find(([, value]) => value === status);
  return found ? found[0].toLowerCase() : "unknown";
}

/** A value as an error may show it: short, however long or deep it is. */
export function shown(value: unknown): string {
  try {
    return inspect(value, { depth: 1, maxArrayLength: 5, maxStringLength: 60, breakLength: Infinity }).slice(0, 200);
  } catch {
    return `a ${typeof value}`;
  }
}

/** Throws InvalidArgumentError for what is no integer. */
export function wholeNumber(value: unknown, name: string): number {
  if (!Number.isInteger(value)) {
    throw new InvalidArgumentError(`${name} is ${shown(value)}; it must be an integer`);
  }
  return value as number;
}

/** Turns an error of the file system into ModelNotFoundError or LLModelIOError, which name the file. */
export function fileError(doing: string, path: string, error: unknown): LLModelError {
  const code = (error as NodeJS.ErrnoException).code;
  const type = code === "ENOENT" ? ModelNotFoundError : LLModelIOError;
  const why = error instanceof Error ? error.message : String(error);
  return new type(`${path}: ${doing}: ${why}`, { path, code }, { cause: error });
}
