/** Open models for Vercel's AI SDK, the package `ai`. */

export { embeddingModel } from "./embedding-model.js";
export { languageModel, type LanguageModelSettings } from "./language-model.js";
