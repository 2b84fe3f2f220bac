package gpt4all

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Function is a function that a model may ask to call. [NewFunction] makes one of a Go function.
type Function struct {
	// 1 to 64 of A-Z, a-z, 0-9, _, . and -.
	Name string
	// What it does, for the model.
	Description string
	// The JSON Schema of its arguments, which are an object.
	Parameters any
	// Performs a call, whose arguments are JSON. What it returns is told to the model: a string as it is, all else as
	// JSON. If it fails, the model is told that instead, and may try again.
	Call func(ctx context.Context, arguments json.RawMessage) (any, error)
}

var toolName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// NewFunction describes a Go function, whose arguments are the fields of a struct: named as encoding/json names them,
// described by the tag `jsonschema:"…"`; those with omitempty or omitzero may be left out.
//
//	weather, err := gpt4all.NewFunction("weather", "The weather in a city.",
//		func(ctx context.Context, in struct {
//			City string `json:"city" jsonschema:"The city's name."`
//		}) (string, error) {
//			return "sunny in " + in.City, nil
//		})
func NewFunction[A, R any](
	name, description string, call func(ctx context.Context, arguments A) (R, error),
) (*Function, error) {
	if call == nil {
		return nil, newError(ErrInvalidArgument, "the tool %s has no function to call", name)
	}
	schema, err := schemaOf[A]()
	if err != nil {
		return nil, err
	}
	if schema.Type != "object" {
		return nil, newError(ErrInvalidArgument, "%s is not a tool: its arguments are not the fields of a struct", name)
	}
	function := &Function{Name: name, Description: description, Parameters: schema}
	function.Call = func(ctx context.Context, arguments json.RawMessage) (any, error) {
		var given A
		if err := fits[A](string(arguments)); err != nil {
			return nil, fmt.Errorf("the arguments do not fit: %w", err)
		}
		if err := json.Unmarshal(arguments, &given); err != nil {
			return nil, fmt.Errorf("the arguments do not fit: %w", err)
		}
		return call(ctx, given)
	}
	return function, function.check()
}

func (f *Function) check() error {
	if f == nil {
		return newError(ErrInvalidArgument, "a tool is nil; make one with NewFunction")
	}
	if !toolName.MatchString(f.Name) {
		return newError(ErrInvalidArgument, "%q is not a name for a tool: use 1 to 64 of A-Z, a-z, 0-9, _, . and -", f.Name)
	}
	if f.Call == nil {
		return newError(ErrInvalidArgument, "the tool %s has no function to call", f.Name)
	}
	return nil
}

// Tool is the function as in OpenAI's requests.
func (f *Function) Tool() Tool {
	tool := Tool{Function: ToolFunction{Name: f.Name, Parameters: f.Parameters}}
	if f.Description != "" {
		tool.Function.Description = &f.Description
	}
	return tool
}

// contentOf is what a function returned as the model is told it.
func contentOf(value any) (string, error) {
	if text, ok := value.(string); ok {
		if !utf8.ValidString(text) {
			return "", notUTF8(text) // no request can hold it
		}
		return text, nil
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// wholeCalls is a message's calls whose arguments are whole objects: no template could show the model one that
// MaxTokens cut short.
func wholeCalls(calls []ToolCall) []ToolCall {
	var whole []ToolCall
	for _, each := range calls {
		if _, ok := objectOf([]byte(argumentsOf(each))); ok {
			whole = append(whole, each)
		}
	}
	return whole
}
