// The examples of docs/logging.md in Go.
package main

import (
	// example: log
	"context"
	"fmt"
	"log"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

func main() {
	// example: log
	err := gpt4all.SetLog(gpt4all.LogLevelInfo, func(level gpt4all.LogLevel, message string) {
		fmt.Println(level, message)
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "smollm2")
	if err != nil {
		log.Fatal(err)
	}
	request := gpt4all.Ask("Hello.")
	request.MaxTokens = gpt4all.Ptr(10)
	answer, err := model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text())
	// end of example

	// example: timings
	answer, err = model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	timings := answer.Timings
	fmt.Println(*timings.PromptN, *timings.PromptPerSecond, *timings.PredictedN, *timings.PredictedPerSecond)
	model.Close()
	// end of example
}
