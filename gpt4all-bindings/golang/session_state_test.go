package gpt4all

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// The file is as Python writes it; each language has this test.
func TestTheSessionsOfOtherLanguages(t *testing.T) {
	model := long(t)
	sample := filepath.Join("..", "corpus", "sessions", "session.json")
	loaded, err := LoadSession(t.Context(), sample, model, ToolRun{})
	if err != nil || roles(loaded) != "system user assistant tool assistant user assistant" {
		t.Fatalf("%v, %v", loaded, err)
	}
	path := filepath.Join(t.TempDir(), "session.json")
	if err := loaded.Save(t.Context(), path, false); err != nil {
		t.Fatal(err)
	}
	if want, have := jsonOf(t, sample), jsonOf(t, path); !reflect.DeepEqual(want, have) {
		t.Errorf("it is written as %v", have)
	}
}

func jsonOf(t *testing.T, path string) (content any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err = errors.Join(err, json.Unmarshal(text, &content)); err != nil {
		t.Fatal(err)
	}
	return content
}

// tell has somebody else ask things of a model, until the function is called that it gives.
func tell(t *testing.T, model *Model) (end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_, _ = model.Chat(ctx, short("something that no one else should read, and that is much longer"))
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func TestTheSavedStateIsTheSessions(t *testing.T) {
	model := tiny(t, WithOptions(OpenOptions{NCtx: Ptr(512), NParallel: Ptr(1)}))
	s, err := NewSession(model, SessionOptions{System: "Be brief and kind, and speak of cats."})
	if err != nil {
		t.Fatal(err)
	}
	ask1(t, s, "The red cat and the blue dog?")
	folder := t.TempDir()
	path := filepath.Join(folder, "talk.json")
	request := CountTokensRequest{}
	request.Messages, request.AddGenerationPrompt = s.Messages(), Ptr(false)
	prompt, err := model.CountTokens(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	other := tiny(t, WithOptions(OpenOptions{NCtx: Ptr(512), NParallel: Ptr(1)}))
	end := tell(t, model)
	for range 30 {
		if err := s.Save(t.Context(), path, true); err != nil {
			t.Fatal(err)
		}
		found, err := other.RestoreState(t.Context(), path+".state", StateRequest{})
		if err != nil || found.NTokens != prompt {
			t.Errorf("%d tokens were saved, the conversation has %d, %v", found.NTokens, prompt, err)
		}
		if left := everything(t, folder); len(left) != 2 {
			t.Fatalf("%v", left)
		}
	}
	end()
	if _, err := other.Chat(t.Context(), short("Something in between.")); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadSession(t.Context(), path, other, ToolRun{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := loaded.Chat(t.Context(), short("More."))
	if err != nil || *result.Usage.PromptTokensDetails.CachedTokens < prompt-2 {
		t.Errorf("%+v of %d tokens, %v", result.Usage.PromptTokensDetails, prompt, err)
	}
}
