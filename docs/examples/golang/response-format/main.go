// The examples of docs/response-format.md in Go.
package main

import (
	// example: first
	"context"
	"fmt"
	"log"
	// end of example

	// example: refused
	"errors"
	// end of example

	// example: first
	"github.com/google/jsonschema-go/jsonschema"
	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

// example: first
type City struct {
	Name    string  `json:"name"`
	Country Country `json:"country"`
	People  int     `json:"people" jsonschema:"How many live there."`
}

type Country string

func (Country) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"France", "Germany", "Italy"}}
}

// end of example

// example: choice
type YesOrNo string

func (YesOrNo) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"yes", "no"}}
}

// end of example

// example: limits
type Shopping struct {
	Item  Item  `json:"item"`
	Count Count `json:"count"`
}

type Item string

func (Item) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"apples", "bread"}}
}

type Count int

func (Count) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Minimum: gpt4all.Ptr(1.0), Maximum: gpt4all.Ptr(9.0)}
}

// end of example

func main() {
	// example: first
	ctx := context.Background()
	model, err := gpt4all.Load(ctx, "smollm2")
	if err != nil {
		log.Fatal(err)
	}
	request := gpt4all.Ask("Describe Berlin as JSON.")
	request.MaxTokens = gpt4all.Ptr(200)
	request.Temperature = gpt4all.Ptr(0.0)
	city, err := gpt4all.ChatAs[City](ctx, model, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(city.Name, city.Country, city.People)
	// end of example

	// example: choice
	request = gpt4all.Ask("Is Paris in France? Answer yes or no.")
	request.MaxTokens = gpt4all.Ptr(10)
	request.Temperature = gpt4all.Ptr(0.0)
	isIt, err := gpt4all.ChatAs[YesOrNo](ctx, model, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(isIt)
	// end of example

	// example: limits
	request = gpt4all.Ask("I want two loaves of bread. As JSON.")
	request.MaxTokens = gpt4all.Ptr(60)
	request.Temperature = gpt4all.Ptr(0.0)
	order, err := gpt4all.ChatAs[Shopping](ctx, model, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.Item, order.Count)
	// end of example

	// example: refused
	request = gpt4all.Ask("Three digits.")
	request.JSONSchema = map[string]any{"type": "string", "pattern": "[0-9]{3}"}
	_, err = model.Chat(ctx, request)
	var failure *gpt4all.Error
	if errors.As(err, &failure) && failure.Kind == gpt4all.ErrGrammar {
		fmt.Println(failure.Detail["keyword"], failure.Detail["pointer"], failure)
	}
	// end of example

	// example: checked
	request = gpt4all.Ask("Two lucky digits, as JSON.")
	request.MaxTokens = gpt4all.Ptr(50)
	request.Strict = gpt4all.Ptr(false)
	request.JSONSchema = map[string]any{
		"type": "array", "items": map[string]any{"enum": []int{3, 5, 7}}, "minItems": 2, "maxItems": 3,
		"allOf": []any{
			map[string]any{"contains": map[string]any{"const": 3}},
			map[string]any{"contains": map[string]any{"const": 7}},
		},
	}
	lucky, err := model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(lucky.Text(), *lucky.Valid(), lucky.Invalid())
	// end of example

	// example: cut
	request = gpt4all.Ask("Describe Berlin as JSON.")
	request.MaxTokens = gpt4all.Ptr(5)
	_, err = gpt4all.ChatAs[City](ctx, model, request)
	if errors.As(err, &failure) && failure.Kind == gpt4all.ErrResponseFormat {
		fmt.Println(failure, failure.Detail["finish_reason"])
	}
	// end of example

	// example: grammar
	request = gpt4all.Ask("Heads or tails?")
	request.Grammar = gpt4all.Ptr(`root ::= "heads" | "tails"`)
	request.MaxTokens = gpt4all.Ptr(10)
	coin, err := model.Chat(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(coin.Text())
	// end of example

	// example: close
	model.Close()
	// end of example
}
