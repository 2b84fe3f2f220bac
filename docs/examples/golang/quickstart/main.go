// The examples of docs/quickstart.md in Go.
package main

import (
	// example: first
	"context"
	"fmt"
	"log"
	// end of example

	// example: misspelt
	"errors"
	// end of example

	// example: first
	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

func main() {
	// example: first
	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "smollm2") // which `gpt4all pull smollm2` has put into the cache
	if err != nil {
		log.Fatal(err)
	}
	request := gpt4all.Ask("Name three primary colours.")
	request.MaxTokens = gpt4all.Ptr(60)
	request.Temperature = gpt4all.Ptr(0.0)
	answer, err := model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text())
	// end of example

	// example: messages
	request = gpt4all.Converse(gpt4all.System("Be brief."), gpt4all.User("Name a colour."))
	request.Temperature = gpt4all.Ptr(0.2)
	request.MaxTokens = gpt4all.Ptr(32)
	request.Stop = []string{"\n"}
	answer, err = model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text(), answer.FinishReason(), *answer.Usage.CompletionTokens)
	// end of example

	// example: misspelt
	request = gpt4all.Ask("Hello.")
	request.Temperature = gpt4all.Ptr(-0.2)
	if _, err = model.Chat(ctx, request); errors.Is(err, gpt4all.ErrInvalidArgument) {
		fmt.Println(err) // names the option, and what it may be
	}
	// end of example

	// example: stream
	request = gpt4all.Ask("Count to five.")
	request.MaxTokens = gpt4all.Ptr(40)
	for piece, err := range model.ChatStream(ctx, request).Text() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(piece)
	}
	// end of example

	// example: session
	session, err := gpt4all.NewSession(model, gpt4all.SessionOptions{System: "Be brief."})
	if err != nil {
		log.Fatal(err)
	}
	for _, question := range []string{"What is the capital of France?", "How many people live there?"} {
		request = gpt4all.Ask(question)
		request.MaxTokens = gpt4all.Ptr(60)
		answer, err := session.Chat(ctx, request)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.Text())
	}
	// end of example

	// example: close
	model.Close()
	// end of example
}
