// The example of docs/index.md in Go.
package main

// example: first
import (
	"context"
	"fmt"
	"log"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
)

func main() {
	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "smollm2")
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	for piece, err := range model.ChatStream(ctx, gpt4all.Ask("Why is the sky blue?")).Text() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(piece)
	}
}

// end of example
