package gpt4all

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// warnings is what is told while something runs.
func warnings(t *testing.T, run func()) []string {
	t.Helper()
	var mutex sync.Mutex
	var told []string
	err := SetLog(LogLevelWarn, func(level LogLevel, message string) {
		mutex.Lock()
		defer mutex.Unlock()
		told = append(told, fmt.Sprintf("%d %s", level, message))
	})
	if err != nil {
		t.Fatal(err)
	}
	run()
	if err := SetLog(LogLevelNone, nil); err != nil {
		t.Fatal(err)
	}
	return told
}

func TestAStateThatDoesNotFitIsWarnedOf(t *testing.T) {
	s := session(t, SessionOptions{})
	ask1(t, s, "One?")
	path := filepath.Join(t.TempDir(), "talk.json")
	if err := s.Save(t.Context(), path, true); err != nil {
		t.Fatal(err)
	}
	load := func() []string {
		return warnings(t, func() {
			if loaded, err := LoadSession(t.Context(), path, s.Model(), ToolRun{}); err != nil || roles(loaded) != roles(s) {
				t.Errorf("%v, %v", loaded, err)
			}
		})
	}
	if told := load(); len(told) != 0 {
		t.Errorf("of what fits: %q", told)
	}
	lost := fmt.Sprintf("%d the session continues without its saved state: ", LogLevelWarn)
	if err := os.WriteFile(path+".state", []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if told := load(); len(told) == 0 || !strings.HasPrefix(told[len(told)-1], lost) {
		t.Errorf("of what is spoilt: %q", told)
	}
	if err := os.Remove(path + ".state"); err != nil {
		t.Fatal(err)
	}
	if told := load(); len(told) == 0 || !strings.HasPrefix(told[len(told)-1], lost) {
		t.Errorf("of what is gone: %q", told)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := LoadSession(ctx, path, s.Model(), ToolRun{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
}

func TestAFunctionThatFailsIsWarnedOf(t *testing.T) {
	function := weather(t, func() (dict, error) { return nil, errors.New("no roof") })
	model := withTools(t)
	told := warnings(t, func() {
		if _, err := model.RunTools(t.Context(), oneCall(), ToolRun{Functions: []*Function{function}}); err != nil {
			t.Error(err)
		}
	})
	for _, each := range told {
		if strings.HasPrefix(each, fmt.Sprintf("%d the tool weather({", LogLevelWarn)) &&
			strings.HasSuffix(each, ") failed: no roof") {
			return
		}
	}
	t.Errorf("%q", told)
}
