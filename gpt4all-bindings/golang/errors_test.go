package gpt4all

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryFailingStatusHasItsKind(t *testing.T) {
	for status := StatusOK; status.String() != "unknown"; status++ {
		kind, known := kinds[status]
		if known != (status > StatusTimeout) {
			t.Errorf("%v has the kind %v", status, kind)
		}
		if known && (kind.Status() != status || kind.Error() != status.String()) {
			t.Errorf("%v has the kind %v of %v", status, kind, kind.Status())
		}
	}
}

func TestErrorsAreKnownByTheirKindAndTellWhatIsWrong(t *testing.T) {
	model := tiny(t)
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "none.gguf"))
	if !errors.Is(err, ErrModelNotFound) || errors.Is(err, ErrIO) || !strings.Contains(err.Error(), "none.gguf") {
		t.Errorf("of a file that is not there: %v", err)
	}
	_, err = model.Submit(t.Context(), OperationChat, dict{"messages": []Message{User("a")}, "temprature": 1})
	var failure *Error
	if !errors.As(err, &failure) || failure.Kind != ErrInvalidArgument || failure.Status() != StatusInvalidArgument {
		t.Fatalf("of an unknown key: %v", err)
	}
	if failure.Detail["path"] != "/temprature" || !strings.Contains(failure.Message, "temprature") {
		t.Errorf("of an unknown key: %v with %v", failure, failure.Detail)
	}
	if _, err = model.Submit(t.Context(), "sing", dict{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of an unknown operation: %v", err)
	}
}

func TestKindsOfOneAnother(t *testing.T) {
	err := error(newError(ErrSessionBusy, "busy"))
	for _, kind := range []*Kind{ErrSessionBusy, ErrBusy, ErrInvalidArgument} {
		if !errors.Is(err, kind) {
			t.Errorf("a session that is busy is no %v", kind)
		}
	}
	if errors.Is(err, ErrClosed) {
		t.Error("a session that is busy is closed")
	}
	if err := fileError("a", "reading", &fs.PathError{Op: "open", Path: "a", Err: fs.ErrNotExist}); !errors.Is(
		err, fs.ErrNotExist) || !errors.Is(err, ErrModelNotFound) {
		t.Errorf("what is not there is %v", err)
	}
}

func TestWhatJSONCannotHoldIsRefused(t *testing.T) {
	model := tiny(t)
	for name, request := range map[string]any{
		"NaN":             CompleteRequest{Prompt: "a", Sampling: Sampling{Temperature: Ptr(math.NaN())}},
		"no UTF-8":        CompleteRequest{Prompt: "a\xff"},
		"no UTF-8 within": CompleteRequest{Prompt: []any{1, "a\xff"}},
		"no UTF-8, a key": dict{"a\xff": 1},
		"a function":      dict{"prompt": func() {}},
		"no JSON":         rawJSON("{"),
		"no object":       []int{1},
		"nothing":         nil,
	} {
		if _, err := model.Submit(t.Context(), OperationComplete, request); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What was written as U+FFFD is a text like others.
	if _, err := model.Tokenize(t.Context(), TokenizeRequest{Content: "\uFFFD"}); err != nil {
		t.Error(err)
	}
}

func TestNULCharacters(t *testing.T) {
	model := tiny(t)
	if _, err := Open(t.Context(), "a\x00b.gguf"); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("in a path: %v", err)
	}
	if _, err := model.Submit(t.Context(), "chat\x00", dict{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("in an operation: %v", err)
	}
	if _, err := model.SaveState(t.Context(), "a\x00b", StateRequest{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("in the path of a state: %v", err)
	}
	tokens, err := model.Tokenize(t.Context(), TokenizeRequest{Content: "a\x00b"})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := model.Detokenize(t.Context(), DetokenizeRequest{Tokens: tokens}); err != nil || text != "a\x00b" {
		t.Errorf("in a text: %q, %v", text, err)
	}
}

func TestAnEndedContextIsFoundInTheError(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := Open(ctx, "any.gguf")
	for _, each := range []error{ErrCancellation, context.Canceled, why} {
		if !errors.Is(err, each) {
			t.Errorf("%v is not in %v", each, err)
		}
	}
}
