/** Files and folders as downloads need them: a folder for state, whole writes, a lock, typed errors. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename as renameFile, rm, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { LLModelError } from "../errors.js";
import { nativeAddon } from "../native.js";
import { DownloadError } from "./errors.js";
import type { Reporter } from "./settings.js";

export const STATE = ".gpt4all"; // the folder beside the models that holds what downloads need

const FULL: Record<string, string> = {
  ENOSPC: "the disk is full; free some space and try again",
  EDQUOT: "your quota is used up; free some space and try again",
  EFBIG: "its file system, or a limit on your account, does not allow files of this size",
};

/** A file that the download of `path` needs, such as its ".part". */
export function stateFile(path: string, suffix: string): string {
  return join(dirname(path), STATE, basename(path) + suffix);
}

/** Turns errors of the file system into DownloadError. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LLModelError) {
      throw error;
    }
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const why = error instanceof Error ? error.message : String(error);
    const full = FULL[code];
    const reason = full ?? `${why}; choose another folder with $GPT4ALL_CACHE or folder`;
    throw new DownloadError(
      full ? "disk_full" : "folder",
      `${path} cannot be written: ${reason}`,
      { path, code },
      {
        cause: error,
      },
    );
  }
}

function inWords(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(1)} GB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** Throws DownloadError if the disk of `folder` has less than `needed` bytes free. */
export async function checkSpace(folder: string, needed: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < needed) {
    const advice = "free some, or choose another folder";
    throw new DownloadError(
      "disk_full",
      `${what} needs ${inWords(needed)} but ${folder} has ${inWords(free)} free; ${advice}`,
      { needed_bytes: needed, free_bytes: free, path: folder },
    );
  }
}

/** The hash of a file's content, in hexadecimal. */
export async function fileDigest(path: string, algorithm: string, report: Reporter): Promise<string> {
  const digest = createHash(algorithm);
  let done = 0;
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    digest.update(block);
    done += block.length;
    report.report("verifying", done, undefined);
  }
  return digest.digest("hex");
}

/** Gives a finished file its name, replacing what has it, so that it survives a power cut. */
export async function rename(source: string, target: string): Promise<void> {
  await renameFile(source, target);
  if (process.platform !== "win32") {
    const folder = await open(dirname(target), "r");
    await folder.sync().finally(() => folder.close());
  }
}

/** Writes a small file, whole or not at all. Only under the download's lock, so that one name for it will do. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(JSON.stringify(value, null, 1));
      await file.sync();
    } finally {
      await file.close();
    }
    await renameFile(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Reads such a file; what is missing or damaged counts as nothing. */
export async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the lock of the download of `path`, whose folder is made; null while somebody else has it. */
function takeLock(path: string): Promise<number | null> {
  const name = stateFile(path, ".lock");
  return onDisk(path, async () => {
    await mkdir(dirname(name), { recursive: true });
    return nativeAddon().lockFile(name);
  });
}

/** Does `work` under the lock of the download of `path`, whose folder is made. Waits while another process has it. */
export async function locked<T>(path: string, report: Reporter, work: () => Promise<T>): Promise<T> {
  let descriptor = await takeLock(path);
  while (descriptor === null) {
    await report.sleep(0.1, "waiting", 0);
    descriptor = await takeLock(path);
  }
  try {
    return await work();
  } finally {
    nativeAddon().unlockFile(descriptor);
  }
}

/** The same, but does not wait. Whether it was done. */
export async function lockedNow(path: string, work: () => Promise<void>): Promise<boolean> {
  const descriptor = await takeLock(path);
  if (descriptor === null) {
    return false;
  }
  try {
    await work();
  } finally {
    nativeAddon().unlockFile(descriptor);
  }
  return true;
}
