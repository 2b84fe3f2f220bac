package gpt4all

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

type colours struct {
	Red   bool   `json:"red" jsonschema:"Whether there is red."`
	Blue  bool   `json:"blue"`
	Shade []bool `json:"shade,omitempty"`
}

func TestAnswersInTheFormOfAType(t *testing.T) {
	request := Ask("Which colours?")
	request.MaxTokens, request.Temperature = Ptr(200), Ptr(0.0)
	type two struct {
		Red  bool `json:"red"`
		Blue bool `json:"blue"`
	}
	if _, err := ChatAs[two](t.Context(), tiny(t), request); err != nil {
		t.Error(err)
	}
	request.MaxTokens = Ptr(2)
	_, err := ChatAs[two](t.Context(), tiny(t), request)
	var failure *Error
	if !errors.Is(err, ErrResponseFormat) || !errors.As(err, &failure) || failure.Detail["finish_reason"] != "length" {
		t.Errorf("of an answer that was cut: %v", err)
	}
}

func TestTheSchemaOfAType(t *testing.T) {
	format, err := FormatOf[colours]()
	if err != nil {
		t.Fatal(err)
	}
	text, err := encode(format)
	if err != nil {
		t.Fatal(err)
	}
	const expected = `{"type":"json_schema","json_schema":{"name":"colours","schema":{"type":"object","properties":` +
		`{"red":{"type":"boolean","description":"Whether there is red."},"blue":{"type":"boolean"},` +
		`"shade":{"type":["null","array"],"items":{"type":"boolean"}}},` +
		`"required":["red","blue"],"additionalProperties":false}}}`
	if string(text) != expected {
		t.Errorf("%s", text)
	}
	type loop struct{ Next *loop }
	if _, err := FormatOf[loop](); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of a type that contains itself: %v", err)
	}
}

func TestWhatIsWrittenFitsIntoItsType(t *testing.T) {
	type count int64
	type numbers struct {
		Any   int     `json:"any"`
		Count *count  `json:"count"`
		All   [1]uint `json:"all"`
	}
	model := tiny(t)
	for seed := range 20 {
		request := Ask("Numbers.")
		request.MaxTokens, request.Temperature, request.Seed = Ptr(300), Ptr(1.5), Ptr(int64(seed))
		_, err := ChatAs[numbers](t.Context(), model, request)
		var failure *Error
		if err != nil && !(errors.As(err, &failure) && failure.Detail["finish_reason"] == "length") {
			t.Errorf("%v", err)
		}
	}
	format, err := FormatOf[numbers]()
	if err != nil {
		t.Fatal(err)
	}
	text, err := encode(format)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"count":{"type":["null","integer"],"minimum":-9223372036854775000,"maximum":9223372036854775000}`,
		`"items":{"type":"integer","minimum":0,"maximum":18446744073709550000}`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("there is no %s in %s", part, text)
		}
	}
	tool, err := NewFunction("a", "b", func(context.Context, numbers) (string, error) { return "", nil })
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := encode(tool.Parameters); strings.Contains(string(text), "maximum") {
		t.Errorf("a tool has limits: %s", text)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	answer := func(text string) ChatResult {
		return ChatResult{Choices: []ChatResultChoice{{
			Choice: Choice{FinishReason: "stop"}, Message: ChatResultChoiceMessage{Content: &text},
		}}}
	}
	for _, text := range []string{"", "{}", `{"red":true}`, `{"red":1,"blue":true}`, `{"red":true,"blue":true,"a":1}`,
		`{"red":true,"blue":true} {}`, `[]`} {
		if value, err := Parse[colours](answer(text)); !errors.Is(err, ErrResponseFormat) {
			t.Errorf("%s: %v, %v", text, value, err)
		}
	}
	value, err := Parse[colours](answer(`{"red":true,"blue":false,"shade":[true]}`))
	if err != nil || !value.Red || value.Blue || !value.Shade[0] {
		t.Errorf("%v, %v", value, err)
	}
	if numbers, err := Parse[[]int](answer("[1, 2]")); err != nil || len(numbers) != 2 {
		t.Errorf("%v, %v", numbers, err)
	}
}

type country string

func (country) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"France", "Italy"}}
}

type count int

func (*count) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Minimum: Ptr(1.0), Maximum: Ptr(9.0)}
}

func TestATypeMayHaveASchemaOfItsOwn(t *testing.T) {
	type trip struct {
		To     country            `json:"to" jsonschema:"Where it goes."`
		People *count             `json:"people"`
		Then   []country          `json:"then,omitempty"`
		Days   map[string]country `json:"days,omitempty"`
	}
	format, err := FormatOf[trip]()
	if err != nil {
		t.Fatal(err)
	}
	text, err := encode(format.(ResponseFormatJSONSchema).JSONSchema.Schema)
	if err != nil {
		t.Fatal(err)
	}
	const one = `{"type":"string","enum":["France","Italy"]}`
	const expected = `{"type":"object","properties":{` +
		`"to":{"type":"string","description":"Where it goes.","enum":["France","Italy"]},` +
		`"people":{"type":["null","integer"],"minimum":1,"maximum":9},` +
		`"then":{"type":["null","array"],"items":` + one + `},` +
		`"days":{"type":"object","additionalProperties":` + one + `}},` +
		`"required":["to","people"],"additionalProperties":false}`
	if string(text) != expected {
		t.Errorf("%s", text)
	}
	request := Ask("Where to?")
	request.MaxTokens, request.Temperature = Ptr(200), Ptr(0.0)
	if to, err := ChatAs[country](t.Context(), tiny(t), request); err != nil || (to != "France" && to != "Italy") {
		t.Errorf("%q, %v", to, err)
	}
	if _, err := Parse[country](ChatResult{Choices: []ChatResultChoice{{
		Choice: Choice{FinishReason: "stop"}, Message: ChatResultChoiceMessage{Content: Ptr(`"Spain"`)},
	}}}); !errors.Is(err, ErrResponseFormat) {
		t.Errorf("of a country that is not among them: %v", err)
	}
}

type colour struct{ name string }

func (c *colour) UnmarshalText(text []byte) error {
	c.name = string(text)
	return nil
}

type anyOf string

func (anyOf) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Const: Ptr(any("a"))}, {Const: Ptr(any("b"))}}}
}

type enumOnly string

func (enumOnly) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Enum: []any{"a", "b"}} }

// written asks for answers in the form of a type with several seeds, which must all fit.
func written[T any](t *testing.T, model *Model) (all []T) {
	t.Helper()
	for seed := range 8 {
		request := Ask("JSON.")
		request.MaxTokens, request.Temperature, request.Seed = Ptr(300), Ptr(1.3), Ptr(int64(seed))
		value, err := ChatAs[T](t.Context(), model, request)
		var failure *Error
		if errors.As(err, &failure) && failure.Detail["finish_reason"] == "length" {
			continue
		}
		if err != nil {
			t.Errorf("%T: %v", value, err)
		}
		all = append(all, value)
	}
	return all
}

func TestTypesWithAJSONOfTheirOwn(t *testing.T) {
	model := tiny(t)
	if got := written[struct {
		At     time.Time       `json:"at"`
		Number json.Number     `json:"number"`
		Big    *big.Int        `json:"big"`
		Small  float32         `json:"small"`
		Raw    json.RawMessage `json:"raw"`
	}](t, model); len(got) == 0 {
		t.Error("no answer was whole")
	}
	format, err := FormatOf[struct {
		Colour colour           `json:"colour"`
		Raw    *json.RawMessage `json:"raw"`
		Other  *enumOnly        `json:"other"`
		To     *country         `json:"to"`
		Either *anyOf           `json:"either" jsonschema:"One."`
	}]()
	if err != nil {
		t.Fatal(err)
	}
	const expected = `"properties":{"colour":{"type":"string"},"raw":true,"other":{"enum":["a","b",null]},` +
		`"to":{"type":["null","string"],"enum":["France","Italy",null]},` +
		`"either":{"description":"One.","anyOf":[{"anyOf":[{"const":"a"},{"const":"b"}]},{"type":"null"}]}}`
	if text, _ := encode(format); !strings.Contains(string(text), expected) {
		t.Errorf("%s", text)
	}
	null := false
	for _, each := range written[struct {
		To *country `json:"to"`
	}](t, model) {
		null = null || each.To == nil
	}
	if !null {
		t.Error("a pointer is never null")
	}
	written[any](t, model)
}

func TestTypesThatCannotBeRead(t *testing.T) {
	type inner struct{ A bool }
	_, named := FormatOf[struct {
		inner `json:"inner"`
	}]()
	_, quoted := FormatOf[struct {
		A int `json:"a,string"`
	}]()
	_, methods := FormatOf[[]error]()
	_, keys := FormatOf[map[int]bool]()
	for what, err := range map[string]error{"an embedded struct with a name": named, "string": quoted,
		"an interface": methods, "a map": keys} {
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "cannot be described by a JSON Schema: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := FormatOf[struct {
		inner
		Hidden chan int `json:"-"`
	}](); err != nil {
		t.Error(err)
	}
}

func TestAnswersThatAreNotStrictAreChecked(t *testing.T) {
	model := tiny(t)
	asked := func(second int) ChatRequest {
		contains := func(value int) map[string]any { return map[string]any{"contains": map[string]any{"const": value}} }
		request := Ask("A list.")
		request.MaxTokens, request.Temperature = Ptr(100), Ptr(0.0)
		request.ResponseFormat = ResponseFormatJSONSchema{JSONSchema: ResponseFormatJSONSchemaJSONSchema{
			Schema: map[string]any{"type": "array", "items": map[string]any{"enum": []int{3, 4}}, "minItems": 1,
				"maxItems": 1, "allOf": []any{contains(3), contains(second)}},
		}}
		return request
	}
	if _, err := model.Chat(t.Context(), asked(3)); !errors.Is(err, ErrGrammar) {
		t.Errorf("of what no grammar can say: %v", err)
	}
	for _, second := range []int{3, 4} {
		request := asked(second)
		request.Strict = Ptr(false)
		result, err := model.Chat(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		valid := second == 3
		if result.Valid() == nil || *result.Valid() != valid || (result.Invalid() == nil) != valid {
			t.Errorf("%s is said to be valid: %v, %v", result.Text(), result.Valid(), result.Invalid())
		}
		numbers, err := Parse[[]int](result)
		var failure *Error
		switch {
		case valid && (err != nil || len(numbers) != 1 || numbers[0] != 3):
			t.Errorf("%v, %v", numbers, err)
		case !valid && (!errors.Is(err, ErrResponseFormat) || !errors.As(err, &failure)):
			t.Errorf("of a list without a 4: %v", err)
		case !valid && failure.Detail["invalid"].(Invalid).Keyword != "contains":
			t.Errorf("%v", failure.Detail)
		}
	}
}
