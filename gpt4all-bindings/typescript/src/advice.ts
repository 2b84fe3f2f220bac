/** What the catalogue knows the makers of a model to advise. It knows a model by its file's name. */

import { basename } from "node:path";

import type { OpenOptions } from "./generated.js";
import { find } from "./models/catalogue.js";

/** The options, with the advised sampling. */
export function withAdvice(path: string, options: OpenOptions): OpenOptions {
  const advised = find(basename(path))?.sampling;
  return advised ? { catalogue_sampling: advised, ...options } : options;
}
