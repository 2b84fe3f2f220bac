// The example of docs/errors.md in Go.
package main

// example: first
import (
	"context"
	"errors"
	"fmt"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
)

func main() {
	_, err := gpt4all.Load(context.Background(), "no-such-model.gguf",
		gpt4all.WithResolve(gpt4all.ResolveOptions{NoDownload: true}))
	var failure *gpt4all.Error
	if errors.As(err, &failure) { // errors.Is(err, gpt4all.ErrModelNotFound) asks for one kind
		fmt.Println(failure) // what happened, with which file or value, and what to do
		fmt.Println(failure.Status(), failure.Detail)
	}
}

// end of example
