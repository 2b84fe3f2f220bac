/** What works without an open model. */

import { withAdvice } from "./advice.js";
import type * as generated from "./generated.js";
import { checkedPath, encode } from "./json.js";
import { longCall, type LongCallOptions } from "./long-call.js";
import { json, native, type Call } from "./native.js";

/** Reads a model's metadata but not its weights, and estimates the memory needed to open it with `options`. */
export async function inspect(path: string, options: generated.OpenOptions = {}): Promise<generated.InspectResult> {
  const name = checkedPath(path);
  return await json(native().inspect(name, encode(withAdvice(name, options))));
}

/** The usable devices, and every backend found, with the reason if it was refused. */
export async function devices(): Promise<generated.DevicesResult> {
  return await json(native().devices());
}

/** Version, llama.cpp release, compiler and flags of the library. */
export function buildInfo(): generated.BuildInfo {
  return JSON.parse(native().buildInfo()) as generated.BuildInfo;
}

/** The JSON Schema of all options, request and result objects, under "$defs". */
export function schema(): generated.FreeObject {
  return JSON.parse(native().schema()) as generated.FreeObject;
}

type Function = (path: string, outPath: string, options: string, progress?: (fraction: number) => void) => Call;

async function makeFile<Result>(
  what: string,
  call: Function,
  path: string,
  outPath: string,
  options: object & LongCallOptions,
): Promise<Result> {
  const { onProgress, signal, ...given } = options;
  const [from, to, text] = [checkedPath(path), checkedPath(outPath), encode(given)];
  const long = { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) };
  const done = await longCall(`${what} ${from}`, (progress) => call(from, to, text, progress), long);
  return JSON.parse(done as string) as Result;
}

/** Writes the model at `path` to `outPath` in another type. The file appears only when it is complete. */
export function quantize(
  path: string,
  outPath: string,
  options: generated.QuantizeOptions & LongCallOptions,
): Promise<generated.QuantizeResult> {
  return makeFile("quantising", (...given) => native().quantize(...given), path, outPath, options);
}

/**
 * Measures how much each column of a model's weights matters, for quantize()'s option `imatrix`: runs it over `text`, or
 * over a UTF-8 `file`. The file has llama.cpp's format, and appears at `outPath` only when it is complete.
 */
export function imatrix(
  path: string,
  outPath: string,
  options: generated.ImatrixOptions & LongCallOptions,
): Promise<generated.ImatrixResult> {
  return makeFile("measuring", (...given) => native().imatrix(...given), path, outPath, options);
}

/**
 * Writes the model at `path`, of a format of 2023 (ggml, ggmf, ggjt, ggmm, or GGUF of "gptj"), as GGUF. Model.open()
 * also opens such files: it makes a translation in its cache. Folders of Hugging Face are converted by Python's
 * `gpt4all convert`.
 */
export function convert(
  path: string,
  outPath: string,
  options: generated.ConvertOptions & LongCallOptions = {},
): Promise<generated.ConvertResult> {
  return makeFile("converting", (...given) => native().convert(...given), path, outPath, options);
}
