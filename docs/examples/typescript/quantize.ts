// The example of docs/quantize.md in TypeScript.

// example: imatrix
import { imatrix, models, quantize } from "gpt4all";

const path = await models.resolve("smollm2");
const text = "Bread needs flour, water, salt and time. Knead it well, and let it rise until it has doubled. ".repeat(
  20,
);
const made = await imatrix(path, "imatrix.gguf", { text, n_ctx: 128, chunks: 2 });
console.log(made.weights, "weights,", made.tokens, "tokens");
await quantize(path, "small.gguf", { type: "Q2_K_S", imatrix: "imatrix.gguf", allow_requantize: true });
// end of example
