/** The old package's functions, over the new ones. */

export type { InferenceResult } from "./answer.js";
export { ChatSession, type ChatSessionOptions } from "./chat-session.js";
export {
  createCompletion,
  createCompletionGenerator,
  createCompletionStream,
  type CompletionChoice,
  type CompletionProvider,
  type CompletionResult,
  type CompletionStreamReturn,
} from "./completion.js";
export {
  DEFAULT_DIRECTORY,
  DEFAULT_MODEL_CONFIG,
  DEFAULT_MODEL_LIST_URL,
  DEFAULT_PROMPT_CONTEXT,
  type ModelConfig,
} from "./config.js";
export { createEmbedding, EmbeddingModel, type EmbeddingOptions, type EmbeddingResult } from "./embedding-model.js";
export { InferenceModel } from "./inference-model.js";
export { loadModel, type InferenceModelOptions, type EmbeddingModelOptions, type LoadModelOptions } from "./load.js";
export type {
  ChatMessage,
  CompletionInput,
  CompletionOptions,
  LLModelPromptContext,
  PromptTokenCallback,
  ResponseTokenCallback,
} from "./options.js";
export {
  downloadModel,
  listModels,
  retrieveModel,
  type DownloadController,
  type DownloadModelOptions,
  type ListModelsOptions,
  type RetrieveModelOptions,
} from "./retrieve.js";
