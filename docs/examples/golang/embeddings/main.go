// The examples of docs/embeddings.md in Go.
package main

import (
	// example: first
	"context"
	"fmt"
	"log"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

// example: first
func cosine(a, b []float32) (sum float32) { // the vectors have length 1
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// end of example

func main() {
	// example: first
	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "all-MiniLM-L6-v2")
	if err != nil {
		log.Fatal(err)
	}
	texts := []string{"A cat sleeps.", "A kitten naps.", "Interest rates rose."}
	embeddings, err := model.Embed(ctx, gpt4all.EmbedRequest{Input: texts})
	if err != nil {
		log.Fatal(err)
	}
	vectors := embeddings.Vectors
	fmt.Println(len(vectors), embeddings.Dimension)
	fmt.Println(cosine(vectors[0], vectors[1]), cosine(vectors[0], vectors[2]))
	// end of example

	// example: rerank
	reranker, err := gpt4all.Load(ctx, "hf://gpustack/bge-reranker-v2-m3-GGUF/bge-reranker-v2-m3-Q8_0.gguf",
		gpt4all.WithOptions(gpt4all.OpenOptions{NCtx: gpt4all.Ptr(256)}))
	if err != nil {
		log.Fatal(err)
	}
	defer reranker.Close()
	ranking, err := reranker.Rerank(ctx, gpt4all.RerankRequest{
		Query: "What do cats do?", Documents: []string{"Rates rose again.", "Cats sleep all day."},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, ranked := range ranking.Results {
		fmt.Println(ranked.Index, ranked.RelevanceScore, ranked.Document)
	}
	// end of example

	// example: close
	model.Close()
	// end of example
}
