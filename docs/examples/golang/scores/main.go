// The examples of docs/scores.md in Go.
package main

import (
	// example: first
	"context"
	// end of example

	// example: logprobs-stream
	"encoding/json"
	// end of example

	// example: first
	"fmt"
	"log"
	// end of example

	// example: perplexity
	"math"
	// end of example

	// example: first
	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

func main() {
	// example: first
	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "smollm2")
	if err != nil {
		log.Fatal(err)
	}
	scores, err := model.Score(ctx, gpt4all.ScoreRequest{
		Context: "The capital of France is", Continuations: []gpt4all.TextOrTokens{" Paris.", " Rome.", " cheese."},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, score := range scores.Continuations {
		fmt.Println(score.Logprob, score.Greedy, len(score.Tokens))
	}
	// end of example

	// example: perplexity
	fox, err := model.Score(ctx, gpt4all.ScoreRequest{
		Context: "The quick brown fox", Continuations: []gpt4all.TextOrTokens{" jumps over the lazy dog."},
	})
	if err != nil {
		log.Fatal(err)
	}
	score := fox.Continuations[0]
	fmt.Println(math.Exp(-score.Logprob / float64(len(score.Tokens))))
	// end of example

	// example: rows
	sky, err := model.Score(ctx, gpt4all.ScoreRequest{
		Context: "The sky is", Continuations: []gpt4all.TextOrTokens{" blue"}, LogprobRows: "continuation",
	})
	if err != nil {
		log.Fatal(err)
	}
	row := sky.LogprobRows[0] // a []float32
	best := 0
	for token := range row {
		if row[token] > row[best] {
			best = token
		}
	}
	text, err := model.Detokenize(ctx, gpt4all.DetokenizeRequest{Tokens: gpt4all.TokenIDs{gpt4all.TokenID(best)}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q %f\n", text, row[best])
	// end of example

	// example: batch
	inputs := []gpt4all.ScoreBatchRequestInput{
		{Context: "The capital of France is", Continuations: []gpt4all.TextOrTokens{" Paris.", " Rome."}},
		{Context: "Water freezes at", Continuations: []gpt4all.TextOrTokens{" 0 degrees Celsius.", " 50 degrees Celsius."}},
	}
	batch, err := model.ScoreBatch(ctx, gpt4all.ScoreBatchRequest{Inputs: inputs})
	if err != nil {
		log.Fatal(err)
	}
	for i, result := range batch.Results {
		likeliest := 0
		for j, score := range result.Continuations {
			if score.Logprob > result.Continuations[likeliest].Logprob {
				likeliest = j
			}
		}
		fmt.Println(inputs[i].Context, inputs[i].Continuations[likeliest])
	}
	// end of example

	// example: logprobs
	request := gpt4all.Ask("Is the sky blue?")
	request.Logprobs, request.TopLogprobs = gpt4all.Ptr(true), gpt4all.Ptr(3)
	request.MaxTokens, request.Temperature = gpt4all.Ptr(4), gpt4all.Ptr(0.0)
	answer, err := model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range answer.Choices[0].Logprobs.Content {
		fmt.Printf("%q %f", token.Token, *token.Logprob)
		for _, each := range token.TopLogprobs {
			fmt.Printf(" %q", each.Token)
		}
		fmt.Println()
	}
	// end of example

	// example: logprobs-stream
	request.MaxTokens = gpt4all.Ptr(8)
	for event, err := range model.ChatStream(ctx, request).Events() {
		if err != nil {
			log.Fatal(err)
		}
		if event.Kind == gpt4all.EventKindTokenLogprobs {
			var told gpt4all.Logprobs
			if err := json.Unmarshal(event.JSON, &told); err != nil {
				log.Fatal(err)
			}
			for _, token := range told.Content {
				fmt.Printf("%q %.2f\n", token.Token, *token.Logprob)
			}
		}
	}
	// end of example

	// example: tokens
	tokens, err := model.Tokenize(ctx, gpt4all.TokenizeRequest{Content: "Hello, world."})
	if err != nil {
		log.Fatal(err)
	}
	again, err := model.Detokenize(ctx, gpt4all.DetokenizeRequest{Tokens: tokens})
	if err != nil {
		log.Fatal(err)
	}
	count, err := model.CountTokens(ctx, gpt4all.CountTokensRequest{Prompt: "Hello, world."})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokens, again, count)
	model.Close()
	// end of example
}
