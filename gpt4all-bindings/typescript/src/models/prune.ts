/** Clearing away what downloads left behind, and what the engine kept for models that are no longer used. */

import { rm, rmdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { InvalidArgumentError, LLModelError, shown } from "../errors.js";
import { foldersOf, names, stateFiles } from "./cache.js";
import { lockedNow, readJson, STATE, stateFile } from "./disk.js";
import { cacheFolder, topFolders } from "./folders.js";

const STALE_SECONDS = 7 * 24 * 3600;

/** What prune() removed, and how many bytes that freed. */
export interface Pruned {
  paths: string[];
  freedBytes: number;
}

export interface PruneOptions {
  folder?: string;
  /** Default: a week. */
  olderThanSeconds?: number;
}

/**
 * Deletes leftovers of downloads that have not been touched for that long: partial files, locks, records of deleted
 * files, and folders that this leaves empty. Running downloads are left alone. If no folder is given, translations of
 * model files that were deleted or changed are deleted too, and rearranged weights of models that were not opened for
 * that long.
 */
export async function prune({ folder, olderThanSeconds = STALE_SECONDS }: PruneOptions = {}): Promise<Pruned> {
  if (typeof olderThanSeconds !== "number" || Number.isNaN(olderThanSeconds)) {
    throw new InvalidArgumentError(`olderThanSeconds must be a number, not ${shown(olderThanSeconds)}`);
  }
  const pruned: Pruned = { paths: [], freedBytes: 0 };
  const before = Date.now() - olderThanSeconds * 1000;
  const tops = topFolders(folder);
  for (const below of (await Promise.all(tops.map(foldersOf))).flat()) {
    for (const [name, files] of await stateFiles(below)) {
      await pruneOne(pruned, join(below, name), files, before);
    }
    for (const path of await olderFiles(below, before, /\.gguf\.part$/)) {
      await unlink(pruned, path); // of older releases
    }
  }
  if (folder === undefined) {
    const translations = await staleTranslations(join(cacheFolder(), "translated"), before);
    const panels = await unusedPanels(join(cacheFolder(), "panels"), before);
    for (const path of [...translations, ...panels]) {
      await unlink(pruned, path);
    }
  }
  for (const top of tops) {
    for (const below of (await foldersOf(top)).reverse()) {
      await removeIfEmpty(join(below, STATE));
      if (below !== top) {
        await removeIfEmpty(below);
      }
    }
  }
  return pruned;
}

/** Deletes what is left of one download, unless it is young, or running. */
async function pruneOne(pruned: Pruned, target: string, files: string[], before: number): Promise<void> {
  const isThere = (await stat(target).catch(() => undefined)) !== undefined;
  const left = files.filter((path) => !isThere || path !== stateFile(target, ".json"));
  const old = await Promise.all(left.map((path) => isOlder(path, before)));
  if (left.length === 0 || old.includes(false)) {
    return;
  }
  const lock = stateFile(target, ".lock");
  try {
    await lockedNow(target, async () => {
      for (const path of left) {
        await unlink(pruned, path);
      }
      if (!files.includes(lock)) {
        await rm(lock, { force: true }); // made for this
      }
    });
  } catch (error) {
    if (!(error instanceof LLModelError)) {
      throw error;
    } // a folder that cannot be written
  }
}

/** Deletes a file; one that cannot be deleted stays. */
async function unlink(pruned: Pruned, path: string): Promise<void> {
  try {
    const { size } = await stat(path);
    await rm(path);
    pruned.paths.push(path);
    pruned.freedBytes += size;
  } catch {
    // gone, or not to be deleted
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}

async function isOlder(path: string, before: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.mtimeMs < before;
}

/** The files in a folder whose names match, and that were last touched before then. */
async function olderFiles(folder: string, before: number, pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const name of await names(folder)) {
    const path = join(folder, name);
    if (pattern.test(name) && (await isOlder(path, before))) {
      found.push(path);
    }
  }
  return found;
}

/**
 * The files that nothing needs: translations of files that are gone or changed, their records and locks, and what was
 * half done. What was made after `before` is left alone.
 */
async function staleTranslations(folder: string, before: number): Promise<string[]> {
  const stale: string[] = [];
  const needed = new Set<unknown>();
  const files = (await names(folder)).map((name) => join(folder, name));
  for (const record of files.filter((path) => path.endsWith(".json"))) {
    const content = await readJson(record);
    if ((await isAlive(content?.["files"])) || !(await isOlder(record, before))) {
      needed.add(content?.["translation"]);
      continue;
    }
    const lock = record.replace(/\.json$/, ".lock");
    stale.push(record, ...files.filter((path) => path === lock));
  }
  const left = await olderFiles(folder, before, /\.(gguf|part)$/);
  return [...stale, ...left.filter((path) => !needed.has(basename(path)))];
}

/**
 * The files of weights rearranged for the CPU that were not used since `before`: the library takes the time of each use.
 * One that is in use may go; whoever has it keeps it in memory.
 */
function unusedPanels(folder: string, before: number): Promise<string[]> {
  return olderFiles(folder, before, /\.(panels|part)$/);
}

/** Whether the files of a record are those that were translated. */
async function isAlive(files: unknown): Promise<boolean> {
  if (!Array.isArray(files) || files.length === 0) {
    return false;
  }
  const same = files.map(async (noted: Record<string, unknown>) => {
    const found = await stat(String(noted["path"]), { bigint: true }).catch(() => undefined);
    const { device, inode, size, modified_ns: modified } = noted;
    // The numbers of a record were read as floating point: these are rounded in the same way.
    const now = found && [found.dev, found.ino, found.size, found.mtimeNs].map(Number);
    return now?.every((value, place) => value === [device, inode, size, modified][place]) ?? false;
  });
  return !(await Promise.all(same)).includes(false);
}
