// The examples of docs/tools.md in Go.
package main

import (
	// example: first
	"context"
	"fmt"
	"log"
	// end of example

	// example: described
	"encoding/json"
	// end of example

	// example: first
	"github.com/google/jsonschema-go/jsonschema"
	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

// example: first
type Asked struct {
	City City `json:"city" jsonschema:"Where."`
	Unit Unit `json:"unit,omitempty" jsonschema:"Of the temperature; celsius if it is left out."`
}

type City string

func (City) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"Paris", "Rome"}}
}

type Unit string

func (Unit) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"celsius", "fahrenheit"}}
}

func today(ctx context.Context, asked Asked) (map[string]any, error) {
	if asked.Unit == "" {
		asked.Unit = "celsius"
	}
	return map[string]any{"city": asked.City, "temperature": 21, "unit": asked.Unit}, nil
}

// end of example

func main() {
	// example: first
	weather, err := gpt4all.NewFunction("weather", "The weather of today.", today)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "qwen3-0.6b") // one that was trained to call tools
	if err != nil {
		log.Fatal(err)
	}
	request := gpt4all.Ask("Do I need a coat in Paris?")
	request.MaxTokens = gpt4all.Ptr(300)
	result, err := model.RunTools(ctx, request, gpt4all.ToolRun{Functions: []*gpt4all.Function{weather}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Text())
	for _, call := range result.Calls {
		fmt.Println(call.Name, call.Arguments, call.Value)
	}
	// end of example

	// example: described
	forecast := *weather
	forecast.Name, forecast.Description = "forecast", "Tomorrow's weather."
	described, err := json.Marshal(forecast.Tool())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(described))
	// end of example

	// example: yourself
	request = gpt4all.Ask("How warm is Rome?")
	request.Tools = []gpt4all.Tool{weather.Tool()}
	request.ToolChoice = "required"
	request.ParallelToolCalls = gpt4all.Ptr(false)
	request.Temperature = gpt4all.Ptr(0.0)
	request.MaxTokens = gpt4all.Ptr(200)
	answer, err := model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.FinishReason())

	call := answer.ToolCalls()[0]
	value, err := weather.Call(ctx, call.Arguments())
	if err != nil {
		log.Fatal(err)
	}
	told := gpt4all.MessageTool{ToolCallID: call.ID, Content: fmt.Sprint(value)}
	request.Messages = append(request.Messages, answer.Message(), told)
	request.ToolChoice = "none"
	request.MaxTokens = gpt4all.Ptr(60)
	answer, err = model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text())
	// end of example

	// example: close
	model.Close()
	// end of example
}
