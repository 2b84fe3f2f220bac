/** Opening a model as the old package did. */

import { basename } from "node:path";

import { InvalidArgumentError } from "../errors.js";
import { devices } from "../files.js";
import type { DevicesResultDevice } from "../generated.js";
import { Model, type OpenOptions } from "../model.js";
import { EmbeddingModel } from "./embedding-model.js";
import { InferenceModel } from "./inference-model.js";
import { retrieveModel, type RetrieveModelOptions } from "./retrieve.js";

export interface LoadModelOptions extends RetrieveModelOptions {
  /** Default: "inference". */
  type?: "inference" | "embedding" | undefined;
  /** "cpu", which is the default, "gpu", "amd", "nvidia", "intel", or a GPU's name. Without such a GPU: the CPU. */
  device?: string | undefined;
  /** Context in tokens. Default: 2048. */
  nCtx?: number | undefined;
  /** Layers on the GPU. Default: 100, which is all. */
  ngl?: number | undefined;
  /** Has no effect: the library comes with the package, or from $GPT4ALL_LIBRARY. */
  librariesPath?: string | undefined;
}

export type InferenceModelOptions = LoadModelOptions & { type?: "inference" | undefined };
export type EmbeddingModelOptions = LoadModelOptions & { type: "embedding" };

/** What a GPU's description may have instead of its vendor's name. */
const MARKS: Record<string, RegExp> = {
  nvidia: /nvidia|geforce|tesla|quadro/i,
  amd: /amd|radeon/i,
  intel: /intel|arc\(tm\)|iris/i,
};

function fits(wanted: string, { name, description }: DevicesResultDevice): boolean {
  const names = [name.toLowerCase(), description.toLowerCase()];
  return wanted === "gpu" || (MARKS[wanted]?.test(`${description} ${name}`) ?? names.includes(wanted.toLowerCase()));
}

async function deviceOption(wanted: string): Promise<string> {
  if (wanted === "cpu") {
    return "cpu";
  }
  const gpus = (await devices()).devices.filter(({ type }) => type === "gpu" || type === "igpu");
  const found = gpus.find((each) => fits(wanted, each));
  if (!found) {
    const there = gpus.map(({ description }) => description).join(", ") || "none";
    console.warn(`WARNING: Failed to init GPU "${wanted}": this machine has ${there}. The CPU is used.`);
  }
  return found?.name ?? "cpu";
}

/**
 * Finds a model, or downloads it, and opens it.
 *
 * Rejects with InvalidArgumentError for another type, ModelNotFoundError, DownloadError, InvalidModelError,
 * OutOfMemoryError.
 */
export async function loadModel(modelName: string, options: EmbeddingModelOptions): Promise<EmbeddingModel>;
export async function loadModel(modelName: string, options?: InferenceModelOptions): Promise<InferenceModel>;
export async function loadModel(
  modelName: string,
  options?: LoadModelOptions,
): Promise<InferenceModel | EmbeddingModel>;
export async function loadModel(
  modelName: string,
  options: LoadModelOptions = {},
): Promise<InferenceModel | EmbeddingModel> {
  const { type = "inference", device = "cpu", nCtx = 2048, ngl = 100, verbose, ...retrieving } = options;
  if (type !== "inference" && type !== "embedding") {
    throw new InvalidArgumentError(`Invalid model type: ${String(type)}`);
  }
  const config = await retrieveModel(modelName, { ...retrieving, verbose });
  const path = config.path as string;
  const open: OpenOptions = {
    n_ctx: nCtx,
    n_gpu_layers: ngl >= 100 ? -1 : ngl,
    device: await deviceOption(device),
    ...(config.chatTemplate ? { chat_template: config.chatTemplate } : {}),
  };
  let llm = await Model.open(path, open);
  const info = await llm.info();
  if (verbose) {
    console.debug(`Opened ${path}`, info.opened);
  }
  if (type === "inference") {
    const hasTemplate = Boolean(config.chatTemplate ?? info.chat_template);
    return new InferenceModel(llm, { filename: basename(path), ...config }, hasTemplate);
  }
  const trained = info.n_ctx_train ?? nCtx;
  if (trained > 0 && trained < nCtx) {
    await llm.close(); // an encoder has no positions beyond what it was trained for
    llm = await Model.open(path, { ...open, n_ctx: trained });
  }
  return new EmbeddingModel(llm, { filename: basename(path), ...config });
}
