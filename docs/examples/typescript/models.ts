// The examples of docs/models.md in TypeScript.

// example: resolve
import { models } from "gpt4all";

const path = await models.resolve("smollm2"); // the file, downloaded if it is not there
console.log(path);
// end of example

// example: cached
console.log((await models.verify("smollm2")).ok);

for (const model of await models.listCached()) {
  console.log(model.name, model.size);
}
// end of example

// example: inspect
import { inspect } from "gpt4all";

const { memory } = await inspect(path, { n_ctx: 4096 });
console.log(
  memory.total,
  "bytes, in",
  memory.devices.map((device) => device.name),
);
// end of example

// example: pull
await models.pull("smollm2", {
  onDownload: ({ phase, doneBytes, totalBytes }) => console.log(phase, doneBytes, totalBytes),
});
// end of example
