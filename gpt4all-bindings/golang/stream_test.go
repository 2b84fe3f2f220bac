package gpt4all

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

type rawJSON = json.RawMessage

// endless is a request whose answer is long.
func endless() CompleteRequest {
	request := CompleteRequest{Prompt: "once"}
	request.MaxTokens, request.IgnoreEos, request.Temperature = Ptr(100_000), Ptr(true), Ptr(0.0)
	return request
}

func long(t testing.TB) *Model {
	return tiny(t, WithOptions(OpenOptions{NCtx: Ptr(512), ContextShift: Ptr(true), NParallel: Ptr(4)}))
}

// works fails unless the model answers.
func works(t testing.TB, model *Model) {
	t.Helper()
	request := endless()
	request.MaxTokens = Ptr(3)
	result, err := model.Complete(context.Background(), request)
	if err != nil || *result.Usage.CompletionTokens != 3 {
		t.Fatalf("the model does not answer any more: %v", err)
	}
}

func TestPiecesJoinToTheResult(t *testing.T) {
	model := tiny(t)
	request := Ask("Hello")
	request.MaxTokens, request.Temperature = Ptr(20), Ptr(0.0)
	stream := model.ChatStream(t.Context(), request)
	var text strings.Builder
	for piece, err := range stream.Text() {
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(piece)
	}
	result, err := stream.Result()
	if err != nil || result.Text() != text.String() || result.Text() == "" {
		t.Fatalf("%q, %v, and the pieces are %q", result.Text(), err, text.String())
	}
	whole, err := model.Chat(t.Context(), request)
	if err != nil || whole.Text() != result.Text() || whole.FinishReason() != "length" {
		t.Errorf("without a stream it is %q, %v", whole.Text(), err)
	}
	if result.Usage.TotalTokens == 0 || result.Timings.PredictedN == nil {
		t.Error("the result has neither usage nor timings")
	}
	for range stream.Text() {
		t.Error("a stream at its end still gives something")
	}
}

func TestResultWithoutALoop(t *testing.T) {
	request := endless()
	request.MaxTokens = Ptr(5)
	result, err := tiny(t).CompleteStream(t.Context(), request).Result()
	if err != nil || *result.Usage.CompletionTokens != 5 {
		t.Fatal(err)
	}
}

func TestLeavingTheLoopCancels(t *testing.T) {
	model := long(t)
	stream := model.CompleteStream(t.Context(), endless())
	for _, err := range stream.Text() {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, err := stream.Result(); !errors.Is(err, ErrCancellation) {
		t.Errorf("the result of a stream that was left is %v", err)
	}
	works(t, model)
}

func TestAPanicInTheLoopCancels(t *testing.T) {
	model := long(t)
	stream := model.CompleteStream(t.Context(), endless())
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic did not come out")
			}
		}()
		for range stream.Text() {
			panic("mine")
		}
	}()
	if _, err := stream.Result(); !errors.Is(err, ErrCancellation) {
		t.Errorf("the result is %v", err)
	}
	works(t, model)
}

func TestTheContextEndsAStream(t *testing.T) {
	model := long(t)
	ctx, cancel := context.WithCancel(t.Context())
	var last error
	count := 0
	for _, err := range model.CompleteStream(ctx, endless()).Text() {
		if count++; count == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, ErrCancellation) || !errors.Is(last, context.Canceled) {
		t.Errorf("after cancel: %v", last)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := model.Complete(ctx, endless())
	if !errors.Is(err, ErrCancellation) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	if time.Since(begun) > 20*time.Second {
		t.Errorf("the deadline was honoured after %v", time.Since(begun))
	}
	works(t, model)
}

func TestTheContextEndsThePrompt(t *testing.T) {
	model := tiny(t, WithOptions(OpenOptions{NCtx: Ptr(2048), NBatch: Ptr(32)}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request := endless()
	request.Prompt = strings.Repeat("many words ", 600)
	request.ReturnProgress = Ptr(true)
	var last error
	seen := false
	for event, err := range model.CompleteStream(ctx, request).Events() {
		if event.Kind == EventKindProgress {
			seen = true
			cancel()
		}
		if event.Kind == EventKindText {
			t.Fatal("the answer began")
		}
		last = err
	}
	if !seen || !errors.Is(last, context.Canceled) {
		t.Errorf("while the prompt is read: %v", last)
	}
	works(t, model)
}

func TestCancelFromElsewhere(t *testing.T) {
	model := long(t)
	stream := model.CompleteStream(t.Context(), endless())
	var last error
	begun := false
	for _, err := range stream.Text() {
		if !begun {
			begun = true
			go stream.Cancel()
		}
		last = err
	}
	if !errors.Is(last, ErrCancellation) {
		t.Errorf("%v", last)
	}
	early := model.CompleteStream(t.Context(), endless())
	early.Cancel()
	if _, err := early.Result(); !errors.Is(err, ErrCancellation) {
		t.Errorf("before it began: %v", err)
	}
	works(t, model)
}

func TestOneLoopAtATime(t *testing.T) {
	stream := long(t).CompleteStream(t.Context(), endless())
	for range stream.Text() {
		if _, err := stream.Result(); !errors.Is(err, ErrBusy) {
			t.Errorf("a second loop gets %v", err)
		}
		break
	}
}

func TestATaskGivesItsEvents(t *testing.T) {
	model := long(t)
	task, err := model.Submit(t.Context(), OperationComplete, endless())
	if err != nil {
		t.Fatal(err)
	}
	if event, err := task.Next(); err != nil || event.Kind != EventKindStarted {
		t.Fatalf("%v, %v", event, err)
	}
	event, ok, err := task.Poll(10 * time.Second)
	if err != nil || !ok || event.Kind != EventKindResult && event.Kind != EventKindText {
		t.Fatalf("%v, %v, %v", event, ok, err)
	}
	task.Cancel()
	for err == nil {
		_, err = task.Next()
	}
	if !errors.Is(err, ErrCancellation) {
		t.Error(err)
	}
	task.Close()
	task.Close()
	if _, err := task.Next(); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed task: %v", err)
	}
	task, err = model.Submit(t.Context(), OperationTokenize, TokenizeRequest{Content: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = task.Next()
	}
	if err != io.EOF {
		t.Errorf("after done comes %v", err)
	}
}

func TestTwoGoroutinesAtOneTask(t *testing.T) {
	model := long(t)
	blocker := make([]*Task, 8) // so that the next one waits for a slot
	for index := range blocker {
		task, err := model.Submit(t.Context(), OperationComplete, endless())
		if err != nil {
			t.Fatal(err)
		}
		blocker[index] = task
		defer task.Close()
	}
	waiting := blocker[len(blocker)-1]
	ended := make(chan error)
	go func() {
		var err error
		for err == nil || errors.Is(err, ErrBusy) { // the other may be quicker
			_, err = waiting.Next()
		}
		ended <- err
	}()
	var err error
	for begun := time.Now(); err == nil && time.Since(begun) < 20*time.Second; time.Sleep(time.Millisecond) {
		_, _, err = waiting.Poll(0)
	}
	if !errors.Is(err, ErrBusy) {
		t.Errorf("while another goroutine waits: %v", err)
	}
	waiting.Close() // wakes the other
	if err := <-ended; !errors.Is(err, ErrCancellation) && !errors.Is(err, ErrClosed) {
		t.Errorf("the goroutine that waited got %v", err)
	}
}
