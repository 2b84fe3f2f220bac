/** What the old package knew of models: the rows of its list, and its defaults. */

import { catalogue, file, type CatalogueEntry, type Source } from "../models/catalogue.js";
import { cacheFolder } from "../models/folders.js";

/** A row of the model list: what is known of a model. */
export interface ModelConfig {
  name?: string;
  filename?: string;
  /** In bytes, as text. */
  filesize?: string;
  /** In GiB, as text. */
  ramrequired?: string;
  parameters?: string;
  quant?: string;
  type?: string;
  description?: string;
  url?: string;
  md5sum?: string;
  sha256sum?: string;
  /** How a turn is written where the model's file has no template: "%1" stands for the prompt, "%2" for the reply. */
  promptTemplate: string;
  systemPrompt: string;
  systemMessage?: string;
  /** A Jinja template, where the file has none, or a bad one. */
  chatTemplate?: string;
  embeddingModel?: boolean;
  /** The model's file. */
  path?: string;
  [key: string]: unknown;
}

/** Where models are looked for and downloaded to: $GPT4ALL_CACHE, or ~/.cache/gpt4all. */
export const DEFAULT_DIRECTORY = cacheFolder();

/** The list of models that the old package fetched; listModels() takes it from the catalogue in the package. */
export const DEFAULT_MODEL_LIST_URL = "https://gpt4all.io/models/models3.json";

/** Where the old package's models came from that no list has. */
export const DEFAULT_MODEL_URL = "https://gpt4all.io/models/gguf/";

export const DEFAULT_MODEL_CONFIG = {
  systemPrompt: "",
  promptTemplate: "### Human:\n%1\n\n### Assistant:\n",
} as const;

/** How completions are sampled unless they say otherwise. */
export const DEFAULT_PROMPT_CONTEXT = {
  temp: 0.1,
  topK: 40,
  topP: 0.9,
  minP: 0.0,
  repeatPenalty: 1.18,
  repeatLastN: 10,
  nBatch: 100,
} as const;

/** An entry of the catalogue with the keys and the text values that the old list's rows had. */
export function rowOf(entry: CatalogueEntry): ModelConfig {
  const { legacy = {}, sources } = entry;
  const template = entry.chat_template && file().chat_templates[entry.chat_template];
  const optional = {
    sha256sum: entry.sha256,
    md5sum: entry.md5,
    systemMessage: entry.system_message,
    chatTemplate: template,
    url: sources.map(addressOf).find((url) => url !== undefined),
    embeddingModel: entry.kind === "embedding" || undefined,
  };
  return {
    name: entry.name,
    filename: entry.file,
    filesize: String(entry.size),
    ramrequired: String(entry.ram_gb),
    parameters: inWords(entry.parameters),
    quant: entry.quantization.toLowerCase(),
    type: entry.architecture,
    description: entry.description,
    systemPrompt: legacy.system_prompt ?? DEFAULT_MODEL_CONFIG.systemPrompt,
    promptTemplate: legacy.prompt_template ?? DEFAULT_MODEL_CONFIG.promptTemplate,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** Every model of the catalogue. */
export function rows(): ModelConfig[] {
  return catalogue().map(rowOf);
}

function addressOf(source: Source): string | undefined {
  if (source.type === "huggingface") {
    return `https://huggingface.co/${source.repo}/resolve/${source.revision ?? "main"}/${source.file}`;
  }
  return source.type === "https" ? source.url : undefined;
}

function inWords(count: number): string {
  return count >= 1e9 ? `${Math.round(count / 1e8) / 10} billion` : `${Math.round(count / 1e6)} million`;
}
