// The examples of docs/logging.md in TypeScript.

// example: log
import { load, setLog } from "gpt4all";

setLog((level, message) => console.log(level, message), "info");

const model = await load("smollm2");
console.log((await model.chat("Hello.", { max_tokens: 10 })).text);
// end of example

// example: timings
const { timings } = await model.chat("Hello.", { max_tokens: 10 });
console.log(timings.prompt_n, timings.prompt_per_second, timings.predicted_n, timings.predicted_per_second);
await model.close();
// end of example
