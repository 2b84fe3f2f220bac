/** Finding and downloading models as the old package did. */

import { existsSync, mkdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve as absolute } from "node:path";

import { InvalidArgumentError, ModelNotFoundError } from "../errors.js";
import { checkedPath } from "../json.js";
import { download, find, resolve } from "../models/index.js";
import { safeFileName } from "../models/names.js";
import { DEFAULT_DIRECTORY, DEFAULT_MODEL_CONFIG, DEFAULT_MODEL_URL, rowOf, rows, type ModelConfig } from "./config.js";

export interface ListModelsOptions {
  /** An address to fetch the list from, instead of taking the catalogue. */
  url?: string | undefined;
  /** A local file with the list, instead. */
  file?: string | undefined;
}

export interface RetrieveModelOptions {
  /** The folder for models, made if it is missing. Default: DEFAULT_DIRECTORY. */
  modelPath?: string | undefined;
  allowDownload?: boolean | undefined;
  /** Whether to tell on the console which file was found. */
  verbose?: boolean | undefined;
  /** A local models3.json, whose rows precede the catalogue's. */
  modelConfigFile?: string | undefined;
}

export interface DownloadModelOptions {
  /** The folder, made if it is missing. Default: DEFAULT_DIRECTORY. */
  modelPath?: string | undefined;
  verbose?: boolean | undefined;
  /** Default: the catalogue's sources, or else where the old package had every model. */
  url?: string | undefined;
  /** The file gets its name only if it has this hash. Not needed if the catalogue knows it. */
  md5sum?: string | undefined;
}

export interface DownloadController {
  /** Ends the download: the promise rejects with CancellationError. The next one resumes from there. */
  cancel(): void;
  /** The file's path. */
  promise: Promise<string>;
}

/** The models that there are, as rows like the old list's. Without options, needs no network. */
export async function listModels({ url, file }: ListModelsOptions = {}): Promise<ModelConfig[]> {
  if (file !== undefined) {
    return rowsOf(await readFile(checkedPath(file), "utf8"), file);
  }
  if (url === undefined) {
    return rows();
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new ModelNotFoundError(`${url} was answered with the status ${response.status}`, { url });
  }
  return rowsOf(await response.text(), url);
}

function rowsOf(text: string, place: string): ModelConfig[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    // told below
  }
  if (!Array.isArray(list) || !list.every((row) => row !== null && typeof row === "object")) {
    throw new InvalidArgumentError(`${place} is not a list of models: a JSON array of objects`, { path: place });
  }
  return list as ModelConfig[];
}

function withExtension(name: string): string {
  return /\.(bin|gguf)$/.test(name) ? name : `${name}.gguf`;
}

function made(folder: string | undefined): string {
  const path = absolute(folder === undefined ? DEFAULT_DIRECTORY : checkedPath(folder));
  mkdirSync(path, { recursive: true });
  return path;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Finds a model's file, or downloads it, and returns what is known of it, with the file's "path".
 *
 * Rejects with ModelNotFoundError for a file that is not there and may not be downloaded, DownloadError.
 */
export async function retrieveModel(modelName: string, options: RetrieveModelOptions = {}): Promise<ModelConfig> {
  const { modelPath, allowDownload = true, verbose = false, modelConfigFile } = options;
  const named = checkedPath(modelName);
  const isAddress = named.includes("://");
  const entry = find(named);
  const own = modelConfigFile === undefined ? [] : await listModels({ file: modelConfigFile });
  const name = isAddress ? named : (entry?.file ?? withExtension(named));
  const row = own.find(({ filename }) => filename === name) ?? (entry && rowOf(entry));
  const config: ModelConfig = { ...DEFAULT_MODEL_CONFIG, ...row };
  const folder = made(modelPath);
  const place = isAddress ? "" : absolute(folder, name);
  if (place && isFile(place)) {
    config.path = place;
  } else if (modelPath === undefined || isAddress) {
    config.path = await anywhere(named, modelPath && folder, allowDownload);
  }
  if (config.path === undefined) {
    if (!allowDownload) {
      throw new ModelNotFoundError(`there is no model ${place}; allowDownload: true would download it`, {
        path: place,
      });
    }
    if (!row && verbose) {
      console.warn(`"${name}" is not in the list of models`);
    }
    const url = own.includes(row as ModelConfig) ? row?.url : undefined;
    config.path = await downloadModel(name, { modelPath: folder, verbose, url, md5sum: url && row?.md5sum }).promise;
  } else if (verbose) {
    console.debug(`Found ${name} at ${config.path}`);
  }
  return config;
}

/** Where the new functions find it, too, or download it to; undefined if it is only to be had as before. */
async function anywhere(named: string, folder: string | undefined, allowed: boolean): Promise<string | undefined> {
  const isKnown = named.includes("://") || find(named) !== undefined;
  try {
    return await resolve(named, { ...(folder ? { folder } : {}), allowDownload: allowed && isKnown });
  } catch (error) {
    if (error instanceof ModelNotFoundError && allowed && !isKnown) {
      return undefined;
    }
    throw error;
  }
}

/** Begins to download a model. Throws InvalidArgumentError if its file exists. */
export function downloadModel(modelName: string, options: DownloadModelOptions = {}): DownloadController {
  const { modelPath, verbose = false, url, md5sum } = options;
  const entry = url === undefined ? find(modelName) : undefined;
  const name = safeFileName(entry?.file ?? withExtension(checkedPath(modelName)));
  const path = join(made(modelPath), name);
  if (existsSync(path)) {
    throw new InvalidArgumentError(`Model already exists at ${path}`, { path });
  }
  const controller = new AbortController();
  const address = url ?? entry?.file ?? DEFAULT_MODEL_URL + encodeURIComponent(name);
  if (verbose) {
    console.debug(`Downloading ${name} to ${path}`);
  }
  const promise = download(address, path, { signal: controller.signal, ...(md5sum ? { md5: md5sum } : {}) });
  return { cancel: () => controller.abort(), promise };
}
