package gpt4all

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func short(text string) ChatRequest {
	request := Ask(text)
	request.MaxTokens, request.Temperature = Ptr(6), Ptr(0.0)
	return request
}

func session(t *testing.T, options SessionOptions) *Session {
	t.Helper()
	made, err := NewSession(long(t), options)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func ask1(t *testing.T, s *Session, text string) string {
	t.Helper()
	result, err := s.Chat(t.Context(), short(text))
	if err != nil {
		t.Fatal(err)
	}
	return result.Text()
}

// brief is the options of a short answer.
func brief() ChatRequest {
	request := short("")
	request.Messages = nil
	return request
}

func TestASessionRemembers(t *testing.T) {
	s := session(t, SessionOptions{System: "Be brief."})
	first := ask1(t, s, "One?")
	second := ask1(t, s, "Two?")
	whole, err := s.Model().Chat(t.Context(), func() ChatRequest {
		request := short("")
		request.Messages = []Message{System("Be brief."), User("One?"), Assistant(first), User("Two?")}
		return request
	}())
	if err != nil || whole.Text() != second {
		t.Errorf("the whole conversation is answered by %q, the session by %q (%v)", whole.Text(), second, err)
	}
	if roles(s) != "system user assistant user assistant" || s.System() != "Be brief." {
		t.Errorf("%s", roles(s))
	}
	fork := s.Fork()
	ask1(t, fork, "Three?")
	if len(s.Messages()) != 5 || len(fork.Messages()) != 7 {
		t.Error("a fork shares its history")
	}
	again, err := s.Regenerate(t.Context(), brief())
	if err != nil || again.Text() != second || len(s.Messages()) != 5 {
		t.Errorf("regenerate: %q, %v", again.Text(), err)
	}
	removed, err := s.Undo(1)
	if err != nil || len(removed) != 2 || roles(s) != "system user assistant" {
		t.Errorf("undo: %v, %v, %s", removed, err, roles(s))
	}
	if err := s.Edit(1, User("Other?")); err != nil || roles(s) != "system user" {
		t.Errorf("edit: %v, %s", err, roles(s))
	}
	if _, err := s.Regenerate(t.Context(), brief()); err != nil || roles(s) != "system user assistant" {
		t.Errorf("regenerate what was edited: %v, %s", err, roles(s))
	}
	if err := s.SetSystem(""); err != nil || roles(s) != "user assistant" {
		t.Errorf("%v, %s", err, roles(s))
	}
	if _, err := s.Undo(5); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("undo of more than there is: %v", err)
	}
	if err := s.Edit(9, User("a")); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("edit of what is not there: %v", err)
	}
}

func roles(s *Session) string {
	var all []string
	for _, each := range s.Messages() {
		all = append(all, roleOf(each))
	}
	return strings.Join(all, " ")
}

func TestOneAnswerAtATime(t *testing.T) {
	s := session(t, SessionOptions{})
	request := short("a")
	request.MaxTokens, request.IgnoreEos = Ptr(1000), Ptr(true)
	for range s.ChatStream(t.Context(), request).Text() {
		if _, err := s.Chat(t.Context(), short("b")); !errors.Is(err, ErrSessionBusy) {
			t.Errorf("a second answer: %v", err)
		}
		if err := s.SetSystem("c"); !errors.Is(err, ErrSessionBusy) || !s.Busy() {
			t.Errorf("a change: %v", err)
		}
		break
	}
	if s.Busy() || len(s.Messages()) != 0 {
		t.Errorf("an answer that was left stays: %v", s.Messages())
	}
	if _, err := s.Chat(t.Context(), ChatRequest{Generation: Generation{N: Ptr(2)}}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("two answers: %v", err)
	}
	request = ChatRequest{}
	request.MaxTokens, request.IgnoreEos = Ptr(2), Ptr(true)
	if s.SetOptions(request) != nil {
		t.Error("options cannot be set")
	}
	if result, err := s.Chat(t.Context(), Ask("goes on")); err != nil || *result.Usage.CompletionTokens != 2 {
		t.Errorf("%v, %v", result.Usage, err)
	}
}

func TestWhatCameIsKeptIfWanted(t *testing.T) {
	s := session(t, SessionOptions{KeepPartial: true})
	request := short("a")
	request.MaxTokens, request.IgnoreEos = Ptr(1000), Ptr(true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var text strings.Builder
	for piece, err := range s.ChatStream(ctx, request).Text() {
		if err == nil {
			text.WriteString(piece)
			cancel()
		}
	}
	if _, content := partsOf(s.Messages()[1]); content != text.String() || content == "" {
		t.Errorf("%q is kept of %q", content, text.String())
	}
	func() {
		defer func() { _ = recover() }()
		for range s.ChatStream(t.Context(), request).Text() {
			panic("mine")
		}
	}()
	if s.Busy() {
		t.Error("a panic leaves the session busy")
	}
}

func TestSessionsAreSavedAndLoaded(t *testing.T) {
	options := SessionOptions{System: "Be brief.", KeepPartial: true}
	options.Options.Temperature = Ptr(0.0)
	s := session(t, options)
	ask1(t, s, "One? \u00e9 <&>")
	path := filepath.Join(t.TempDir(), "talk.json")
	if err := s.Save(t.Context(), path, true); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadSession(t.Context(), path, s.Model(), ToolRun{})
	if err != nil || roles(loaded) != roles(s) || !loaded.keepPartial || string(loaded.options["temperature"]) != "0" {
		t.Fatalf("%v, %v", loaded, err)
	}
	if ask1(t, loaded, "Two?") != ask1(t, s, "Two?") {
		t.Error("a loaded session goes on otherwise")
	}
	if err := os.Remove(path + ".state"); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSession(t.Context(), path, s.Model(), ToolRun{}); err != nil {
		t.Errorf("without its state: %v", err)
	}
	for text, why := range map[string]string{
		"[": "unexpected end", "[]": `no "format"`, "{}": `no "format"`,
		`{"format":"gpt4all.session","version":2}`:                                                                             ": a session of version 2, which this gpt4all does not know; update it",
		`{"format":"gpt4all.session","version":1,"messages":[],"options":[]}`:                                                  `: not a session: "options" is missing or wrong`,
		`{"format":"gpt4all.session","version":1,"messages":[]}`:                                                               "options",
		`{"format":"gpt4all.session","version":1,"messages":[1],"options":{},"max_rounds":1,"keep_partial":true,"state":null}`: "not a message",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadSession(t.Context(), path, s.Model(), ToolRun{})
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), why) {
			t.Errorf("of %s: %v", text, err)
		}
	}
	if _, err := LoadSession(t.Context(), path+".none", s.Model(), ToolRun{}); !errors.Is(err, ErrModelNotFound) {
		t.Errorf("of no file: %v", err)
	}
	if err := s.Save(t.Context(), filepath.Dir(path), false); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("to a folder: %v", err)
	}
}
