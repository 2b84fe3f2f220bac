/** The Hugging Face hub: addresses of files, and the hashes that it knows of them. */

import type { HuggingFaceSource } from "./catalogue.js";
import { DownloadError } from "./errors.js";
import { header, sameHost, type Client, type Response, type Secret } from "./http.js";
import type { Identity } from "./part.js";
import type { DownloadSettings } from "./settings.js";

const SHA256 = /^[0-9a-f]{64}$/;

function quoted(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** Where a file of the hub is. */
export function addressOf(source: HuggingFaceSource, settings: DownloadSettings): string {
  const revision = encodeURIComponent(source.revision ?? "main");
  return `${settings.hubEndpoint}/${source.repo}/resolve/${revision}/${quoted(source.file)}`;
}

/** The token, for the hub alone. */
export function secretOf(settings: DownloadSettings): Secret | undefined {
  return settings.hubToken ? { url: settings.hubEndpoint, token: settings.hubToken } : undefined;
}

/** Adds what the hub itself said, before it passed us on to where the bytes are. */
export function learn(known: Identity, response: Response, settings: DownloadSettings): Identity {
  for (const [url, headers] of [...response.hops, [response.url, response.headers] as const]) {
    const etag = header(headers, "x-linked-etag").replace(/^W\//, "").replace(/^"|"$/g, "").toLowerCase();
    if (sameHost(url, settings.hubEndpoint) && SHA256.test(etag)) {
      const size = header(headers, "x-linked-size");
      return { ...known, sha256: etag, size: known.size ?? (/^\d+$/.test(size) ? Number(size) : null) };
    }
  }
  return known;
}

/** The SHA-256 that the hub's list has of a file; undefined if it has none, as for small files. */
export async function ask(
  source: HuggingFaceSource,
  client: Client,
  settings: DownloadSettings,
): Promise<string | undefined> {
  const folder = source.file.split("/").slice(0, -1).join("/");
  const revision = encodeURIComponent(source.revision ?? "main");
  const url = `${settings.hubEndpoint}/api/models/${source.repo}/tree/${revision}/${quoted(folder)}`.replace(/\/$/, "");
  const text = await (await client.get(url, {}, secretOf(settings))).text();
  try {
    const rows = JSON.parse(text) as { path: string; lfs?: { oid?: string } }[];
    const row = rows.find((each) => each.path === source.file);
    if (!row) {
      throw new Error("it is not there");
    }
    const found = row.lfs?.oid ?? "";
    return SHA256.test(found) ? found : undefined;
  } catch (error) {
    const message = `the hub's list of ${source.repo} does not mention ${source.file}`;
    throw new DownloadError("protocol", message, {}, { cause: error });
  }
}
