package gpt4all

import (
	"context"
	"errors"
	"strings"
	"testing"

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
		`"required":["red","blue"],"additionalProperties":false},"strict":true}}`
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
