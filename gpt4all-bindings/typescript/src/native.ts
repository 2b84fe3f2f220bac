/** Finds and loads the addon and libllmodel. */

import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";

import { errorOf, LibraryNotFoundError, type Failure } from "./errors.js";

/** The handle of a model or task. */
export type Handle = bigint;

/** Something that the library does on a thread of its own. */
export interface Call {
  promise: Promise<unknown>;
  cancel(): void;
}

/** What has arrived of a task: text of the first choice, any other event, or how it failed. */
export type Arrived = string | [kind: number, index: number, data: string | Float32Array] | Failure;

type Progress = ((fraction: number) => void) | undefined;

/** The addon's exports. */
export interface Native {
  load(path: string): string;
  buildInfo(): string;
  schema(): string;
  setLog(level: number, listener?: (level: number, message: string) => void): void;
  submit(
    model: Handle,
    operation: string,
    request: string,
    listener: (batch: Arrived[]) => void,
  ): { task: Handle; error?: undefined } | { error: Failure; task?: undefined };
  cancel(task: Handle): void;
  lockFile(path: string): number | null;
  unlockFile(descriptor: number): void;
  open(path: string, options: string, progress: Progress): Call;
  close(model: Handle): Call;
  info(model: Handle): Call;
  devices(): Call;
  inspect(path: string, options: string): Call;
  saveState(model: Handle, path: string, request: string): Call;
  restoreState(model: Handle, path: string, request: string): Call;
  quantize(path: string, outPath: string, options: string, progress: Progress): Call;
  imatrix(path: string, outPath: string, options: string, progress: Progress): Call;
  convert(path: string, outPath: string, options: string, progress: Progress): Call;
}

const PACKAGE = dirname(__dirname);

/** The package with what was built for this kind of machine. */
export function platformPackage(): string {
  return `@gpt4all/${process.platform}-${process.arch}`;
}

function platformFolder(): string | undefined {
  try {
    return dirname(createRequire(__filename).resolve(`${platformPackage()}/package.json`));
  } catch {
    return undefined;
  }
}

/** What the library is called on this system. */
function fileName(): string {
  if (process.platform === "win32") {
    return "llmodel.dll";
  }
  return process.platform === "darwin" ? "libllmodel.dylib" : "libllmodel.so";
}

/** Where the addon may lie: in the platform's package, or where it is compiled. */
function addonCandidates(): string[] {
  const folder = platformFolder();
  return [...(folder ? [join(folder, "gpt4all.node")] : []), join(PACKAGE, "build", "Release", "gpt4all.node")];
}

/**
 * Where the library may lie: in GPT4ALL_LIBRARY (the file, or its folder) alone if that is set, else in the platform's
 * package, or where `make build` leaves it in the checkout that this package lies in.
 */
function libraryCandidates(): string[] {
  const named = process.env["GPT4ALL_LIBRARY"];
  if (named) {
    const path = resolve(named);
    return [existsSync(path) && statSync(path).isDirectory() ? join(path, fileName()) : path];
  }
  const folder = platformFolder();
  const paths = folder ? [join(folder, "lib", fileName())] : [];
  if (basename(dirname(PACKAGE)) === "gpt4all-bindings") {
    paths.push(join(dirname(dirname(PACKAGE)), "build", "release", "bin", fileName()));
  }
  return paths;
}

function tryEach<T>(what: string, paths: string[], load: (path: string) => T, advice: string): T {
  const tried: string[] = [];
  if (!platformFolder() && !process.env["GPT4ALL_LIBRARY"]) {
    tried.push(`${platformPackage()}: this package is not installed`);
  }
  for (const path of paths) {
    if (!existsSync(path)) {
      tried.push(`${path}: no such file`);
      continue;
    }
    try {
      return load(path);
    } catch (error) {
      tried.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new LibraryNotFoundError(`${what} was not found. Tried ${tried.join("; ")}. ${advice}`, { tried });
}

let addon: Native | undefined;
let loaded = false;

/** The addon without libllmodel, for what needs only a lock. Throws LibraryNotFoundError. */
export function nativeAddon(): Native {
  addon ??= tryEach(
    "the addon gpt4all.node",
    addonCandidates(),
    (path) => createRequire(__filename)(path) as Native,
    "Install the package with its optional dependencies, or compile the addon with `npm rebuild gpt4all`.",
  );
  return addon;
}

/** The addon with libllmodel, loaded at the first call. Throws LibraryNotFoundError. */
export function native(): Native {
  const found = nativeAddon();
  if (!loaded) {
    const load = (path: string) => {
      const wrong = found.load(path);
      if (wrong) {
        throw new Error(wrong);
      }
    };
    tryEach(
      "libllmodel",
      libraryCandidates(),
      load,
      "Install the package with its optional dependencies, build the library with `make build`, or name the file in " +
        "the environment variable GPT4ALL_LIBRARY.",
    );
    loaded = true;
  }
  return found;
}

/** Waits for a call. Throws LLModelError. */
export async function finished(call: Call): Promise<unknown> {
  try {
    return await call.promise;
  } catch (failure) {
    throw errorOf(failure as Failure);
  }
}

/** Waits for a call that gives JSON. Throws LLModelError. */
export async function json<T>(call: Call): Promise<T> {
  return JSON.parse((await finished(call)) as string) as T;
}
