package gpt4all

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func init() {
	helpers["never opened"] = func() { // a process in which the library has not been opened, either
		var model Model
		_, err := model.Complete(context.Background(), endless())
		var task Task
		task.Cancel()
		fmt.Println(err, task.Close(), model.Close())
	}
	helpers["log exit"] = func() {
		err := SetLog(LogLevelDebug, func(LogLevel, string) { runtime.Goexit() })
		if err == nil {
			var model *Model
			model, err = Open(context.Background(), tinyPath())
			model.Close()
		}
		fmt.Println(err)
	}
}

func TestWhatWasNeverOpened(t *testing.T) {
	requireLibrary(t)
	out, err := helper(t, "never opened")
	if err != nil || out != "the model was never opened; get one from Open or Load <nil> <nil>\n" {
		t.Errorf("%q, %v", out, err)
	}
	for name, model := range map[string]*Model{"nil": nil, "the zero value": new(Model)} {
		if err := model.Close(); err != nil || !model.Closed() || model.Path() != "" || model.String() != `gpt4all.Model("")` {
			t.Errorf("%s: %v, %v, %q, %v", name, err, model.Closed(), model.Path(), model)
		}
		request := Ask("Hello")
		_, chat := model.Chat(t.Context(), request)
		_, stream := model.ChatStream(t.Context(), request).Result()
		_, tools := model.RunTools(t.Context(), request, ToolRun{})
		_, as := ChatAs[int](t.Context(), model, request)
		_, info := model.Info(t.Context())
		_, state := model.SaveState(t.Context(), "a", StateRequest{})
		for what, err := range map[string]error{
			"Chat": chat, "ChatStream": stream, "RunTools": tools, "ChatAs": as, "Info": info, "SaveState": state,
		} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("%s of %s: %v", what, name, err)
			}
		}
	}
	var task Task
	task.Cancel()
	if _, err := task.Next(); !errors.Is(err, ErrClosed) || task.Close() != nil {
		t.Errorf("a zero task: %v", err)
	}
	var stream Stream[ChatResult]
	stream.Cancel()
	if _, err := stream.Result(); !errors.Is(err, ErrClosed) {
		t.Errorf("a zero stream: %v", err)
	}
}

func TestASessionWithoutAModel(t *testing.T) {
	if _, err := NewSession(nil, SessionOptions{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v", err)
	}
	if _, err := LoadSession(t.Context(), "a", nil, ToolRun{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v", err)
	}
	if err := session(t, SessionOptions{}).SetModel(nil); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v", err)
	}
	var zero Session
	if _, err := zero.Chat(t.Context(), short("Hello")); !errors.Is(err, ErrClosed) || zero.Busy() {
		t.Errorf("the zero value: %v", err)
	}
	path := filepath.Join(t.TempDir(), "zero.json")
	if err := zero.Save(t.Context(), path, true); err != nil {
		t.Error(err)
	}
	if _, err := LoadSession(t.Context(), path, tiny(t), ToolRun{}); err != nil {
		t.Error(err)
	}
}

func TestANilContext(t *testing.T) {
	model := tiny(t)
	none := context.Context(nil)
	_, open := Open(none, tinyPath())
	_, load := Load(none, tinyPath())
	_, inspect := Inspect(none, tinyPath())
	_, pull := Pull(none, "smollm2", ResolveOptions{Folder: t.TempDir()})
	_, verify := Verify(none, tinyPath(), ResolveOptions{})
	_, install := InstallLibrary(none, nil, ResolveOptions{})
	_, devices := Devices(none)
	_, quantize := Quantize(none, tinyPath(), "a", QuantizeOptions{Type: "Q4_0"}, nil)
	_, complete := model.Complete(none, endless())
	_, stream := model.CompleteStream(none, endless()).Result()
	_, submit := model.Submit(none, OperationComplete, endless())
	_, info := model.Info(none)
	s := session(t, SessionOptions{})
	_, chat := s.Chat(none, short("Hello"))
	for what, err := range map[string]error{
		"Open": open, "Load": load, "Inspect": inspect, "Pull": pull, "Verify": verify, "InstallLibrary": install,
		"Devices": devices, "Quantize": quantize, "Complete": complete, "CompleteStream": stream, "Submit": submit,
		"Info": info, "Session.Chat": chat, "Session.Save": s.Save(none, "a", false),
	} {
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "context.Background()") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s.Busy() {
		t.Error("the session stays busy")
	}
}

func TestNilAmongWhatIsGiven(t *testing.T) {
	model := tiny(t, nil)
	_, made := NewFunction[place, int]("a", "b", nil)
	_, run := model.RunTools(t.Context(), oneCall(), ToolRun{Functions: []*Function{nil}})
	for what, err := range map[string]error{"NewFunction": made, "RunTools": run} {
		if !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestAProgressFunctionMayEndItsGoroutine as t.Fatal does. The library must not keep the locks that it held.
func TestAProgressFunctionMayEndItsGoroutine(t *testing.T) {
	requireLibrary(t)
	ended := make(chan bool)
	go func() {
		returned := false
		defer func() { ended <- returned }()
		_, _ = Open(context.Background(), tinyPath(), WithProgress(func(float32) bool { runtime.Goexit(); return true }))
		returned = true
	}()
	if <-ended {
		t.Error("the goroutine went on")
	}
	opened := make(chan error)
	go func() {
		model, err := Open(context.Background(), tinyPath())
		model.Close()
		opened <- err
	}()
	select {
	case err := <-opened:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("no model can be opened any more")
	}
}

func TestAListenerMayEndItsGoroutine(t *testing.T) {
	requireLibrary(t)
	if out, err := helper(t, "log exit"); err != nil || out != "<nil>\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestMessagesThatNobodyWouldRead(t *testing.T) {
	if _, err := NewSession(tiny(t), SessionOptions{Options: Ask("Hello")}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("options: %v", err)
	}
	s := session(t, SessionOptions{})
	ask1(t, s, "One?")
	if _, err := s.Regenerate(t.Context(), Ask("Two?")); !errors.Is(err, ErrInvalidArgument) || s.Busy() {
		t.Errorf("Regenerate: %v", err)
	}
	if err := s.SetOptions(Ask("Hello")); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("SetOptions: %v", err)
	}
}

// node leads back to itself where JSON does not go.
type node struct {
	Up    *node  `json:"-"`
	Raw   string `json:"-"`
	Name  string `json:"name"`
	alone string
}

func TestWhatJSONDoesNotHaveIsNotLookedAt(t *testing.T) {
	self := &node{Raw: "\xff", Name: "a \uFFFD", alone: "\xff"}
	self.Up = self
	if text, err := encode(self); err != nil || string(text) != `{"name":"a `+"\uFFFD"+`"}` {
		t.Errorf("%s, %v", text, err)
	}
	self.Name = "\xff"
	if _, err := encode(self); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v", err)
	}
}

func TestBytesAreNotText(t *testing.T) {
	model := tiny(t)
	_, prompt := model.Complete(t.Context(), CompleteRequest{Prompt: []byte("once")})
	_, input := model.Tokenize(t.Context(), TokenizeRequest{Content: []byte("once")})
	_, message := model.Chat(t.Context(), Converse(MessageInput{Role: "user", Content: []byte("once")}))
	request := Ask("Hello")
	request.JSONSchema = []byte(`{"type":"object"}`)
	_, schema := model.Chat(t.Context(), request)
	_, whole := model.Submit(t.Context(), OperationChat, []byte(`{}`))
	for what, err := range map[string]error{
		"a prompt": prompt, "an input": input, "a message": message, "a schema": schema, "a request": whole,
	} {
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "json.RawMessage") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestASessionAnswersWhileItIsSaved(t *testing.T) {
	model := tiny(t, WithOptions(OpenOptions{NCtx: Ptr(512), ContextShift: Ptr(true), NParallel: Ptr(1)}))
	s, err := NewSession(model, SessionOptions{System: "Be brief."})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range model.CompleteStream(t.Context(), endless()).Text() { // for whose end the saving waits
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		saved := make(chan error, 1)
		go func() { saved <- s.Save(ctx, filepath.Join(t.TempDir(), "talk.json"), true) }()
		time.Sleep(50 * time.Millisecond) // so that it has most likely begun
		asked := make(chan bool)
		go func() { asked <- len(s.Messages()) == 1 && !s.Busy() }()
		select {
		case as := <-asked:
			if !as {
				t.Errorf("%v", s.Messages())
			}
		case <-time.After(20 * time.Second):
			t.Error("the session is locked")
		}
		cancel()
		if err := <-saved; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		break
	}
}
