// The example of docs/quantize.md in Go.
package main

import (
	// example: imatrix
	"context"
	"fmt"
	"log"
	"strings"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

func main() {
	// example: imatrix
	ctx := context.Background()
	path, err := gpt4all.Resolve(ctx, "smollm2", gpt4all.ResolveOptions{})
	if err != nil {
		log.Fatal(err)
	}
	text := strings.Repeat("Bread needs flour, water, salt and time. Knead it well, and let it rise until it has doubled. ", 20)
	made, err := gpt4all.Imatrix(ctx, path, "imatrix.gguf", gpt4all.ImatrixOptions{
		Text: &text, NCtx: gpt4all.Ptr(128), Chunks: gpt4all.Ptr(2),
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(made.Weights, "weights,", made.Tokens, "tokens")
	_, err = gpt4all.Quantize(ctx, path, "small.gguf", gpt4all.QuantizeOptions{
		Type: "Q2_K_S", Imatrix: gpt4all.Ptr("imatrix.gguf"), AllowRequantize: gpt4all.Ptr(true),
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	// end of example
}
