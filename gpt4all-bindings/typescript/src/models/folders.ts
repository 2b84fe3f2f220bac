/** Where models lie on this machine, and finding one there. Never touches the network. */

import { statSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

import { checkedPath } from "../json.js";
import type { Reference } from "./names.js";

function expanded(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** What lies at a path; undefined if nothing does, or nothing can, such as a name too long for the file system. */
function at(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether a path, as a user may give it, is a folder. */
export function isFolder(path: string): boolean {
  return at(expanded(path))?.isDirectory() ?? false;
}

/** The folder for everything kept for the user: $GPT4ALL_CACHE, or ~/.cache/gpt4all. */
export function cacheFolder(): string {
  const named = process.env["GPT4ALL_CACHE"];
  return named ? expanded(named) : join(homedir(), ".cache", "gpt4all");
}

/** The folder that models are downloaded into: `models` in cacheFolder(). */
export function modelsFolder(): string {
  return join(cacheFolder(), "models");
}

/** Where bare file names are looked up: modelsFolder(), and the folder that older releases used. */
function searchFolders(folder: string | undefined): string[] {
  const usual = [modelsFolder(), cacheFolder(), join(homedir(), ".cache", "gpt4all")];
  return [...(folder ? [folder] : []), ...new Set(usual)];
}

/** The folders whose models are managed: `folder`, or else those where bare file names are looked up. */
export function topFolders(folder: string | undefined): string[] {
  return folder === undefined ? searchFolders(undefined) : [expanded(checkedPath(folder))];
}

/**
 * The file that a name stands for, if there is one, and every path that was tried.
 *
 * A path stands for itself. A bare name is looked for in `folder`, then as a path, then where downloads go, each time
 * also with ".gguf" behind it and by the catalogue's file name.
 */
export function findLocal(
  named: string,
  reference: Reference | undefined,
  folder: string | undefined,
): { path?: string; tried: string[] } {
  const tried: string[] = [];
  const found = candidates(checkedPath(named), reference, folder && expanded(folder));
  for (const path of new Set(found)) {
    tried.push(path);
    if (at(path)?.isFile()) {
      return { path, tried };
    }
  }
  return { tried };
}

function candidates(text: string, reference: Reference | undefined, folder: string | undefined): string[] {
  const places = searchFolders(folder);
  if (text.includes("://")) {
    return reference ? places.map((place) => join(place, reference.relative)) : [];
  }
  const given = expanded(text);
  const names = /\.(gguf|bin)$/.test(text) ? [text] : [text, `${text}.gguf`];
  if (isAbsolute(given) || text.split(/[/\\]/).includes("..")) {
    return [given];
  }
  const relative = reference ? [reference.relative] : [];
  const own = folder ? names.map((name) => join(folder, name)) : [];
  return [
    ...own,
    resolve(given),
    ...places.flatMap((place) => [...names, ...relative].map((name) => join(place, name))),
  ];
}
