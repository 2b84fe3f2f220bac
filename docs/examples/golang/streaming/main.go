// The examples of docs/streaming.md in Go.
package main

import (
	// example: stream
	"context"
	"fmt"
	"log"
	// end of example

	// example: cancel
	"errors"
	"time"
	// end of example

	// example: events
	"encoding/json"
	// end of example

	// example: stream
	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

func main() {
	// example: stream
	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "smollm2")
	if err != nil {
		log.Fatal(err)
	}
	request := gpt4all.Ask("Count to ten.")
	request.MaxTokens = gpt4all.Ptr(60)
	stream := model.ChatStream(ctx, request)
	for piece, err := range stream.Text() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(piece)
	}
	result, err := stream.Result() // what Chat would have returned
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*result.Usage.CompletionTokens)
	// end of example

	// example: leaving-early
	written := ""
	for piece, err := range model.ChatStream(ctx, gpt4all.Ask("Tell a long story.")).Text() {
		if err != nil {
			log.Fatal(err)
		}
		written += piece
		if len(written) > 100 {
			break
		}
	}
	fmt.Println(written)
	// end of example

	// example: cancel
	limited, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, err = model.Chat(limited, gpt4all.Ask("Tell a long story."))
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("stopped:", err)
	}
	// end of example

	// example: events
	request = gpt4all.Ask("Say hello.")
	request.MaxTokens = gpt4all.Ptr(20)
	request.ReturnProgress = gpt4all.Ptr(true)
	for event, err := range model.ChatStream(ctx, request).Events() {
		if err != nil {
			log.Fatal(err)
		}
		switch event.Kind {
		case gpt4all.EventKindProgress:
			var progress gpt4all.ProgressEvent
			if err := json.Unmarshal(event.JSON, &progress); err != nil {
				log.Fatal(err)
			}
			fmt.Println("read", progress.Processed, "of", progress.Total, "tokens")
		case gpt4all.EventKindText:
			fmt.Print(event.Text)
		}
	}
	// end of example

	// example: close
	model.Close()
	// end of example
}
