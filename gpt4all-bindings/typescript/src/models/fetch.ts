/** Fetching one file from one address into its .part, through whatever the network does to it, and checking it. */

import { basename, dirname } from "node:path";

import { checkSpace, onDisk } from "./disk.js";
import { DownloadError } from "./errors.js";
import { header, redacted, type Client, type Response, type Secret } from "./http.js";
import { mayContinue, Part, type Identity } from "./part.js";
import type { DownloadSettings, Reporter } from "./settings.js";

const ENOUGH_PROGRESS = 64 << 10; // bytes that an attempt must bring for the count of failed ones to start again
const FEW_RETRIES = 2; // for servers that contradict themselves, or are not there

/** Where a file is, and what is known of it beforehand. learn: reads more out of an answer. */
export interface Address {
  url: string;
  identity: Identity;
  secret?: Secret | undefined;
  learn?: (known: Identity, response: Response) => Identity;
}

/** What every file of one download shares. */
export interface Transfer {
  target: string;
  client: Client;
  settings: DownloadSettings;
  report: Reporter;
  md5: string | undefined;
}

/** One run of fetching one address. run() leaves a complete .part, whose hash is still to be checked. */
class Fetch {
  identity: Identity;
  /** Whether bytes were kept that an earlier answer had sent. */
  continued = false;
  #ranges = true;

  constructor(
    private readonly transfer: Transfer,
    private readonly address: Address,
    private readonly part: Part,
  ) {
    this.identity = address.identity;
  }

  /** Brings the part to its full length. Throws DownloadError; what has come by then stays. */
  async run(): Promise<void> {
    let failures = 0;
    let furthest = 0;
    for (;;) {
      try {
        await this.#try();
        return;
      } catch (error) {
        if (!(error instanceof DownloadError) || ["disk_full", "folder", "checksum", "redirect"].includes(error.kind)) {
          throw error;
        }
        failures += 1;
        const length = await this.part.length();
        if (length >= furthest + ENOUGH_PROGRESS) {
          furthest = length;
          failures = 1;
        }
        await this.#wait(error, failures, length);
      }
    }
  }

  async #wait(error: DownloadError, failures: number, length: number): Promise<void> {
    const { settings, report } = this.transfer;
    const asked = error.retryAfterSeconds;
    if (error.kind === "http_status" && asked === undefined) {
      throw error; // 404 and the like stay as they are
    }
    if (error.kind === "protocol") {
      this.#ranges &&= failures < FEW_RETRIES;
    }
    const few = error.kind === "protocol" || error.kind === "unreachable";
    const limit = few ? Math.min(settings.retries, FEW_RETRIES) : settings.retries;
    const backoff = settings.backoffSeconds * 2 ** (failures - 1) * (0.5 + Math.random() / 2);
    const pause = Math.max(Math.min(backoff, settings.longestWaitSeconds), asked ?? 0);
    if (failures > limit || pause > settings.longestWaitSeconds) {
      throw error;
    }
    await report.sleep(pause, "downloading", length, this.identity.size ?? undefined);
  }

  /** One request, after which the file is complete. */
  async #try(): Promise<void> {
    const start = await this.#start();
    if (start > 0 && start === this.identity.size) {
      return;
    }
    const response = await this.transfer.client.get(this.address.url, await this.#headers(start), this.address.secret);
    const where = redacted(response.url);
    try {
      if (response.status === 416) {
        await this.part.remove();
        throw new DownloadError("protocol", `${where} says that the file has no byte ${start}`);
      }
      const length = await this.#check(response, start);
      try {
        await this.#receive(response, length);
      } catch (error) {
        if (error instanceof DownloadError && error.kind === "protocol") {
          await this.part.remove();
        }
        throw error;
      }
    } finally {
      response.close();
    }
    const length = await this.part.length();
    this.identity = { ...this.identity, size: this.identity.size ?? length };
    if (length !== this.identity.size) {
      const message = `${where} sent the file up to byte ${length} of ${this.identity.size}`;
      throw new DownloadError("connection_failed", message);
    }
  }

  /** How many bytes there are to go on from. What cannot be used stays until something better comes. */
  async #start(): Promise<number> {
    const there = await this.part.identity();
    const length = await this.part.length();
    let known = this.identity;
    this.continued = false;
    if (!there || !this.#ranges || length === 0) {
      return 0;
    }
    if (known.key === there.key) {
      // the answer to come will say whether it is still the same file
      known = {
        ...there,
        size: known.size ?? there.size,
        sha256: known.sha256 ?? there.sha256,
        etag: known.etag ?? there.etag,
      };
    }
    if (!mayContinue(known, there) || length > (known.size ?? length)) {
      return 0;
    }
    await this.part.catchUp(this.transfer.report);
    this.identity = known;
    this.continued = true;
    return length;
  }

  async #headers(start: number): Promise<Record<string, string>> {
    if (start === 0) {
      return {};
    }
    const there = await this.part.identity();
    // Where the hash is known, other hosts may go on with the same file under another tag.
    const tag = there && !there.sha256 ? there.etag : null;
    return { range: `bytes=${start}-`, ...(tag ? { "if-range": tag } : {}) };
  }

  /** Makes the part ready for the body, and returns how many bytes that must have; null if the answer does not say. */
  async #check(response: Response, start: number): Promise<number | null> {
    const where = redacted(response.url);
    if (response.isPage) {
      const message = `${where} sent a web page instead of the file; the network may require a login`;
      throw new DownloadError("protocol", message);
    }
    let begin = 0;
    let length = response.length;
    let total = response.length;
    if (response.status === 206) {
      const span = response.contentRange;
      begin = span.first;
      total = span.total;
      const count = span.last - begin + 1;
      if (begin !== start || count < 1 || span.last >= total || (length !== null && length !== count)) {
        throw new DownloadError(
          "protocol",
          `${where} was asked for the file from byte ${start} on and sent bytes ${begin} to ${span.last} of ${total} ` +
            `in a body of ${length}`,
        );
      }
      length = count;
    }
    const found = this.#identityOf(response, total);
    if (begin === 0) {
      await this.part.start(found);
      this.continued = false;
    } else if (!mayContinue(found, (await this.part.identity()) ?? found)) {
      await this.part.remove();
      this.identity = this.address.identity;
      throw new DownloadError("connection_failed", `${where} has a different file from when the download began`);
    }
    this.identity = found;
    await this.part.learn(found);
    if (found.size !== null) {
      await checkSpace(dirname(this.part.path), found.size - begin, basename(this.transfer.target));
    }
    if (length === null && !response.isChunked && found.size === null && found.sha256 === null) {
      throw new DownloadError("protocol", `${where} does not say how long the file is, so its end is unknown`);
    }
    return length;
  }

  /** What this answer says of the file, on top of what was known. Throws DownloadError where the two differ. */
  #identityOf(response: Response, total: number | null): Identity {
    const where = redacted(response.url);
    const name = basename(this.transfer.target);
    const expected = this.address.identity;
    const known = this.address.learn?.(expected, response) ?? expected;
    if (known.size !== null && total !== null && known.size !== total) {
      throw new DownloadError("protocol", `${where} has a file of ${total} bytes, but ${name} has ${known.size}`);
    }
    if (expected.sha256 && known.sha256 !== expected.sha256) {
      const message = `${where} has another file, with SHA-256 ${known.sha256}, not ${expected.sha256}`;
      throw new DownloadError("checksum", message);
    }
    const etag = header(response.headers, "etag");
    return {
      ...known,
      size: known.size ?? total,
      etag: etag.startsWith('"') ? etag : null, // a weak one may stay when bytes change
      last_modified: header(response.headers, "last-modified") || null,
    };
  }

  async #receive(response: Response, length: number | null): Promise<void> {
    const { report } = this.transfer;
    const total = this.identity.size ?? undefined;
    let done = await this.part.length();
    const end = length === null ? total : done + length;
    const file = await this.part.appending();
    try {
      report.report("downloading", done, total);
      for await (const block of response.blocks()) {
        if (end !== undefined && done + block.length > end) {
          const message = `${redacted(response.url)} sent more than the ${end} bytes that the file has`;
          throw new DownloadError("protocol", message);
        }
        await this.part.write(file, block);
        done += block.length;
        report.report("downloading", done, total);
      }
      await onDisk(this.part.path, () => file.sync());
    } finally {
      await file.close();
    }
  }
}

/**
 * The complete and checked .part, and its SHA-256. askHash: gets the hash if neither the address nor the answer did.
 * Throws DownloadError; a wrong file is removed.
 */
export async function fetchFile(
  transfer: Transfer,
  address: Address,
  askHash: () => Promise<string | undefined>,
): Promise<{ part: Part; sha256: string }> {
  const part = new Part(transfer.target, transfer.md5 !== undefined);
  let wrong = "";
  // a .part may have been of another file: if it was, once more from the beginning
  for (let continued = true; continued;) {
    const fetch = new Fetch(transfer, address, part);
    await fetch.run();
    continued = fetch.continued;
    const digests = await part.digests(transfer.report);
    const sha256 = fetch.identity.sha256 ?? (await askHash());
    if (sha256 && digests.sha256 !== sha256) {
      wrong = `its SHA-256 is ${digests.sha256} and should be ${sha256}`;
    } else if (transfer.md5 && digests.md5 !== transfer.md5) {
      wrong = `its MD5 is ${digests.md5} and should be ${transfer.md5}`;
    } else {
      return { part, sha256: digests.sha256 };
    }
    await part.remove();
  }
  const what = basename(transfer.target);
  throw new DownloadError("checksum", `${redacted(address.url)} sent a wrong ${what}: ${wrong}. It was removed`);
}
