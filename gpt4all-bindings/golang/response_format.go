package gpt4all

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"reflect"
	"regexp"

	"github.com/google/jsonschema-go/jsonschema"
)

// SchemaOwner is a type that says itself which values it has, such as one of three texts, or the numbers from 1 to 9.
// Types without it are described by what encoding/json makes of them.
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
	return ResponseFormatJSONSchema{JSONSchema: ResponseFormatJSONSchemaJSONSchema{
		Name: Ptr(nameOf[T]()), Schema: schema, Strict: Ptr(true),
	}}, nil
}

// Parse reads an answer that was given in the form of a type. Fails with [ErrResponseFormat] if the answer was cut off,
// or does not fit.
func Parse[T any](result ChatResult) (T, error) {
	var value T
	text := result.Text()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&value)
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
	return none, failure.from(err).with(map[string]any{"text": text, "finish_reason": result.FinishReason()})
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

func schemaOf[T any]() (*jsonschema.Schema, error) { return describe[T](nil) }

// limits is the schemas of the integers of 64 bits, which no schema limits otherwise: as near to the type's limits as a
// float64 comes. Not for tools, whose descriptions the model reads.
var limits = map[reflect.Kind]*jsonschema.Schema{
	reflect.Int:    between(-below(-math.MinInt), below(-math.MinInt)),
	reflect.Int64:  between(-below(-math.MinInt64), below(-math.MinInt64)),
	reflect.Uint:   between(0, below(-2*math.MinInt)),
	reflect.Uint64: between(0, below(-2*math.MinInt64)),
}

func below(limit float64) float64 { return math.Trunc(math.Nextafter(limit, 0)) }

func between(least, greatest float64) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Minimum: &least, Maximum: &greatest}
}

// describe is the schema of a type, in which types of some kinds have others than usual.
func describe[T any](kinds map[reflect.Kind]*jsonschema.Schema) (*jsonschema.Schema, error) {
	own := map[reflect.Type]*jsonschema.Schema{}
	ownSchemas(reflect.TypeFor[T](), kinds, own, map[reflect.Type]bool{})
	schema, err := jsonschema.For[T](&jsonschema.ForOptions{TypeSchemas: own})
	if err != nil {
		return nil, newError(ErrInvalidArgument, "%v cannot be described by a JSON Schema: %v", reflect.TypeFor[T](), err).
			from(err)
	}
	return schema, nil
}

// ownSchemas finds the types within a type that have schemas of their own, or are of one of the kinds.
func ownSchemas(
	within reflect.Type, kinds map[reflect.Kind]*jsonschema.Schema, found map[reflect.Type]*jsonschema.Schema,
	seen map[reflect.Type]bool,
) {
	if seen[within] {
		return
	}
	seen[within] = true
	if within.Kind() != reflect.Pointer && within.Kind() != reflect.Interface {
		if owner, ok := reflect.New(within).Interface().(SchemaOwner); ok {
			found[within] = owner.JSONSchema()
			return
		}
	}
	if schema := kinds[within.Kind()]; schema != nil {
		found[within] = schema
	}
	switch within.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		ownSchemas(within.Elem(), kinds, found, seen)
	case reflect.Struct:
		for index := range within.NumField() {
			ownSchemas(within.Field(index).Type, kinds, found, seen)
		}
	}
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
