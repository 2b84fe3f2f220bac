package gpt4all

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// hermes describes tools, and writes calls as Hermes models do.
const hermes = "{% if tools %}tools:{% for t in tools %} {{ t.function | tojson }}{% endfor %}\n{% endif %}" +
	"{% for m in messages %}{{ m.role }}: {{ m.content if m.content else '' }}" +
	"{% for c in m.tool_calls or [] %}<tool_call>\n" +
	"{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}\n" +
	"</tool_call>{% endfor %}\n{% endfor %}"

func withTools(t *testing.T) *Model {
	return tiny(t, WithOptions(OpenOptions{NCtx: Ptr(2048), ChatTemplate: Ptr(hermes)}))
}

// oneCall has the model call a function once.
func oneCall() ChatRequest {
	request := Ask("Is it raining?")
	request.ToolChoice, request.ParallelToolCalls = "required", Ptr(false)
	request.Temperature, request.MaxTokens = Ptr(0.0), Ptr(150)
	return request
}

type place struct {
	Inside bool `json:"inside" jsonschema:"Whether under a roof."`
}

func weather(t *testing.T, answer func() (dict, error)) *Function {
	t.Helper()
	function, err := NewFunction("weather", "The weather.", func(_ context.Context, _ place) (dict, error) {
		return answer()
	})
	if err != nil {
		t.Fatal(err)
	}
	return function
}

func TestFunctionsAreCalledUntilThereIsAnAnswer(t *testing.T) {
	model := withTools(t)
	calls := 0
	function := weather(t, func() (dict, error) { calls++; return dict{"sky": "blue"}, nil })
	told := 0
	stream := model.RunToolsStream(t.Context(), oneCall(), ToolRun{Functions: []*Function{function}})
	for event, err := range stream.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind == EventKindToolResult {
			told++
			if message := decoded(event.JSON).(dict); message["role"] != "tool" || message["content"] != `{"sky":"blue"}` {
				t.Errorf("the model is told %v", message)
			}
		}
	}
	result, err := stream.Result()
	if err != nil || calls == 0 || calls != len(result.Calls) || told != calls || result.Rounds != calls+1 {
		t.Fatalf("%d calls, %d told, %d rounds, %v", calls, told, result.Rounds, err)
	}
	if len(result.Messages) != 2+2*calls || result.Calls[0].Name != "weather" || result.Calls[0].Err != nil {
		t.Errorf("%+v", result)
	}
}

func TestTheModelIsToldOfFailures(t *testing.T) {
	function := weather(t, func() (dict, error) { return nil, fmt.Errorf("no <roof>") })
	result, err := withTools(t).RunTools(t.Context(), oneCall(), ToolRun{Functions: []*Function{function}})
	if err != nil {
		t.Fatal(err)
	}
	if call := result.Calls[0]; call.Err == nil || call.Content != `{"error":"no <roof>"}` || call.Value != nil {
		t.Errorf("%+v", call)
	}
}

func TestTheModelIsToldOfWhatIsNotUTF8(t *testing.T) {
	function := weather(t, nil)
	for name, call := range map[string]func() (any, error){
		"a text":   func() (any, error) { return "a\xff", nil },
		"an error": func() (any, error) { return nil, errors.New("a\xff") },
		"a name":   func() (any, error) { return []string{"a\xff"}, nil },
	} {
		function.Call = func(context.Context, json.RawMessage) (any, error) { return call() }
		result, err := withTools(t).RunTools(t.Context(), oneCall(), ToolRun{Functions: []*Function{function}})
		if err != nil || len(result.Calls) == 0 || !utf8.ValidString(result.Calls[0].Content) {
			t.Errorf("of %s: %+v, %v", name, result.Calls, err)
		}
	}
}

func TestRoundsHaveAnEnd(t *testing.T) {
	function := weather(t, func() (dict, error) { return dict{}, nil })
	_, err := withTools(t).RunTools(t.Context(), oneCall(), ToolRun{Functions: []*Function{function}, MaxRounds: 1})
	var failure *Error
	if !errors.Is(err, ErrToolRounds) || !errors.As(err, &failure) || failure.Detail["rounds"] != 1 {
		t.Errorf("%v", err)
	}
}

func TestCallsOfOtherToolsAreTheCallers(t *testing.T) {
	request := oneCall()
	function := weather(t, nil)
	request.Tools = []Tool{function.Tool()}
	result, err := withTools(t).RunTools(t.Context(), request, ToolRun{})
	if err != nil || len(result.ToolCalls()) != 1 || len(result.Calls) != 0 || result.FinishReason() != "tool_calls" {
		t.Fatalf("%+v, %v", result.ChatResult, err)
	}
	mine := weather(t, func() (dict, error) { return dict{"sky": "grey"}, nil })
	if value, err := mine.Call(t.Context(), result.ToolCalls()[0].Arguments()); err != nil || value.(dict)["sky"] != "grey" {
		t.Errorf("%v, %v", value, err)
	}
}

func TestTheContextEndsARun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	function := weather(t, func() (dict, error) { cancel(); return dict{}, nil })
	_, err := withTools(t).RunTools(ctx, oneCall(), ToolRun{Functions: []*Function{function}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAPanicInAFunctionComesOut(t *testing.T) {
	model := withTools(t)
	function := weather(t, func() (dict, error) { panic("mine") })
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic did not come out")
			}
		}()
		_, _ = model.RunTools(t.Context(), oneCall(), ToolRun{Functions: []*Function{function}})
	}()
	works(t, model)
}

func TestSessionsCallFunctions(t *testing.T) {
	function := weather(t, func() (dict, error) { return dict{"sky": "blue"}, nil })
	s, err := NewSession(withTools(t), SessionOptions{Tools: ToolRun{Functions: []*Function{function}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Chat(t.Context(), oneCall()); err != nil || !strings.HasPrefix(roles(s), "user assistant tool") {
		t.Errorf("%v, %s", err, roles(s))
	}
}

func TestWhatIsNoTool(t *testing.T) {
	call := func(context.Context, place) (string, error) { return "", nil }
	if _, err := NewFunction("two words", "", call); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of a name: %v", err)
	}
	number := func(context.Context, int) (string, error) { return "", nil }
	if _, err := NewFunction("number", "", number); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of arguments that are no struct: %v", err)
	}
	type odd struct{ F func() }
	if _, err := NewFunction("odd", "", func(context.Context, odd) (string, error) { return "", nil }); !errors.Is(
		err, ErrInvalidArgument) {
		t.Errorf("of arguments that JSON has nothing like: %v", err)
	}
	function, err := NewFunction("place", "", call)
	if err != nil {
		t.Fatal(err)
	}
	for _, arguments := range []string{`{}`, `{"inside":1}`, `{"inside":true,"more":1}`, `[]`, `{`} {
		if _, err := function.Call(t.Context(), rawJSON(arguments)); err == nil {
			t.Errorf("%s was taken", arguments)
		}
	}
	twice := ToolRun{Functions: []*Function{function, function}}
	if _, err := withTools(t).RunTools(t.Context(), oneCall(), twice); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("two of a name: %v", err)
	}
}
