/** What a user may name a model by: a catalogue's name, hf://owner/repo/file, or an address. */

import { createHash } from "node:crypto";
import { join } from "node:path";

import { catalogue, find, type CatalogueEntry, type HuggingFaceSource, type Source } from "./catalogue.js";
import { InvalidNameError } from "./errors.js";

const LONGEST_NAME = 200; // bytes; file systems take 255, and partial files add to the name
const DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$/is; // on Windows
const FORBIDDEN = /[\x00-\x1f\x7f/\\:*?"<>|]/;
const SPLIT = /-(\d{5})-of-(\d{5})\.gguf$/;
const HUB_HOSTS = ["huggingface.co", "www.huggingface.co", "hf.co"];
const HUB_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const HUB_FORM = "hf://owner/repository/file.gguf, optionally with @revision at the end";

/** A model that can be downloaded. relative: where in a folder for models it lies. */
export interface Reference {
  relative: string;
  sources: Source[];
  entry?: CatalogueEntry;
}

/** A source in words; also what a partial file's key is made of. */
export function sourceName(source: Source): string {
  if (source.type === "https") {
    return source.url;
  }
  if (source.type === "pypi") {
    return `pypi:${source.package}==${source.version}`;
  }
  const revision = source.revision ?? "main";
  return `hf://${source.repo}/${source.file}${revision === "main" ? "" : `@${revision}`}`;
}

/** All files of a model that is split over several, in order; otherwise just this one. */
export function parts(reference: Reference): Reference[] {
  const source = reference.sources[0];
  if (reference.entry || source?.type !== "huggingface") {
    return [reference];
  }
  const slash = source.file.lastIndexOf("/") + 1;
  const files = splitNames(source.file.slice(slash)).map((name) => source.file.slice(0, slash) + name);
  return files.map((file) => hubReference({ ...source, file }));
}

/** All files of a model that is split over several, by the name of any of them; otherwise just this one. */
export function splitNames(name: string): string[] {
  const found = SPLIT.exec(name);
  const [number, count] = [Number(found?.[1]), Number(found?.[2])];
  if (!found || !(number >= 1 && number <= count && count <= 1000)) {
    return [name];
  }
  const five = (value: number) => String(value).padStart(5, "0");
  return Array.from({ length: count }, (_, n) => `${name.slice(0, found.index)}-${five(n + 1)}-of-${five(count)}.gguf`);
}

/**
 * What a text stands for: a name in the catalogue, or an address; undefined if it is neither. Throws InvalidNameError
 * for an address that is malformed or whose file name would not stay in its folder.
 */
export function parse(text: string): Reference | undefined {
  const scheme = text.includes("://") ? text.slice(0, text.indexOf("://")).toLowerCase() : "";
  if (scheme === "hf") {
    return hubReference(parseHub(text));
  }
  if (scheme === "https" || scheme === "http") {
    return parseAddress(text);
  }
  if (scheme) {
    throw new InvalidNameError(`${text} cannot be downloaded: models come from hf://, from https:// or by name`);
  }
  const entry = find(text);
  return entry && ofEntry(entry);
}

/** The reference to an entry of the catalogue. */
export function ofEntry(entry: CatalogueEntry): Reference {
  return { relative: safeFileName(entry.file), sources: entry.sources, entry };
}

function inCatalogue(source: Source): CatalogueEntry | undefined {
  const name = sourceName(source);
  return catalogue().find((entry) => entry.sources.some((each) => sourceName(each) === name));
}

function hubReference(source: HuggingFaceSource): Reference {
  const entry = inCatalogue(source);
  if (entry) {
    return ofEntry(entry);
  }
  const [owner, name] = source.repo.split("/") as [string, string];
  const revision = source.revision ?? "main";
  const folder = name + (revision === "main" ? "" : `@${revision.replaceAll("/", "_")}`);
  const file = source.file.split("/").map(safeFileName);
  return { relative: join("hf", safeFileName(owner), safeFileName(folder), ...file), sources: [source] };
}

function parseHub(text: string): HuggingFaceSource {
  const [owner = "", repoWithRevision = "", ...rest] = text.slice(text.indexOf("://") + 3).split("/");
  const [repo = "", ...revisions] = repoWithRevision.split("@");
  let file = rest.join("/");
  let revision = revisions.length > 0 ? revisions.join("@") : undefined;
  if (revision === undefined && file.includes("@") && !file.endsWith(".gguf")) {
    const at = file.lastIndexOf("@");
    [file, revision] = [file.slice(0, at), file.slice(at + 1)];
  }
  if (revision === "") {
    throw new InvalidNameError(`${text} names an empty revision; write ${HUB_FORM}`, { name: text });
  }
  return hubSource(text, owner, repo, file, revision ?? "main");
}

function hubSource(text: string, owner: string, repo: string, file: string, revision: string): HuggingFaceSource {
  const plain = [owner, repo, ...revision.split("/")].every((part) => HUB_NAME.test(part));
  if (!plain || !file) {
    throw new InvalidNameError(`${text} does not name a file of the hub; write ${HUB_FORM}`, { name: text });
  }
  return { type: "huggingface", repo: `${owner}/${repo}`, file, revision };
}

function parseAddress(text: string): Reference {
  let url: URL;
  let steps: string[];
  try {
    url = new URL(text);
    steps = decodeURIComponent(url.pathname)
      .replace(/^\/+|\/+$/g, "")
      .split("/");
  } catch (error) {
    throw new InvalidNameError(`${text} is not an address`, { name: text }, { cause: error });
  }
  const [owner = "", repo = "", verb = "", revision = "", ...file] = steps;
  if (HUB_HOSTS.includes(url.hostname) && url.protocol === "https:" && ["resolve", "blob"].includes(verb)) {
    return hubReference(hubSource(text, owner, repo, file.join("/"), revision));
  }
  const source: Source = { type: "https", url: text };
  const entry = inCatalogue(source);
  if (entry) {
    return ofEntry(entry);
  }
  const name = safeFileName(steps.at(-1) ?? "");
  // Two addresses may end in the same name, so that the name alone would mix them up.
  const folder = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { relative: join("url", folder, name), sources: [source] };
}

/** A name, if it is one that every file system takes and that stays in its folder. Throws InvalidNameError. */
export function safeFileName(name: string): string {
  const reason = whatIsWrong(name);
  if (reason) {
    throw new InvalidNameError(`"${name}" cannot be a model's file name: ${reason}`, { name });
  }
  return name;
}

function whatIsWrong(name: string): string {
  if (/^[. ]*$/.test(name)) {
    return "it is empty or made of dots";
  }
  const found = FORBIDDEN.exec(name);
  if (found) {
    return `it contains ${JSON.stringify(found[0])}`;
  }
  if (name !== name.trim() || name.endsWith(".")) {
    return "it starts or ends with a space, or ends with a dot";
  }
  if (name.startsWith(".")) {
    return "it starts with a dot";
  }
  if (DEVICES.test(name)) {
    return "it is the name of a device on Windows";
  }
  if (!name.isWellFormed()) {
    return "it is not valid Unicode";
  }
  return Buffer.byteLength(name) > LONGEST_NAME ? `it is longer than ${LONGEST_NAME} bytes` : "";
}
