// The examples of docs/streaming.md in TypeScript.

// example: stream
import { load } from "gpt4all";

const model = await load("smollm2");
const stream = model.chat("Count to ten.", { max_tokens: 60, stream: true });
for await (const piece of stream) {
  process.stdout.write(piece);
}

const { usage } = await stream.result; // what would have been returned without `stream: true`
console.log(usage);
// end of example

// example: leaving-early
const story = model.chat("Tell a long story.", { stream: true });
for await (const piece of story) {
  if (story.text.length > 100) {
    break;
  }
}

console.log(story.text);
// end of example

// example: cancel
import { CancellationError } from "gpt4all";

const stopped = model.chat("Tell a long story.", { stream: true });
setTimeout(() => stopped.cancel(), 500);
try {
  for await (const piece of stopped) {
    // it goes on until the timer ends it
  }
} catch (error) {
  if (!(error instanceof CancellationError)) {
    throw error;
  }
  console.log("stopped after", stopped.text.slice(0, 20));
}
// end of example

// example: events
const greeting = model.chat("Say hello.", { max_tokens: 20, stream: true, return_progress: true });
for await (const event of greeting.events()) {
  if (event.kind === "progress") {
    console.log("read", event.data.processed, "of", event.data.total, "tokens");
  } else if (event.kind === "text") {
    process.stdout.write(event.data);
  }
}
// end of example

// example: close
await model.close();
// end of example
