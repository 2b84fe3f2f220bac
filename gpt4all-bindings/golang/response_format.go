package gpt4all

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"regexp"

	"github.com/google/jsonschema-go/jsonschema"
)

// SchemaOwner is a type that says itself which values it has, such as one of three texts, or the numbers from 1 to 9.
// Types without it are described by what encoding/json makes of them, and as texts if they have a method UnmarshalText.
//
//	func (Country) JSONSchema() *jsonschema.Schema {
//		return &jsonschema.Schema{Type: "string", Enum: []any{"France", "Germany", "Italy"}}
//	}
type SchemaOwner interface {
	JSONSchema() *jsonschema.Schema
}

// FormatOf is the form of an answer that is a value of a Go type, through its JSON Schema: fields as encoding/json names
// them, described by the tag `jsonschema:"…"`; a type that is a [SchemaOwner] has its own. [Parse] reads the answer. Fails
// with [ErrInvalidArgument] for a type that no JSON Schema can describe, such as one with a function or one that contains
// itself.
func FormatOf[T any]() (ResponseFormat, error) {
	schema, err := describe[T](limits)
	if err != nil {
		return nil, err
	}
	form := FreeObject(schema)
	if text, err := json.Marshal(schema); err == nil && string(text) == "true" { // as of any
		form = object{}
	}
	return ResponseFormatJSONSchema{JSONSchema: ResponseFormatJSONSchemaJSONSchema{
		Name: Ptr(nameOf[T]()), Schema: form,
	}}, nil
}

// Parse reads an answer that was given in the form of a type. Fails with [ErrResponseFormat] if the answer was cut off,
// or does not fit; its Detail has "invalid" where the library has checked an answer to a request that is not strict.
func Parse[T any](result ChatResult) (T, error) {
	var value T
	text := result.Text()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	invalid := result.Invalid()
	if invalid != nil && invalid.ToolCall != nil { // of a tool's arguments
		invalid = nil
	}
	err := decoder.Decode(&value)
	if err == nil && invalid != nil {
		err = newError(ErrResponseFormat, "%s (%q at %q)", invalid.Message, invalid.Keyword, invalid.Pointer)
	}
	if err == nil && decoder.More() {
		err = newError(ErrResponseFormat, "something follows the value")
	}
	if err == nil {
		err = fits[T](text)
	}
	if err == nil {
		return value, nil
	}
	failure := newError(ErrResponseFormat, "the answer is not what its response format asks for: %v", err)
	if result.FinishReason() == "length" {
		failure = newError(ErrResponseFormat,
			"the answer was cut before its end; allow more MaxTokens, or a larger NCtx")
	}
	var none T
	detail := map[string]any{"text": text, "finish_reason": result.FinishReason()}
	if invalid != nil {
		detail["invalid"] = *invalid
	}
	return none, failure.from(err).with(detail)
}

// ChatAs asks for an answer in the form of a type, and reads it.
func ChatAs[T any](ctx context.Context, model *Model, request ChatRequest) (T, error) {
	var none T
	format, err := FormatOf[T]()
	if err != nil {
		return none, err
	}
	request.ResponseFormat = format
	result, err := model.Chat(ctx, request)
	if err != nil {
		return none, err
	}
	return Parse[T](result)
}

// fits checks what JSON may lack without json.Decoder minding it.
func fits[T any](text string) error {
	schema, err := schemaOf[T]()
	if err != nil {
		return err
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return err
	}
	return resolved.Validate(value)
}

var noNames = regexp.MustCompile(`[^A-Za-z0-9_-]`)

func nameOf[T any]() string {
	name := noNames.ReplaceAllString(reflect.TypeFor[T]().Name(), "_")
	if name == "" {
		return "answer"
	}
	return name[:min(len(name), 64)]
}
