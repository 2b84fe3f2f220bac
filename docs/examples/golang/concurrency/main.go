// The examples of docs/concurrency.md in Go.
package main

import (
	// example: many
	"context"
	"fmt"
	"log"
	"sync"
	// end of example

	// example: time-limit
	"errors"
	"time"
	// end of example

	// example: many
	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

func main() {
	// example: many
	ctx := context.Background()
	questions := []string{"Why is the sky blue?", "Why is grass green?", "Why is snow white?"}
	model, err := gpt4all.Load(ctx, "smollm2",
		gpt4all.WithOptions(gpt4all.OpenOptions{NCtx: gpt4all.Ptr(4096), NParallel: gpt4all.Ptr(8)}))
	if err != nil {
		log.Fatal(err)
	}
	answers := make([]string, len(questions))
	var group sync.WaitGroup
	for index, question := range questions {
		group.Add(1)
		go func() {
			defer group.Done()
			request := gpt4all.Ask(question)
			request.MaxTokens = gpt4all.Ptr(30)
			answer, err := model.Chat(ctx, request)
			if err != nil {
				log.Fatal(err)
			}
			answers[index] = answer.Text()
		}()
	}
	group.Wait()
	for _, answer := range answers {
		fmt.Println(answer)
	}
	// end of example

	// example: full
	small, err := gpt4all.Load(ctx, "smollm2",
		gpt4all.WithOptions(gpt4all.OpenOptions{NCtx: gpt4all.Ptr(256), NParallel: gpt4all.Ptr(3)}))
	if err != nil {
		log.Fatal(err)
	}
	stories := make([]gpt4all.ChatResult, 3)
	for index, who := range []string{"cat", "dog", "fox"} {
		group.Add(1)
		go func() {
			defer group.Done()
			request := gpt4all.Ask("Tell me of a " + who + ".")
			request.MaxTokens = gpt4all.Ptr(150)
			request.IgnoreEos = gpt4all.Ptr(true)
			story, err := small.Chat(ctx, request)
			if err != nil {
				log.Fatal(err)
			}
			stories[index] = story
		}()
	}
	group.Wait()
	for _, story := range stories {
		fmt.Println(story.FinishReason()) // "length", each of 150 tokens
	}
	small.Close()
	// end of example

	// example: asynchronous
	finished := make(chan string)
	for _, question := range questions {
		go func() {
			request := gpt4all.Ask(question)
			request.MaxTokens = gpt4all.Ptr(30)
			answer, err := model.Chat(ctx, request)
			if err != nil {
				log.Fatal(err)
			}
			finished <- answer.Text()
		}()
	}

	request := gpt4all.Ask("Count to ten.")
	request.MaxTokens = gpt4all.Ptr(40)
	stream := model.ChatStream(ctx, request)
	for piece, err := range stream.Text() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(piece)
	}
	counted, err := stream.Result()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*counted.Usage.CompletionTokens, "tokens")

	for range questions { // whose answers were written at the same time
		fmt.Println(<-finished)
	}

	options := gpt4all.SessionOptions{}
	options.Options.MaxTokens = gpt4all.Ptr(40)
	session, err := gpt4all.NewSession(model, options)
	if err != nil {
		log.Fatal(err)
	}
	greeting, err := session.Chat(ctx, gpt4all.Ask("Hello."))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(greeting.Text())
	// end of example

	// example: time-limit
	limited, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if _, err := model.Chat(limited, gpt4all.Ask("Tell a very long story.")); errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("too long:", err)
	}

	model.Close()
	// end of example
}
