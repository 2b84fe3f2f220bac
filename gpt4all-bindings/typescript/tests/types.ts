/** What the compiler has to accept and to infer; it is compiled, and never run. */

/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/await-thenable -- only the types matter */

import {
  createCompletion,
  createCompletionGenerator,
  createCompletionStream,
  createEmbedding,
  loadModel,
  Model,
  Session,
  tool,
  type ChatResult,
  type CompletionResult,
  type EmbeddingModel,
  type InferenceModel,
  type Stream,
} from "gpt4all";
import { z } from "zod";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {
  // only its type matters
}

const City = z.object({ name: z.string(), population: z.number() });
type City = z.infer<typeof City>;

export async function typesOfAnswers(model: Model): Promise<void> {
  const answer = await model.chat("Describe Berlin.", { response_format: City, max_tokens: 100 });
  same<typeof answer, ChatResult<City>>(true);
  const stream = model.chat([{ role: "user", content: "Hello" }], { stream: true });
  for await (const piece of stream) {
    same<typeof piece, string>(true);
  }
  const streamed = model.chat("Describe Berlin.", { response_format: City, stream: true });
  same<typeof streamed, Stream<ChatResult<City>>>(true);
  // @ts-expect-error: a misspelt option
  await model.chat("Hello", { max_token: 3 });
  // @ts-expect-error: a role that is none
  await model.chat([{ role: "nobody", content: "Hello" }]);
}

export async function typesOfTools(model: Model): Promise<void> {
  const weather = tool({
    name: "weather",
    parameters: z.object({ city: z.string() }),
    execute: (args, { signal }) => {
      same<typeof args, { city: string }>(true);
      same<typeof signal, AbortSignal>(true);
      return "sunny";
    },
  });
  await using owned = await Model.open("model.gguf");
  const session = new Session(owned, { system: "Be brief.", tools: [weather], temperature: 0 });
  await session.chat("Hello");
  await model.runTools("Hello", [weather], { maxRounds: 3 });
}

export async function typesOfEvents(model: Model): Promise<void> {
  for await (const event of model.submit("chat", { messages: [{ role: "user", content: "Hello" }] })) {
    if (event.kind === "result") {
      same<(typeof event.data.choices)[0]["index"], number>(true);
    }
  }
}

export async function typesOfTheOldPackage(): Promise<void> {
  const model = await loadModel("model.gguf", { device: "gpu", verbose: true });
  same<typeof model, InferenceModel>(true);
  const embedder = await loadModel("embedder.gguf", { type: "embedding" });
  same<typeof embedder, EmbeddingModel>(true);
  const chat = await model.createChatSession({ systemPrompt: "Be brief.", temperature: 0.5 });
  const answer = await createCompletion(chat, "Hello", { onResponseToken: (id, token) => id > 0 && token !== "x" });
  same<typeof answer, CompletionResult>(true);
  createCompletionStream(model, [{ role: "user", content: "Hello" }]).tokens.pipe(process.stdout);
  for await (const piece of createCompletionGenerator(model, "Hello")) {
    same<typeof piece, string>(true);
  }
  const { embeddings } = await createEmbedding(embedder, "text");
  same<typeof embeddings, Float32Array>(true);
  const { embeddings: many } = await createEmbedding(embedder, ["text"], { dimensionality: 64 });
  same<typeof many, Float32Array[]>(true);
  // @ts-expect-error: a misspelt option
  await createCompletion(model, "Hello", { nPredicted: 3 });
}
