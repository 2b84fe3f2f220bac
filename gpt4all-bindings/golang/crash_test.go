package gpt4all

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func init() {
	helpers["log panic"] = func() {
		defer func() {
			if recover() != nil {
				fmt.Println("it came out through C")
			}
		}()
		err := SetLog(LogLevelDebug, func(LogLevel, string) { panic("of the listener") })
		if err == nil {
			_, err = Open(context.Background(), tinyPath())
		}
		time.Sleep(10 * time.Second) // until the panic ends it
		fmt.Println("it went on", err)
	}
}

func TestAPanicOfTheListenerEndsTheProgram(t *testing.T) {
	requireLibrary(t)
	out, err := helper(t, "log panic")
	if err == nil || !strings.Contains(out, "panic: of the listener") || strings.Contains(out, "SIG") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCharactersOfSeveralTokensComeWhole(t *testing.T) {
	model := tiny(t)
	request := CompleteRequest{Prompt: "a"}
	request.MaxTokens, request.Grammar = Ptr(40), Ptr(`root ::= "😀" "👍🏽" "é"`)
	stream := model.CompleteStream(t.Context(), request)
	for piece, err := range stream.Text() {
		if err != nil || !utf8.ValidString(piece) || strings.ContainsRune(piece, utf8.RuneError) {
			t.Errorf("%q, %v", piece, err)
		}
	}
	result, err := stream.Result()
	if err != nil || result.Text() != "😀👍🏽é" || *result.Usage.CompletionTokens < 4 {
		t.Errorf("%q of %d tokens, %v", result.Text(), *result.Usage.CompletionTokens, err)
	}
}

func TestEverythingIsClosedTwiceAndInAnyOrder(t *testing.T) {
	for _, modelFirst := range []bool{true, false} {
		model := long(t)
		task, err := model.Submit(t.Context(), OperationComplete, endless())
		if err != nil {
			t.Fatal(err)
		}
		stream := model.CompleteStream(t.Context(), endless())
		next, stop := iter.Pull2(stream.Text())
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
		closing := []func(){func() { model.Close() }, func() { task.Close() }, stop, stream.Cancel, task.Cancel}
		if !modelFirst {
			closing = append(closing[1:], closing[0])
		}
		for range 2 {
			for _, each := range closing {
				each()
			}
		}
		if _, err := task.Next(); !errors.Is(err, ErrClosed) {
			t.Errorf("a closed task: %v", err)
		}
		if _, err := stream.Result(); !errors.Is(err, ErrCancellation) {
			t.Errorf("the stream: %v", err)
		}
	}
}

func TestAGoroutineMayEndWithinTheLoop(t *testing.T) {
	model := long(t)
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for range model.CompleteStream(context.Background(), endless()).Text() {
			runtime.Goexit()
		}
	}()
	<-ended
	works(t, model)
}

func TestAStreamMayBeForgottenWithinTheLoop(t *testing.T) {
	model := long(t)
	for range 8 { // twice as many as run at once: those that are forgotten must not stay in the way
		ctx, cancel := context.WithCancel(t.Context())
		next, _ := iter.Pull2(model.CompleteStream(ctx, endless()).Text())
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	works(t, model)
}
