/** Models by name: the catalogue, downloads, and the cache they go into. */

import { basename, join } from "node:path";

import { ModelNotFoundError } from "../errors.js";
import { checkedPath } from "../json.js";
import { catalogue, file, find } from "./catalogue.js";
import { didYouMean } from "./did-you-mean.js";
import { get, wantedOf } from "./download.js";
import { findLocal, isFolder, modelsFolder } from "./folders.js";
import { ofEntry, parse, parts, safeFileName, type Reference } from "./names.js";
import { Reporter, settingsOf, type DownloadListener, type DownloadSettings } from "./settings.js";

export { listCached, remove, verify, type CachedModel, type Verification, type VerifyOptions } from "./cache.js";
export type { CatalogueEntry, HTTPSSource, HuggingFaceSource, PyPISource, Source } from "./catalogue.js";
export { DownloadError, InsecureURLError, InvalidNameError, OfflineError, type DownloadErrorKind } from "./errors.js";
export { cacheFolder, modelsFolder } from "./folders.js";
export { prune, type Pruned, type PruneOptions } from "./prune.js";
export type { DownloadListener, DownloadProgress, DownloadSettings } from "./settings.js";
export { catalogue, find, ofEntry };

/** How a model is fetched. */
export interface PullOptions {
  /** Where to look first and to put it, created if needed; modelsFolder() by default. */
  folder?: string;
  /** Download it even if it exists. */
  force?: boolean;
  /** What the file must have, in hexadecimal. */
  sha256?: string;
  /** Never use the network. Without it, as $GPT4ALL_OFFLINE and $HF_HUB_OFFLINE say. */
  offline?: boolean;
  onDownload?: DownloadListener;
  /** Ends the download with CancellationError. What has come is kept, and the next call resumes from there. */
  signal?: AbortSignal;
  settings?: Partial<DownloadSettings>;
}

/** The model that the catalogue has for whoever names none. */
export function defaultModel(): string {
  return file().default;
}

function chosen({ offline, settings }: PullOptions): DownloadSettings {
  return settingsOf(offline === undefined ? settings : { ...settings, offline });
}

async function pullReference(reference: Reference, options: PullOptions): Promise<string> {
  const settings = chosen(options);
  const paths: string[] = [];
  for (const part of parts(reference)) {
    const path = join(options.folder ?? modelsFolder(), part.relative);
    const report = new Reporter(basename(path), options.onDownload, options.signal);
    await get(part, wantedOf(path, part.entry, options), settings, report, options.force ?? false);
    paths.push(path);
  }
  return paths[0] as string;
}

/**
 * Downloads a model, unless a valid file of it exists, and returns its path: a name from the catalogue,
 * hf://owner/repo/file[@revision] or an https:// address. Safe to call from several processes at once: one downloads and
 * the others wait.
 *
 * Rejects with ModelNotFoundError if there is no such name, OfflineError, InvalidNameError, InsecureURLError,
 * DownloadError; UnsupportedError for what only the Python binding can fetch.
 */
export async function pull(named: string, options: PullOptions = {}): Promise<string> {
  const reference = parse(checkedPath(named));
  if (!reference) {
    throw new ModelNotFoundError(notFound(named, [], undefined));
  }
  return await pullReference(reference, options);
}

/**
 * The file of the model that `named` stands for: a path; the name of a file in the cache, with or without ".gguf"; or
 * what pull() takes, which downloads it if it is not on this machine, unless `allowDownload` is false.
 */
export async function resolve(named: string, options: PullOptions & { allowDownload?: boolean } = {}): Promise<string> {
  const reference = parse(checkedPath(named));
  const { path, tried } = findLocal(named, reference, options.folder);
  if (path !== undefined) {
    return path;
  }
  if (reference && options.allowDownload !== false) {
    return await pullReference(reference, options);
  }
  throw new ModelNotFoundError(notFound(named, tried, reference), { tried });
}

/**
 * Downloads one file to a path of your choice, unless a valid file exists there, and returns the path. `address` is as
 * for pull(); size, sha256 and md5 are checked before the file gets its name.
 */
export async function download(
  address: string | readonly string[],
  path: string,
  options: PullOptions & { size?: number; md5?: string } = {},
): Promise<string> {
  const [first, ...others] = typeof address === "string" ? [address] : address;
  const reference = parse(checkedPath(first));
  if (!reference) {
    throw new ModelNotFoundError(notFound(String(first), [], undefined));
  }
  const sources = [reference, ...others.flatMap((each) => parse(each) ?? [])].flatMap((each) => each.sources);
  safeFileName(basename(checkedPath(path)));
  const report = new Reporter(basename(path), options.onDownload, options.signal);
  const wanted = wantedOf(path, reference.entry, options);
  await get({ ...reference, sources }, wanted, chosen(options), report, options.force ?? false);
  return path;
}

function notFound(text: string, tried: string[], reference: Reference | undefined): string {
  const looked = tried.length > 0 ? `; looked in ${tried.join(", ")}` : "";
  if (reference) {
    return `"${text}" is not on this machine, and may not be downloaded${looked}`;
  }
  const advice = isFolder(text)
    ? ". This is a folder: name the .gguf file in it, or make one of a folder of Hugging Face's with GPT4All for " +
      "Python: `pip install gpt4all` and `gpt4all convert`"
    : didYouMean(text);
  return `there is no model "${text}"${looked}${advice}`;
}
