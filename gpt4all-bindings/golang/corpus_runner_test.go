package gpt4all

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

const corpusFolder = "../corpus"

type dict = map[string]any

// corpusStep is a step of a case, or a request of a step.
type corpusStep struct {
	Do          string          `json:"do"`
	Path        string          `json:"path"`
	OutPath     string          `json:"out_path"`
	Options     json.RawMessage `json:"options"`
	Request     json.RawMessage `json:"request"`
	Requests    []corpusStep    `json:"requests"`
	Operation   string          `json:"operation"`
	Session     string          `json:"session"`
	To          string          `json:"to"`
	System      string          `json:"system"`
	Content     string          `json:"content"`
	Poll        json.RawMessage `json:"poll"`
	CancelAfter *int            `json:"cancel_after"`
	Status      string          `json:"status"`
	Expect      []expectation   `json:"expect"`
}

type corpusCase struct {
	ID    string          `json:"id"`
	Title string          `json:"title"`
	Model string          `json:"model"`
	Steps json.RawMessage `json:"steps"`
}

type corpusModel struct {
	File   string
	Size   int64
	SHA256 string
	Source any
}

var manifest = sync.OnceValue(func() (read struct {
	Folder string
	Models map[string]corpusModel
}) {
	text, err := os.ReadFile(filepath.Join(corpusFolder, "models.json"))
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil {
		panic(err)
	}
	return read
})

// testModels is the folder of the tiny models.
func testModels() string {
	folder, err := filepath.Abs(filepath.Join(corpusFolder, manifest().Folder))
	if err != nil {
		panic(err)
	}
	return folder
}

var knownModels sync.Map // which were looked at

// corpusModelPath is the file of a model, or why it cannot be had.
func corpusModelPath(name string) (string, error) {
	entry := manifest().Models[name]
	path := filepath.Join(testModels(), entry.File)
	if entry.Source != nil {
		path = filepath.Join(ModelsFolder(), entry.File)
	}
	if _, known := knownModels.Load(path); known {
		return path, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s is not there; gpt4all pull %s downloads it", path, entry.File)
	}
	digest := sha256.Sum256(data)
	if int64(len(data)) != entry.Size || hex.EncodeToString(digest[:]) != entry.SHA256 {
		return "", fmt.Errorf("%s is not the file that models.json describes", path)
	}
	knownModels.Store(path, true)
	return path, nil
}

// running is a case that runs: its model, its sessions and the outcomes of its steps so far.
type running struct {
	t        *testing.T
	path     string
	model    *Model
	sessions map[string]*Session
	outcomes []any
}

func (r *running) do(step corpusStep) any {
	ctx := context.Background()
	path := step.Path
	if path == "" {
		path = r.path
	}
	switch step.Do {
	case "open":
		r.close()
		return attempt(func() (json.RawMessage, error) {
			model, err := Open(ctx, path, WithOptions(step.Options))
			if err != nil {
				return nil, err
			}
			r.model = model
			return model.info(ctx)
		})
	case "inspect":
		return attempt(func() (json.RawMessage, error) { return inspect(ctx, path, step.Options) })
	case "quantize":
		return attempt(func() (json.RawMessage, error) { return quantize(ctx, path, step.OutPath, step.Options, nil) })
	case "save_state":
		return attempt(func() (json.RawMessage, error) { return r.model.saveState(ctx, step.Path, step.Request) })
	case "restore_state":
		return attempt(func() (json.RawMessage, error) { return r.model.restoreState(ctx, step.Path, step.Request) })
	case "close":
		r.close()
		return dict{"status": "ok"}
	case "statuses":
		numbers := dict{}
		for status := StatusOK; status.String() != "unknown"; status++ {
			numbers[status.String()] = float64(status)
		}
		return dict{"status": "ok", "result": numbers}
	case "request":
		return r.submit(ctx, step)()
	case "together":
		return r.together(ctx, step)
	case "say":
		return r.say(ctx, step)
	case "fork":
		r.sessions[step.To] = r.sessions[step.Session].Fork()
		return dict{"status": "ok"}
	}
	r.t.Fatalf("this runner does not know the step %q", step.Do)
	return nil
}

func (r *running) close() {
	if r.model != nil {
		r.model.Close()
	}
}

func (r *running) together(ctx context.Context, step corpusStep) any {
	var readers []func() dict
	for _, each := range step.Requests {
		readers = append(readers, r.submit(ctx, each))
	}
	outcomes := make([]any, len(readers))
	var all sync.WaitGroup
	for index, reader := range readers {
		all.Add(1)
		go func() {
			defer all.Done()
			outcomes[index] = reader()
		}()
	}
	all.Wait()
	return outcomes
}

func (r *running) say(ctx context.Context, step corpusStep) any {
	session := r.sessions[step.Session]
	if session == nil {
		made, err := NewSession(r.model, SessionOptions{System: step.System})
		if err != nil {
			r.t.Fatal(err)
		}
		session, r.sessions[step.Session] = made, made
	}
	if err := session.SetModel(r.model); err != nil {
		r.t.Fatal(err)
	}
	return attempt(func() (json.RawMessage, error) {
		result, err := finish(ctx, session.ask([]Message{User(step.Content)}, step.Request, false))
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	})
}

// submit starts a request at once, and gives what reads its events to the end.
func (r *running) submit(ctx context.Context, call corpusStep) func() dict {
	task, err := r.model.Submit(ctx, Operation(call.Operation), call.Request)
	if err != nil {
		return func() dict { return failure(err) }
	}
	var before []Event
	polled := dict{}
	if call.Poll != nil {
		polled["poll_status"] = "timeout"
		if event, err := task.Next(); err == nil {
			before = append(before, event)
			if event, ok, _ := task.Poll(0); ok {
				before = append(before, event)
				polled["poll_status"] = "ok"
			}
		}
	}
	return func() dict {
		outcome := r.read(task, before, call.CancelAfter)
		for key, value := range polled {
			outcome[key] = value
		}
		return outcome
	}
}

func attempt(work func() (json.RawMessage, error)) dict {
	text, err := work()
	if err != nil {
		return failure(err)
	}
	return dict{"status": "ok", "result": decoded(text)}
}

func decoded(text []byte) any {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		panic(fmt.Sprintf("%v: %s", err, text))
	}
	return value
}

func failure(err error) dict {
	var known *Error
	if !errors.As(err, &known) {
		panic(err)
	}
	detail := known.Detail
	if detail == nil {
		detail = dict{}
	}
	return dict{"status": known.Status().String(), "message": known.Message, "detail": detail}
}

// read is the outcome of a request; its events must keep the rules that hold for every request.
func (r *running) read(task *Task, before []Event, cancelAfter *int) dict {
	seen := &pieces{text: map[string]string{}, calls: map[[2]int]*dict{}, told: map[int][]TokenLogprob{}}
	if cancelAfter != nil && *cancelAfter == 0 {
		task.Cancel()
	}
	texts := 0
	note := func(event Event) {
		seen.add(r.t, event)
		if event.Kind == EventKindText {
			if texts++; cancelAfter != nil && texts == *cancelAfter {
				task.Cancel()
			}
		}
	}
	for _, event := range before {
		note(event)
	}
	for event, err := range task.Events() {
		if err != nil {
			return failure(err)
		}
		note(event)
	}
	outcome := dict{"status": "ok", "result": decoded(task.answer)}
	var floats []any
	for _, row := range task.Floats() {
		var numbers []any
		for _, each := range row {
			numbers = append(numbers, float64(each))
		}
		floats = append(floats, numbers)
	}
	if floats != nil {
		outcome["floats"] = floats
	}
	seen.check(r.t, task.answer)
	return outcome
}

// pieces is what came of a request before its result.
type pieces struct {
	kinds []EventKind
	text  map[string]string
	calls map[[2]int]*dict
	told  map[int][]TokenLogprob
}

func (p *pieces) add(t *testing.T, event Event) {
	p.kinds = append(p.kinds, event.Kind)
	switch event.Kind {
	case EventKindText, EventKindReasoning:
		if !utf8.ValidString(event.Text) {
			t.Errorf("a piece is not UTF-8: %q", event.Text)
		}
		p.text[fmt.Sprint(event.Kind, event.Index)] += event.Text
	case EventKindTokenLogprobs:
		var told Logprobs
		if err := json.Unmarshal(event.JSON, &told); err != nil {
			t.Fatal(err)
		}
		p.told[event.Index] = append(p.told[event.Index], told.Content...)
	case EventKindToolCall:
		var call ToolCallEvent
		if err := json.Unmarshal(event.JSON, &call); err != nil {
			t.Fatal(err)
		}
		place := [2]int{event.Index, int(call.Index)}
		if p.calls[place] == nil {
			p.calls[place] = &dict{"name": "", "arguments": ""}
		}
		if call.Function != nil {
			joined := *p.calls[place]
			if call.Function.Name != nil {
				joined["name"] = joined["name"].(string) + *call.Function.Name
			}
			if call.Function.Arguments != nil {
				joined["arguments"] = joined["arguments"].(string) + *call.Function.Arguments
			}
		}
	}
}

func (p *pieces) check(t *testing.T, answer json.RawMessage) {
	last := len(p.kinds) - 1
	count := func(kind EventKind) (found int) {
		for _, each := range p.kinds {
			if each == kind {
				found++
			}
		}
		return found
	}
	if last < 2 || p.kinds[0] != EventKindStarted || p.kinds[last-1] != EventKindResult ||
		p.kinds[last] != EventKindDone || count(EventKindResult) != 1 || count(EventKindDone) != 1 {
		t.Fatalf("the events do not begin with started and end with the result and done: %v", p.kinds)
	}
	var result struct {
		Choices []struct {
			Index    int
			Text     string
			Message  *ChatResultChoiceMessage
			Logprobs Logprobs
		}
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return // of an operation that has other choices
	}
	for _, choice := range result.Choices {
		message := choice.Message
		if message == nil {
			message = &ChatResultChoiceMessage{Content: &choice.Text}
		}
		for kind, whole := range map[EventKind]*string{
			EventKindText: message.Content, EventKindReasoning: message.ReasoningContent,
		} {
			expected := ""
			if whole != nil {
				expected = *whole
			}
			if joined := p.text[fmt.Sprint(kind, choice.Index)]; joined != expected {
				t.Errorf("the pieces of %v join to %q, and the result has %q", kind, joined, expected)
			}
		}
		if told := p.told[choice.Index]; !reflect.DeepEqual(told, choice.Logprobs.Content) {
			t.Errorf("the log-probabilities join to %v, and the result has %v", told, choice.Logprobs.Content)
		}
		for number, call := range message.ToolCalls {
			joined := p.calls[[2]int{choice.Index, number}]
			if joined == nil || (*joined)["name"] != call.Function.Name || (*joined)["arguments"] != argumentsOf(call) {
				t.Errorf("the pieces of a tool call do not join to what the result has: %v", joined)
			}
		}
	}
}

// fill puts folders in the places of ${models} and ${scratch}.
func fill(text []byte, places map[string]string) []byte {
	var pairs []string
	for name, folder := range places {
		quoted, err := json.Marshal(filepath.ToSlash(folder))
		if err != nil {
			panic(err)
		}
		pairs = append(pairs, "${"+name+"}", strings.Trim(string(quoted), `"`))
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(text)))
}
