package gpt4all_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
)

// The examples are run with a tiny model, whose answers make no sense.
const path = "../../gpt4all-backend/tests/models/tiny-llama-f32.gguf"

func open() *gpt4all.Model {
	model, err := gpt4all.Open(context.Background(), path)
	if err != nil {
		log.Fatal(err)
	}
	return model
}

func Example() {
	ctx := context.Background()
	model, err := gpt4all.Load(ctx, path)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()

	request := gpt4all.Ask("Why is the sky blue?")
	request.MaxTokens, request.IgnoreEos = gpt4all.Ptr(20), gpt4all.Ptr(true)
	stream := model.ChatStream(ctx, request)
	var text strings.Builder
	for piece, err := range stream.Text() {
		if err != nil {
			log.Fatal(err)
		}
		text.WriteString(piece)
	}
	result, err := stream.Result()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Text() == text.String(), result.FinishReason(), *result.Usage.CompletionTokens)
	// Output: true length 20
}

func ExampleOpen_errors() {
	_, err := gpt4all.Open(context.Background(), "/models/none.gguf")
	fmt.Println(errors.Is(err, gpt4all.ErrModelNotFound))
	var failure *gpt4all.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Status())
	}
	// Output:
	// true
	// not_found
}

func ExampleModel_CompleteStream() {
	model := open()
	defer model.Close()
	request := gpt4all.CompleteRequest{Prompt: "once"}
	request.MaxTokens, request.IgnoreEos = gpt4all.Ptr(1000), gpt4all.Ptr(true)
	pieces := 0
	for _, err := range model.CompleteStream(context.Background(), request).Text() {
		if err != nil {
			log.Fatal(err)
		}
		if pieces++; pieces == 3 {
			break // which cancels the request
		}
	}
	fmt.Println(pieces)
	// Output: 3
}

func ExampleModel_Embed() {
	model := open()
	defer model.Close()
	embeddings, err := model.Embed(context.Background(), gpt4all.EmbedRequest{Input: []string{"one text", "another"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(embeddings.Vectors), len(embeddings.Vectors[0]) == int(embeddings.Dimension))
	// Output: 2 true
}

func ExampleModel_CountTokens() {
	model := open()
	defer model.Close()
	conversation := gpt4all.Ask("Hello").Conversation
	count, err := model.CountTokens(context.Background(), gpt4all.CountTokensRequest{Conversation: conversation})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(count > 0)
	// Output: true
}

func ExampleChatAs() {
	model := open()
	defer model.Close()
	type answer struct {
		Yes bool `json:"yes" jsonschema:"Whether it is so."`
	}
	request := gpt4all.Ask("Is the sky blue?")
	request.MaxTokens, request.Temperature = gpt4all.Ptr(200), gpt4all.Ptr(0.0)
	value, err := gpt4all.ChatAs[answer](context.Background(), model, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(value.Yes || !value.Yes)
	// Output: true
}

func ExampleNewSession() {
	ctx := context.Background()
	model := open()
	defer model.Close()
	options := gpt4all.SessionOptions{System: "Be brief."}
	options.Options.MaxTokens = gpt4all.Ptr(8)
	session, err := gpt4all.NewSession(model, options)
	if err != nil {
		log.Fatal(err)
	}
	for _, question := range []string{"What is the capital of France?", "And of Italy?"} {
		if _, err := session.Chat(ctx, gpt4all.Ask(question)); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(len(session.Messages()))
	// Output: 5
}

func ExampleNewFunction() {
	weather, err := gpt4all.NewFunction("weather", "The weather in a city.",
		func(ctx context.Context, in struct {
			City string `json:"city" jsonschema:"The city's name."`
		}) (string, error) {
			return "sunny in " + in.City, nil
		})
	if err != nil {
		log.Fatal(err)
	}
	told, err := weather.Call(context.Background(), []byte(`{"city": "Rome"}`))
	fmt.Println(told, err)
	// Output: sunny in Rome <nil>
}

func ExampleInspect() {
	info, err := gpt4all.Inspect(context.Background(), path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Architecture, info.Memory.Total > info.Size)
	// Output: llama true
}

func ExampleFind() {
	entry := gpt4all.Find("smollm2 135m instruct")
	fmt.Println(entry.File, entry.License.Name)
	// Output: SmolLM2-135M-Instruct-Q4_1.gguf Apache-2.0
}
