/** What was downloaded: listing it, checking it, removing it. */

import { readdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, relative, sep } from "node:path";

import { InvalidArgumentError, ModelNotFoundError } from "../errors.js";
import { checkedPath } from "../json.js";
import { find, type CatalogueEntry } from "./catalogue.js";
import { fileDigest, lockedNow, onDisk, readJson, STATE, stateFile } from "./disk.js";
import { DownloadError } from "./errors.js";
import { findLocal, topFolders } from "./folders.js";
import { parse, splitNames } from "./names.js";
import { Reporter, type DownloadListener } from "./settings.js";

const STATE_SUFFIX = /(\.archive)?(\.part|\.part\.json|\.extracted|\.json|\.lock)(\.new)?$/;

/** A model's file in the cache. */
export interface CachedModel {
  /** The name that resolve() knows it by. */
  name: string;
  path: string;
  /** In bytes. */
  size: number;
  /** The hash recorded when it was downloaded, or else the catalogue's; undefined if neither is known. */
  sha256: string | undefined;
  /** Where it came from; undefined if it was not downloaded by GPT4All. */
  source: string | undefined;
  entry: CatalogueEntry | undefined;
}

/** The outcome of verify(): hashes in hexadecimal, of the kind that `algorithm` names. */
export interface Verification {
  path: string;
  /** Undefined if there is no known hash to compare the file with. */
  ok: boolean | undefined;
  algorithm: "sha256" | "md5";
  expected: string | undefined;
  found: string;
}

export interface VerifyOptions {
  folder?: string;
  onProgress?: DownloadListener;
  signal?: AbortSignal;
}

/** The models in `folder`, or by default in modelsFolder() and the folder of older releases, sorted by name. */
export async function listCached({ folder }: { folder?: string } = {}): Promise<CachedModel[]> {
  const found = new Map<string, CachedModel>();
  for (const top of topFolders(folder)) {
    for (const below of await foldersOf(top)) {
      for (const file of await names(below)) {
        const path = join(below, file);
        const model = found.has(path) ? undefined : await cached(path, relative(top, path).split(sep).join("/"));
        if (model) {
          found.set(path, model);
        }
      }
    }
  }
  const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other));
  return [...found.values()].sort((one, other) => compare(one.name.toLowerCase(), other.name.toLowerCase()));
}

async function cached(path: string, name: string): Promise<CachedModel | undefined> {
  const file = [".gguf", ".bin"].includes(extname(path)) ? await stat(path).catch(() => undefined) : undefined;
  if (!file?.isFile()) {
    return undefined;
  }
  const record = await recordOf(path);
  const entry = find(basename(path));
  return { name, path, size: file.size, sha256: record?.sha256 ?? entry?.sha256, source: record?.source, entry };
}

async function recordOf(path: string): Promise<{ sha256: string; source: string } | undefined> {
  const record = await readJson(stateFile(path, ".json"));
  const { sha256, source } = record ?? {};
  return typeof sha256 === "string" && typeof source === "string" ? { sha256, source } : undefined;
}

/**
 * Reads a model's whole file and compares its hash with the recorded one, or else with the catalogue's.
 *
 * Rejects with ModelNotFoundError if it is not on this machine, CancellationError.
 */
export async function verify(named: string, options: VerifyOptions = {}): Promise<Verification> {
  const path = local(named, options.folder);
  const [record, entry] = [await recordOf(path), find(basename(path))];
  const usesMd5 = !record && !entry?.sha256 && entry?.md5 !== undefined;
  const algorithm = usesMd5 ? "md5" : "sha256";
  const expected = record?.sha256 ?? (usesMd5 ? entry.md5 : entry?.sha256);
  const report = new Reporter(basename(path), options.onProgress, options.signal);
  const found = await fileDigest(path, algorithm, report).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) {
      throw error;
    }
    throw new DownloadError("folder", `${path} cannot be read: ${error.message}`, { path }, { cause: error });
  });
  return { path, ok: expected === undefined ? undefined : found === expected, algorithm, expected, found };
}

/**
 * Deletes a model from the cache, with everything that belongs to it and all parts of a split one. Returns the deleted
 * files.
 *
 * Rejects with ModelNotFoundError if it does not exist, InvalidArgumentError for a file that is not in the cache, and
 * DownloadError while it is being downloaded.
 */
export async function remove(named: string, { folder }: { folder?: string } = {}): Promise<string[]> {
  const path = local(named, folder);
  const tops = topFolders(folder);
  const places = await Promise.all(tops.map((top) => isBelow(path, top)));
  if (!places.includes(true)) {
    throw new InvalidArgumentError(`${path} is not in the cache (${tops[0]}), so it stays`, { path });
  }
  const removed: string[] = [];
  for (const name of splitNames(basename(path))) {
    const one = join(dirname(path), name);
    if ((await stat(one).catch(() => undefined))?.isFile()) {
      await removeOne(one);
      removed.push(one);
    }
  }
  return removed;
}

async function removeOne(path: string): Promise<void> {
  const work = () =>
    onDisk(path, async () => {
      await rm(path);
      for (const left of (await stateFiles(dirname(path))).get(basename(path)) ?? []) {
        await rm(left, { force: true });
      }
    });
  if (!(await lockedNow(path, work))) {
    throw new DownloadError("folder", `${path} is being downloaded; stop the download first`, { path });
  }
}

async function isBelow(path: string, folder: string): Promise<boolean> {
  try {
    const way = relative(await realpath(folder), await realpath(path));
    return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  } catch {
    return false;
  }
}

function local(named: string, folder: string | undefined): string {
  const { path, tried } = findLocal(named, parse(checkedPath(named)), folder);
  if (path === undefined) {
    throw new ModelNotFoundError(`there is no model "${named}" on this machine; looked in ${tried.join(", ")}`, {
      tried,
    });
  }
  return path;
}

/** The names in a folder, in order; none if it is not there. */
export async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

/** The files that downloads into a folder left, by the name of the model they are for. */
export async function stateFiles(folder: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const file of await names(join(folder, STATE))) {
    const name = file.replace(STATE_SUFFIX, "");
    if (name !== file) {
      found.set(name, [...(found.get(name) ?? []), join(folder, STATE, file)]);
    }
  }
  return found;
}

/** The folders that downloads put models in: the top one, and those below hf and url. */
export async function foldersOf(top: string): Promise<string[]> {
  const below = async (folder: string): Promise<string[]> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    const inner = (entries ?? []).filter((each) => each.isDirectory() && each.name !== STATE);
    const found = await Promise.all(inner.map(({ name }) => below(join(folder, name))));
    return entries ? [folder, ...found.flat()] : [];
  };
  return [top, ...(await below(join(top, "hf"))), ...(await below(join(top, "url")))];
}
