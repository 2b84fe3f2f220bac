/** Embeddings as the old package made them: task prefixes, chunks of long texts, Matryoshka sizes. */

import { createHash } from "node:crypto";

import { InvalidArgumentError } from "../errors.js";
import type { Model } from "../model.js";
import { familyOf, type Family } from "./embedding-families.js";

const CHUNK_OVERLAP = 8;
const ATLAS_MAX_TOKENS = 8192;
// What stands for a text without tokens, so that it has a vector that no other text has.
const EMPTY = createHash("md5").update("nomic empty").digest("hex");
const REQUEST_INPUTS = 4096;

interface Wanted {
  prefix: string | undefined;
  size: number | undefined;
  mean: boolean;
  atlas: boolean;
}

function sizeOf(wanted: number | undefined, width: number, known: Family | undefined, name: string): number {
  if (wanted === undefined || wanted === width) {
    return width;
  }
  if (wanted > 0 && wanted < width && (!known || known.matryoshka.length > 0)) {
    return wanted;
  }
  const sizes = known && known.matryoshka.length > 0 ? known.matryoshka : [width];
  throw new InvalidArgumentError(
    `unsupported dimensionality ${wanted} for model ${name}; it takes ${sizes.join(", ")}`,
    { dimensionality: wanted, sizes },
  );
}

function taskOf(prefix: string | undefined, known: Family | undefined, name: string): string {
  if (prefix === undefined) {
    if (!known) {
      throw new InvalidArgumentError(`unknown model ${name}, specify a prefix if applicable or an empty string`);
    }
    return known.document;
  }
  if (known && !known.tasks.includes(prefix)) {
    const tasks = known.tasks.map((task) => JSON.stringify(task)).join(", ");
    throw new InvalidArgumentError(
      `${JSON.stringify(prefix)} is not a valid task type for model ${name}; it takes ${tasks}`,
      { prefix, tasks: known.tasks },
    );
  }
  return prefix;
}

/** What stands around every text, and how many tokens of it there may be between. */
async function frame(model: Model, task: string, limit: number) {
  const [plain, framed] = await Promise.all([model.tokenize("a"), model.tokenize("a", { add_special: true })]);
  const at = framed.findIndex((_, start) => plain.every((token, place) => framed[start + place] === token));
  const before = [...framed.slice(0, at), ...(task ? await plainTokens(model, `${task}:`) : [])];
  const after = framed.slice(at + plain.length);
  const longest = limit - before.length - after.length;
  if (longest <= CHUNK_OVERLAP) {
    throw new InvalidArgumentError(
      `chunks of ${longest} tokens are no longer than their overlap of ${CHUNK_OVERLAP}; open the model with a ` +
        "larger nCtx, or give a shorter prefix",
    );
  }
  return { before, after, longest };
}

function plainTokens(model: Model, text: string): Promise<number[]> {
  return model.tokenize(text.startsWith(" ") ? text : ` ${text}`, { parse_special: false });
}

async function textTokens(model: Model, text: string, index: number, { mean, atlas }: Wanted): Promise<number[]> {
  const tokens = text ? await plainTokens(model, text) : [];
  if (atlas && tokens.length > ATLAS_MAX_TOKENS) {
    if (mean) {
      throw new InvalidArgumentError(
        `length of text at index ${index} is ${tokens.length} tokens which exceeds limit of ${ATLAS_MAX_TOKENS}; ` +
          "split it, or embed with the longTextMode 'truncate'",
        { index, n_tokens: tokens.length, limit: ATLAS_MAX_TOKENS },
      );
    }
    return tokens.slice(0, ATLAS_MAX_TOKENS);
  }
  return tokens.length > 0 ? tokens : await plainTokens(model, EMPTY);
}

/** Chunks of up to `longest` tokens; each begins with the last CHUNK_OVERLAP of the one before. */
function chunksOf(tokens: number[], longest: number): number[][] {
  const chunks = [tokens.slice(0, longest)];
  for (let start = 0; start + longest < tokens.length;) {
    start += longest - CHUNK_OVERLAP;
    chunks.push(tokens.slice(start, start + longest));
  }
  return chunks;
}

/** The vectors of texts, each of length 1, and how many tokens the texts had. Rejects with InvalidArgumentError. */
export async function embedTexts(
  model: Model,
  texts: string[],
  wanted: Wanted,
): Promise<{ vectors: Float32Array[]; tokens: number }> {
  if (texts.length === 0) {
    throw new InvalidArgumentError("text must not be empty");
  }
  const info = await model.info();
  const name = info.name || model.path;
  const { n_embd: width = 0, n_ctx_train: trained = Infinity } = info;
  const known = familyOf(name, model.path);
  const size = sizeOf(wanted.size, width, known, name);
  const task = taskOf(wanted.prefix, known, name);
  const { before, after, longest } = await frame(model, task, Math.min(trained, info.opened?.n_ctx ?? Infinity));

  const inputs: number[][] = [];
  const owners: number[] = [];
  let count = 0;
  const tokens = await Promise.all(texts.map((text, index) => textTokens(model, text, index, wanted)));
  tokens.forEach((each, index) => {
    for (const chunk of wanted.mean ? chunksOf(each, longest) : [each.slice(0, longest)]) {
      inputs.push([...before, ...chunk, ...after]);
      owners.push(index);
      count += chunk.length;
    }
  });
  const isMatryoshka = (known?.matryoshka.length ?? 0) > 0;
  const vectors = await run(model, inputs, isMatryoshka, size, width);
  return { vectors: averages(vectors, owners, texts.length), tokens: count };
}

async function run(model: Model, inputs: number[][], raw: boolean, size: number, width: number) {
  const vectors: Float32Array[] = [];
  for (let begin = 0; begin < inputs.length; begin += REQUEST_INPUTS) {
    const group = inputs.slice(begin, begin + REQUEST_INPUTS);
    const options = raw ? { normalize: false } : size === width ? {} : { dimensions: size };
    const result = await model.embed(group, options);
    vectors.push(...(raw ? result.vectors.map((vector) => matryoshka(vector, size)) : result.vectors));
  }
  return vectors;
}

/** Layer normalisation of the whole vector, of which the beginning is kept and brought to length 1. */
function matryoshka(vector: Float32Array, size: number): Float32Array {
  const middle = sum(vector) / vector.length;
  const centred = Float64Array.from(vector, (value) => value - middle);
  const variance = sum(centred.map((value) => value * value)) / (vector.length - 1);
  return unit(centred.subarray(0, size).map((value) => value / Math.sqrt(variance + 1e-5)));
}

function averages(vectors: Float32Array[], owners: number[], count: number): Float32Array[] {
  if (vectors.length === count) {
    return vectors;
  }
  const sums: { total: Float64Array; parts: Float32Array[] }[] = [];
  vectors.forEach((vector, place) => {
    const own = (sums[owners[place] as number] ??= { total: new Float64Array(vector.length), parts: [] });
    own.parts.push(vector);
    vector.forEach((value, at) => ((own.total[at] as number) += value));
  });
  return sums.map(({ total, parts }) =>
    parts.length === 1 ? (parts[0] as Float32Array) : unit(total.map((value) => value / parts.length)),
  );
}

function unit(vector: Float64Array): Float32Array {
  const length = Math.max(Math.sqrt(sum(vector.map((value) => value * value))), 1e-12);
  return Float32Array.from(vector, (value) => value / length);
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
