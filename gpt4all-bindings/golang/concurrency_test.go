package gpt4all

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSixteenGoroutinesAtOneModel(t *testing.T) {
	model := long(t)
	var all sync.WaitGroup
	for number := range 16 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 3 {
				request := endless()
				request.Prompt, request.MaxTokens = fmt.Sprintf("number %d", number), Ptr(12+number)
				stream := model.CompleteStream(t.Context(), request)
				var text strings.Builder
				for piece, err := range stream.Text() {
					if err != nil {
						t.Error(err)
						return
					}
					text.WriteString(piece)
				}
				result, err := stream.Result()
				if err != nil || result.Text() != text.String() || *result.Usage.CompletionTokens != 12+number {
					t.Errorf("%d: the pieces are %q, the result %q with %v", number, text.String(), result.Text(), err)
				}
			}
		}()
	}
	all.Wait()
}

func TestCloseDuringGeneration(t *testing.T) {
	for range 5 {
		model := long(t)
		ended := make(chan error, 6)
		begun := make(chan bool, 6)
		for range cap(ended) {
			go func() {
				first := true
				var last error
				for _, err := range model.CompleteStream(context.Background(), endless()).Events() {
					if first {
						first = false
						begun <- true
					}
					last = err
				}
				ended <- last
			}()
		}
		<-begun
		var closing sync.WaitGroup
		for range 3 {
			closing.Add(1)
			go func() {
				defer closing.Done()
				model.Close()
			}()
		}
		closing.Wait()
		for range cap(ended) {
			if err := <-ended; !errors.Is(err, ErrCancellation) && !errors.Is(err, ErrClosed) {
				t.Errorf("a stream of a closed model ends with %v", err)
			}
		}
		if _, err := model.Info(t.Context()); !errors.Is(err, ErrClosed) || !model.Closed() {
			t.Errorf("a closed model answers %v", err)
		}
	}
}

func TestCloseWithinTheLoop(t *testing.T) {
	model := long(t)
	var last error
	for _, err := range model.CompleteStream(t.Context(), endless()).Text() {
		model.Close()
		last = err
	}
	if !errors.Is(last, ErrCancellation) {
		t.Errorf("%v", last)
	}
}

func TestATaskOutlivesItsModel(t *testing.T) {
	model := long(t)
	task, err := model.Submit(t.Context(), OperationComplete, endless())
	if err != nil {
		t.Fatal(err)
	}
	model.Close()
	for err == nil {
		_, err = task.Next()
	}
	if !errors.Is(err, ErrCancellation) {
		t.Errorf("%v", err)
	}
	task.Cancel()
	task.Close()
	task.Cancel()
	model.Close()
}

func TestWhatIsForgottenIsClosed(t *testing.T) {
	requireLibrary(t)
	path := tinyPath()
	forget := func() *Model {
		model, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := model.Submit(context.Background(), OperationComplete, endless()); err != nil {
			t.Fatal(err)
		}
		return &Model{path: path, handle: model.handle, closed: func() {}} // which asks for the same, and keeps nothing alive
	}
	var probes []*Model
	for range 5 {
		probes = append(probes, forget())
	}
	begun := time.Now()
	for len(probes) > 0 && time.Since(begun) < time.Minute {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
		probes = slices.DeleteFunc(probes, func(probe *Model) bool {
			_, err := probe.info(t.Context())
			return errors.Is(err, ErrClosed)
		})
	}
	if len(probes) > 0 {
		t.Errorf("%d of 5 forgotten models are still open", len(probes))
	}
}

func TestAPromptOfAMegabyte(t *testing.T) {
	model := tiny(t)
	_, err := model.Chat(t.Context(), Ask(strings.Repeat("long ", 200_000)))
	if !errors.Is(err, ErrContextOverflow) {
		t.Errorf("%v", err)
	}
	works(t, model)
}

func TestProgramsAreStartedDuringGeneration(t *testing.T) {
	model := long(t)
	request := endless()
	request.MaxTokens = Ptr(60)
	for event, err := range model.CompleteStream(t.Context(), request).Events() {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind == EventKindText && event.Index == 0 {
			if err := exec.Command("true").Run(); err != nil { // forks
				t.Fatal(err)
			}
		}
	}
}

// helper runs this test program as a process of its own, which does what helpers names.
func helper(t *testing.T, name string, variables ...string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0])
	command.Env = append(append(os.Environ(), "GPT4ALL_TEST_HELPER="+name), variables...)
	command.Dir, _ = filepath.Abs(".")
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestExitWithAStreamOpen(t *testing.T) {
	requireLibrary(t)
	for range 3 {
		if out, err := helper(t, "exit"); err != nil || out != "streaming\n" {
			t.Errorf("a program that ends with a stream open: %q, %v", out, err)
		}
	}
}
