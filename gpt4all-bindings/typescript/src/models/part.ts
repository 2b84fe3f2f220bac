/** The part of a file that has come so far, and what it is a part of. */

import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, stat, writeFile, type FileHandle } from "node:fs/promises";

import { onDisk, readJson, stateFile, writeJson } from "./disk.js";
import type { Reporter } from "./settings.js";

/** What is known of a file that is to come. key: where it is from. etag: a strong one, with its quotes. */
export interface Identity {
  key: string;
  size: number | null;
  etag: string | null;
  last_modified: string | null;
  sha256: string | null;
}

/**
 * Whether bytes of the one may be followed by bytes of the other. If both hashes are known they decide, wherever the
 * bytes are from. Otherwise the place must be the same, and something that changes with the content.
 */
export function mayContinue(one: Identity, other: Identity): boolean {
  if (one.size !== null && other.size !== null && one.size !== other.size) {
    return false;
  }
  if (one.sha256 && other.sha256) {
    return one.sha256 === other.sha256;
  }
  if (one.key !== other.key) {
    return false;
  }
  if (one.etag || other.etag) {
    return one.etag === other.etag;
  }
  return one.last_modified !== null && one.last_modified === other.last_modified;
}

type Digests = { sha256: Hash; md5?: Hash };

/** The .part file of a download and, beside it, the .part.json with its Identity. Used under the download's lock. */
export class Part {
  readonly path: string;
  readonly #state: string;
  #digests: Digests;
  #hashed = 0;

  constructor(
    target: string,
    private readonly withMd5: boolean,
  ) {
    this.path = stateFile(target, ".part");
    this.#state = stateFile(target, ".part.json");
    this.#digests = this.#newDigests();
  }

  #newDigests(): Digests {
    return { sha256: createHash("sha256"), ...(this.withMd5 ? { md5: createHash("md5") } : {}) };
  }

  #restart(): void {
    this.#digests = this.#newDigests();
    this.#hashed = 0;
  }

  /** Bytes that are there; 0 if it is not known what they belong to. */
  async length(): Promise<number> {
    if (!(await this.identity())) {
      return 0;
    }
    const found = await stat(this.path).catch(() => undefined);
    return found?.size ?? 0;
  }

  /** What the bytes are a part of. */
  async identity(): Promise<Identity | undefined> {
    const saved = await readJson(this.#state);
    if (typeof saved?.["key"] !== "string") {
      return undefined;
    }
    const empty = { size: null, etag: null, last_modified: null, sha256: null };
    return { ...empty, ...(saved as unknown as Identity) };
  }

  /** Makes it empty, to become a part of `identity`. */
  async start(identity: Identity): Promise<void> {
    await onDisk(this.path, async () => {
      // Emptied first, so that whenever the process is killed no bytes lie beside a description of other ones.
      await writeFile(this.path, "");
      await writeJson(this.#state, identity);
    });
    this.#restart();
  }

  /** Notes what an answer said about the file that these bytes are from. */
  async learn(identity: Identity): Promise<void> {
    await onDisk(this.path, () => writeJson(this.#state, identity));
  }

  /** Deletes it. */
  async remove(): Promise<void> {
    await onDisk(this.path, async () => {
      await rm(this.#state, { force: true });
      await rm(this.path, { force: true });
    });
    this.#restart();
  }

  /** Opens it to write on at its end. */
  appending(): Promise<FileHandle> {
    return onDisk(this.path, () => open(this.path, "a"));
  }

  /** Adds a block. Throws DownloadError; only blocks that were written whole are counted and hashed. */
  async write(file: FileHandle, block: Buffer): Promise<void> {
    await onDisk(this.path, async () => {
      for (let done = 0; done < block.length;) {
        done += (await file.write(block, done)).bytesWritten;
      }
    });
    this.#add(block);
  }

  #add(block: Buffer): void {
    this.#digests.sha256.update(block);
    this.#digests.md5?.update(block);
    this.#hashed += block.length;
  }

  /** Hashes the bytes that an earlier process left. */
  async catchUp(report: Reporter): Promise<void> {
    const total = await this.length();
    if (this.#hashed > total) {
      this.#restart();
    }
    if (this.#hashed < total) {
      const left = createReadStream(this.path, { start: this.#hashed, highWaterMark: 1 << 20 });
      for await (const block of left as AsyncIterable<Buffer>) {
        this.#add(block);
        report.report("checking", this.#hashed, total);
      }
    }
  }

  /** The hashes of all bytes, in hexadecimal. */
  async digests(report: Reporter): Promise<{ sha256: string; md5?: string }> {
    await this.catchUp(report);
    const { sha256, md5 } = this.#digests;
    return { sha256: sha256.copy().digest("hex"), ...(md5 ? { md5: md5.copy().digest("hex") } : {}) };
  }
}
