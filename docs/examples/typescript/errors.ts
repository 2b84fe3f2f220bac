// The example of docs/errors.md in TypeScript.

// example: first
import { LLModelError, load } from "gpt4all";

try {
  await load("no-such-model.gguf", { allowDownload: false });
} catch (error) {
  if (error instanceof LLModelError) {
    console.log(error.message); // what happened, with which file or value, and what to do
    console.log(error.statusName, error.detail);
  }
}
// end of example
