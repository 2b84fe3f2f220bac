package gpt4all

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxRounds is the most answers of the model in one run with tools, where the caller does not say.
const MaxRounds = 10

// ToolRun is what a run with tools has besides its request.
type ToolRun struct {
	// What the model may ask to call. Tools in the request's Tools are described to it, too; a call of one of them ends
	// the run, as the caller has to make it.
	Functions []*Function
	// Maximum number of answers by the model, including the last; [ErrToolRounds] if it is still asking for calls then.
	// 0: [MaxRounds].
	MaxRounds int
}

// ToolOutcome is a call that has been made.
type ToolOutcome struct {
	// As the model wrote them; arguments are JSON text.
	Name, Arguments string
	// What the model was told.
	Content string
	// What the function returned; nil if it failed.
	Value any
	// What it failed with, or what was wrong with the call.
	Err error
}

// ToolsResult is the outcome of a run with tools. Its ChatResult is the model's last answer.
type ToolsResult struct {
	ChatResult
	// The whole conversation: the input, the calls, what the tools returned, and the last answer.
	Messages []Message
	// The calls that were made, in order.
	Calls []ToolOutcome
	// How many answers the model gave.
	Rounds int
}

// RunTools answers a conversation, calling the functions that the model asks for, until it answers with text. A required
// ToolChoice applies to the first round.
func (m *Model) RunTools(ctx context.Context, request ChatRequest, tools ToolRun) (ToolsResult, error) {
	return finish(ctx, m.runTools(request, tools, false))
}

// RunToolsStream is RunTools, with the answers as they are written. What functions returned are events, too.
func (m *Model) RunToolsStream(ctx context.Context, request ChatRequest, tools ToolRun) *Stream[ToolsResult] {
	return newStream(ctx, m.runTools(request, tools, true))
}

func (m *Model) runTools(request ChatRequest, tools ToolRun, stream bool) run[ToolsResult] {
	given, err := asObject(request)
	if err != nil {
		return failed[ToolsResult](err)
	}
	return m.runObject(given, request.Messages, tools, stream)
}

func failed[R any](err error) run[R] {
	return func(context.Context, func(Event) bool) (none R, _ error) { return none, err }
}

// runObject is a run whose request is JSON, but for its messages.
func (m *Model) runObject(request object, messages []Message, tools ToolRun, stream bool) run[ToolsResult] {
	loop, err := newToolLoop(m, request, messages, tools, stream)
	if err != nil {
		return failed[ToolsResult](err)
	}
	return loop.run
}

// newToolLoop adds the tools to the request.
func newToolLoop(m *Model, request object, messages []Message, tools ToolRun, stream bool) (*toolLoop, error) {
	loop := &toolLoop{model: m, request: request, messages: slices.Clone(messages), rounds: tools.MaxRounds,
		functions: map[string]*Function{}, left: map[string]bool{}}
	return loop, loop.prepare(tools, stream)
}

// toolLoop is one run.
type toolLoop struct {
	model     *Model
	request   object
	messages  []Message
	rounds    int
	functions map[string]*Function
	names     []string
	left      map[string]bool // to the caller
	calls     []ToolOutcome
}

func (l *toolLoop) prepare(tools ToolRun, stream bool) error {
	var described []json.RawMessage
	if given := l.request["tools"]; given != nil {
		if json.Unmarshal(given, &described) != nil {
			return nil // the library says what is wrong
		}
	}
	for _, each := range described {
		var tool Tool
		if json.Unmarshal(each, &tool) == nil {
			l.left[tool.Function.Name] = true
		}
	}
	for _, each := range tools.Functions {
		if err := each.check(); err != nil {
			return err
		}
		l.functions[each.Name] = each
		l.names = append(l.names, each.Name)
		text, err := encode(each.Tool())
		if err != nil {
			return err
		}
		described = append(described, text)
	}
	if l.rounds == 0 {
		l.rounds = MaxRounds
	}
	if l.rounds < 1 {
		return newError(ErrInvalidArgument, "MaxRounds is %d, but a run needs at least one round", l.rounds)
	}
	if err := oneAnswer(l.request, "a run with tools has one answer at a time"); err != nil {
		return err
	}
	if len(described) > 0 {
		if err := l.request.set("tools", described); err != nil {
			return err
		}
	}
	return l.request.set("stream", stream)
}

// oneAnswer refuses several choices.
func oneAnswer(request object, why string) error {
	if n := string(request["n"]); n != "" && n != "1" && n != "null" {
		return newError(ErrInvalidArgument, `%s; leave "n" out`, why)
	}
	return nil
}

func (l *toolLoop) run(ctx context.Context, give func(Event) bool) (none ToolsResult, _ error) {
	for rounds := 1; ; rounds++ {
		if err := l.request.set("messages", l.messages); err != nil {
			return none, err
		}
		answer, err := ask(l.model, OperationChat, l.request, plain[ChatResult])(ctx, give)
		if err != nil {
			return none, err
		}
		message := answer.Message().(MessageAssistant)
		message.ToolCalls = wholeCalls(message.ToolCalls)
		l.messages = append(l.messages, message)
		if len(message.ToolCalls) == 0 || slices.ContainsFunc(message.ToolCalls, l.isLeft) {
			return ToolsResult{answer, l.messages, l.calls, rounds}, nil
		}
		if rounds == l.rounds {
			return none, newError(ErrToolRounds,
				"after %d rounds the model is still asking for calls; raise MaxRounds, or ask for less", rounds).
				with(map[string]any{"messages": l.messages, "rounds": rounds})
		}
		for _, call := range message.ToolCalls {
			told, err := l.answerCall(ctx, call)
			if err != nil {
				return none, err
			}
			l.messages = append(l.messages, told)
			text, err := encode(told)
			if err != nil {
				return none, err
			}
			if !give(Event{Kind: EventKindToolResult, JSON: text}) {
				return none, leftEarly()
			}
		}
		if string(l.request["tool_choice"]) != `"none"` {
			l.request["tool_choice"] = json.RawMessage(`"auto"`)
		}
	}
}

func (l *toolLoop) isLeft(call ToolCall) bool { return l.left[call.Function.Name] }

// answerCall makes a call, and gives the message that tells the model of it.
func (l *toolLoop) answerCall(ctx context.Context, call ToolCall) (Message, error) {
	if err := checkContext(ctx, "the next call"); err != nil {
		return nil, err
	}
	name := call.Function.Name
	outcome := ToolOutcome{Name: name, Arguments: argumentsOf(call)}
	if function := l.functions[name]; function == nil {
		outcome.Err = fmt.Errorf("there is no tool %q; the tools are %s", name, strings.Join(l.names, ", "))
	} else {
		outcome.Value, outcome.Err = function.Call(ctx, json.RawMessage(outcome.Arguments))
	}
	if outcome.Err == nil {
		outcome.Content, outcome.Err = contentOf(outcome.Value)
	}
	if outcome.Err != nil {
		if err := checkContext(ctx, "the next answer"); err != nil {
			return nil, errors.Join(err, outcome.Err)
		}
		warn("the tool %s(%s) failed: %v", name, outcome.Arguments, outcome.Err)
		outcome.Value = nil
		outcome.Content, _ = contentOf(map[string]string{"error": outcome.Err.Error()})
	}
	l.calls = append(l.calls, outcome)
	id := ""
	if call.ID != nil {
		id = *call.ID
	}
	return MessageTool{Content: outcome.Content, ToolCallID: &id, Name: &name}, nil
}
