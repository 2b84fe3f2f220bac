// The examples of docs/embeddings.md in TypeScript.

// example: first
import { load } from "gpt4all";

const model = await load("all-MiniLM-L6-v2");
const { vectors, dimension } = await model.embed(["A cat sleeps.", "A kitten naps.", "Interest rates rose."]);
console.log(vectors.length, dimension);

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, index) => sum + x * (b[index] ?? 0), 0); // the vectors have length 1
}

const [cat, kitten, rates] = vectors as [Float32Array, Float32Array, Float32Array];
console.log(cosine(cat, kitten), cosine(cat, rates));
// end of example

// example: rerank
const reranker = await load("hf://gpustack/bge-reranker-v2-m3-GGUF/bge-reranker-v2-m3-Q8_0.gguf", { n_ctx: 256 });
const ranking = await reranker.rerank("What do cats do?", ["Rates rose again.", "Cats sleep all day."]);
for (const ranked of ranking.results) {
  console.log(ranked.index, ranked.relevanceScore, ranked.document);
}
await reranker.close();
// end of example

// example: close
await model.close();
// end of example
