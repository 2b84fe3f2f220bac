/** Run language models on your own machine. */

export * from "./compat/index.js";
export {
  BusyError,
  CancellationError,
  ClosedError,
  ContextOverflowError,
  GrammarError,
  InternalError,
  InvalidArgumentError,
  InvalidModelError,
  LibraryNotFoundError,
  LLModelError,
  LLModelIOError,
  ModelNotFoundError,
  OutOfMemoryError,
  ResponseFormatError,
  SessionBusyError,
  TemplateError,
  ToolRoundsError,
  UnsupportedError,
  type Detail,
} from "./errors.js";
export { buildInfo, convert, devices, imatrix, inspect, quantize, schema } from "./files.js";
export { LogLevel, Status } from "./generated.js";
export type * as types from "./generated.js";
export { load, type LoadOptions } from "./load.js";
export { setLog, type LogListener } from "./log.js";
export type { LongCallOptions } from "./long-call.js";
export * as models from "./models/index.js";
export { Model, type OpenOptions, type Signalled } from "./model.js";
export type {
  ApplyTemplateOptions,
  ChatOptions,
  CompleteOptions,
  CountTokensOptions,
  DetokenizeOptions,
  EmbedOptions,
  InfillOptions,
  Messages,
  Prompt,
  RerankOptions,
  ScoreBatchOptions,
  ScoreInput,
  ScoreOptions,
  TokenizeOptions,
} from "./operations.js";
export type { ResponseFormatInput } from "./response-format.js";
export {
  ChatResult,
  Choice,
  Completion,
  type Embeddings,
  type LogprobRow,
  type Ranked,
  type Ranking,
  type Score,
  type ScoreBatch,
  type Scores,
} from "./results.js";
export type { Schema } from "./schema.js";
export { Session, type SessionOptions } from "./session.js";
export { Stream } from "./stream.js";
export { Task, type Event, type ToolResultEvent } from "./task.js";
export { ToolsResult, type ToolOutcome } from "./tool-loop.js";
export { FunctionTool, tool, type ToolContext, type ToolDefinition, type Tools } from "./tools.js";
