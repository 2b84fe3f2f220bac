package gpt4all

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// results is what `$GPT4ALL_CONFORMANCE/results-golang.json` gets.
type results struct {
	sync.Mutex
	cases map[string]map[string]dict
}

var conformance = results{cases: map[string]map[string]dict{"cases": {}, "downloads": {}}}

// of is the entry of a case, to be filled in.
func (r *results) of(group, id string) dict {
	r.Lock()
	defer r.Unlock()
	entry := dict{}
	r.cases[group][id] = entry
	return entry
}

func (r *results) write(folder string) error {
	text, err := json.Marshal(dict{"language": "golang", "cases": r.cases["cases"], "downloads": r.cases["downloads"]})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "results-golang.json"), append(text, '\n'), 0o644)
}

func TestMain(m *testing.M) {
	if runHelper() {
		return
	}
	code := m.Run()
	if folder := os.Getenv("GPT4ALL_CONFORMANCE"); folder != "" {
		if err := conformance.write(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// requireLibrary skips a test where there is no library, unless the environment says that there has to be one.
func requireLibrary(t testing.TB) {
	t.Helper()
	if err := load(); err != nil {
		if os.Getenv("GPT4ALL_REQUIRE_LIBRARY") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// tiny opens a tiny model for a test.
func tiny(t testing.TB, options ...OpenOption) *Model {
	t.Helper()
	requireLibrary(t)
	model, err := Open(t.Context(), tinyPath(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

func tinyPath() string { return filepath.Join(testModels(), "tiny-llama-f32.gguf") }
