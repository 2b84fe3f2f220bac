package gpt4all

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
)

// Model is an open model file. Any number of goroutines may use it at once: their requests run together. Close it; one
// that is forgotten is closed when the garbage collector finds it.
type Model struct {
	path   string
	handle *C.llmodel_model // a name, which is never an address
	closed func()
	state  sync.RWMutex
	gone   bool
}

// OpenOption changes how a model is opened, inspected or found.
type OpenOption func(*opening)

type opening struct {
	options  any
	progress Progress
	resolve  ResolveOptions
}

// WithOptions opens a model with an [OpenOptions], or with anything whose JSON has the same keys.
func WithOptions(options any) OpenOption { return func(o *opening) { o.options = options } }

// WithProgress is told how much of a file is loaded.
func WithProgress(progress Progress) OpenOption { return func(o *opening) { o.progress = progress } }

func openingOf(options []OpenOption) *opening {
	made := &opening{options: OpenOptions{}}
	for _, each := range options {
		if each != nil {
			each(made)
		}
	}
	return made
}

// Open opens a GGUF file, or one of a format of 2023. [Load] does the same, and takes names, too.
//
// When the context is done, opening ends with [ErrCancellation]; a model that is open does not depend on the context.
func Open(ctx context.Context, path string, options ...OpenOption) (*Model, error) {
	given := openingOf(options)
	text, err := prepare(ctx, path, given.options)
	if err != nil {
		return nil, err
	}
	arguments, free := texts(path, text)
	defer free()
	var handle *C.llmodel_model
	err = withProgress(ctx, given.progress, func(progress *C.gpt4all_progress) error {
		var failure *C.llmodel_error
		return check(C.llmodel_open(arguments[0], arguments[1], C.llmodel_progress_fn(C.gpt4all_progress_report),
			pointerOf(progress), &handle, &failure), &failure)
	})
	if err != nil {
		return nil, err
	}
	model := &Model{path: path, handle: handle}
	// Closing waits for the engine's threads, which no other cleanup should have to wait for.
	net := runtime.AddCleanup(model, func(handle *C.llmodel_model) { go C.llmodel_close(handle) }, handle)
	model.closed = sync.OnceFunc(func() {
		net.Stop()
		C.llmodel_close(handle)
	})
	return model, nil
}

// prepare checks what opening and inspecting have in common, and is the options' JSON.
func prepare(ctx context.Context, path string, options any) (string, error) {
	if err := checkPaths(path); err != nil {
		return "", err
	}
	if err := checkContext(ctx, "opening "+path); err != nil {
		return "", err
	}
	text, err := withAdvice(path, options)
	if err != nil {
		return "", err
	}
	return text, load()
}

// withAdvice adds the sampling that the catalogue knows the model's makers to advise. It knows a model by its file's name.
func withAdvice(path string, options any) (string, error) {
	text, err := encode(options)
	if err != nil {
		return "", err
	}
	keys, ok := objectOf(text)
	entry := Find(filepath.Base(path))
	if !ok || entry == nil || len(entry.Sampling) == 0 || keys["catalogue_sampling"] != nil {
		return string(text), nil
	}
	if err := keys.set("catalogue_sampling", entry.Sampling); err != nil {
		return "", err
	}
	text, err = encode(keys)
	return string(text), err
}

// Inspect reads a model's metadata but not its weights, and estimates the memory needed to open it with these options.
func Inspect(ctx context.Context, path string, options ...OpenOption) (InspectResult, error) {
	return read[InspectResult](inspect(ctx, path, openingOf(options).options))
}

func inspect(ctx context.Context, path string, options any) (json.RawMessage, error) {
	text, err := prepare(ctx, path, options)
	if err != nil {
		return nil, err
	}
	arguments, free := texts(path, text)
	defer free()
	return callJSON(func(text **C.char, failure **C.llmodel_error) C.llmodel_status {
		return C.llmodel_inspect(arguments[0], arguments[1], text, failure)
	})
}

// Path is the file, as given.
func (m *Model) Path() string {
	if !m.opened() {
		return ""
	}
	return m.path
}

// Close cancels the model's requests, waits for its threads and frees its memory. It may be called at any time and more
// than once, also of a model that was never opened, and never fails.
func (m *Model) Close() error {
	if !m.opened() {
		return nil
	}
	m.state.Lock()
	m.gone = true
	m.state.Unlock()
	m.closed()
	return nil
}

// Closed reports whether the model is closed, or was never opened.
func (m *Model) Closed() bool {
	if !m.opened() {
		return true
	}
	m.state.RLock()
	defer m.state.RUnlock()
	return m.gone
}

// String names the file.
func (m *Model) String() string { return fmt.Sprintf("gpt4all.Model(%q)", m.Path()) }

// opened tells a model that Open has made from nil and from the zero value, for which the library may not even be open.
func (m *Model) opened() bool { return m != nil && m.closed != nil }

// begin checks that the model can be used.
func (m *Model) begin(ctx context.Context, what string) error {
	if !m.opened() {
		return newError(ErrClosed, "the model was never opened; get one from Open or Load")
	}
	if m.Closed() {
		return newError(ErrClosed, "the model %s is closed; open it again to continue", m.path)
	}
	return checkContext(ctx, what)
}

// Info is what Inspect reports, and how the model was actually opened.
func (m *Model) Info(ctx context.Context) (InfoResult, error) {
	return read[InfoResult](m.info(ctx))
}

func (m *Model) info(ctx context.Context) (json.RawMessage, error) {
	if err := m.begin(ctx, "the question"); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(m)
	return callJSON(func(text **C.char, failure **C.llmodel_error) C.llmodel_status {
		return C.llmodel_info(m.handle, text, failure)
	})
}

// SaveState writes what a slot remembers to a file, either completely or not at all. It waits until the slot is free, and
// the context counts only before it begins. [Session.Save] does not wait so, and ends with its context.
func (m *Model) SaveState(ctx context.Context, path string, request StateRequest) (StateResult, error) {
	return read[StateResult](m.saveState(ctx, path, request))
}

func (m *Model) saveState(ctx context.Context, path string, request any) (json.RawMessage, error) {
	return m.withState(ctx, path, request, func(p, r *C.char, text **C.char, e **C.llmodel_error) C.llmodel_status {
		return C.llmodel_save_state(m.handle, p, r, text, e)
	})
}

// RestoreState reads back what SaveState wrote with the same model: prompts with the same beginning continue from there.
func (m *Model) RestoreState(ctx context.Context, path string, request StateRequest) (StateResult, error) {
	return read[StateResult](m.restoreState(ctx, path, request))
}

func (m *Model) restoreState(ctx context.Context, path string, request any) (json.RawMessage, error) {
	return m.withState(ctx, path, request, func(p, r *C.char, text **C.char, e **C.llmodel_error) C.llmodel_status {
		return C.llmodel_restore_state(m.handle, p, r, text, e)
	})
}

func (m *Model) withState(
	ctx context.Context, path string, request any,
	function func(path, request *C.char, text **C.char, failure **C.llmodel_error) C.llmodel_status,
) (json.RawMessage, error) {
	if err := checkPaths(path); err != nil {
		return nil, err
	}
	if err := m.begin(ctx, "the request"); err != nil {
		return nil, err
	}
	given, err := encode(request)
	if err != nil {
		return nil, err
	}
	arguments, free := texts(path, string(given))
	defer free()
	defer runtime.KeepAlive(m)
	return callJSON(func(text **C.char, failure **C.llmodel_error) C.llmodel_status {
		return function(arguments[0], arguments[1], text, failure)
	})
}
