package gpt4all

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// EventKindToolResult is what a function returned, as the message that the model is told. It comes from runs with tools
// and sessions; all other events are the engine's.
const EventKindToolResult EventKind = 100

// Event is one thing that a running request reports.
type Event struct {
	// What it is.
	Kind EventKind
	// Which choice, input or row of the request it belongs to, from 0.
	Index int
	// Of text and reasoning.
	Text string
	// Of embedding and logprobs.
	Floats []float32
	// Of progress (a ProgressEvent), tool_call (a ToolCallEvent), token_logprobs (a Logprobs), result and tool_result.
	JSON json.RawMessage
}

// Task is a request that runs in the engine. Cancel and Close may be called from any goroutine, everything else from one
// at a time. It ends when its context is done.
type Task struct {
	model   *Model // which is open for as long as the task is used
	ctx     context.Context
	handle  *C.llmodel_task // a name, which is never an address
	release func()
	turn    sync.Mutex // whoever holds it may be in llmodel_next()
	closing atomic.Bool
	event   C.llmodel_event
	failure *C.llmodel_error
	done    bool
	answer  json.RawMessage
	floats  map[int][]float32
}

// Submit starts any operation, with its request as described by [Schema]: one of this package's types, or anything whose
// JSON has the same keys. Everything else that can be asked of a model is built on this.
func (m *Model) Submit(ctx context.Context, operation Operation, request any) (*Task, error) {
	if err := m.begin(ctx, "the request"); err != nil {
		return nil, err
	}
	if err := checkText("an operation", string(operation)); err != nil {
		return nil, err
	}
	text, err := encode(request)
	if err != nil {
		return nil, err
	}
	arguments, free := texts(string(operation), string(text))
	defer free()
	defer runtime.KeepAlive(m)
	var handle *C.llmodel_task
	var failure *C.llmodel_error
	err = check(C.llmodel_submit(m.handle, arguments[0], arguments[1], &handle, &failure), &failure)
	if err != nil {
		return nil, err
	}
	task := &Task{model: m, ctx: ctx, handle: handle, floats: map[int][]float32{}}
	stop := context.AfterFunc(ctx, func() { C.llmodel_cancel(handle) })
	end := func(handle *C.llmodel_task) {
		stop()
		C.llmodel_task_free(handle)
	}
	net := runtime.AddCleanup(task, end, handle)
	task.release = sync.OnceFunc(func() {
		net.Stop()
		end(handle)
	})
	return task, nil
}

// Next waits for the next event. After the last one, done, the error is io.EOF.
func (t *Task) Next() (Event, error) {
	event, _, err := t.next(-1)
	return event, err
}

// Poll waits up to a time for the next event, 0: not at all. ok is false if there was none.
func (t *Task) Poll(wait time.Duration) (event Event, ok bool, err error) {
	const longest = 1<<31 - 1
	return t.next(C.int32_t(min(max(wait.Milliseconds(), 0), longest)))
}

func (t *Task) next(milliseconds C.int32_t) (Event, bool, error) {
	if !t.turn.TryLock() {
		if t.closing.Load() {
			return Event{}, false, newError(ErrClosed, "the task was closed")
		}
		return Event{}, false, newError(ErrBusy, "two goroutines are waiting for one task; give each its own task")
	}
	defer t.turn.Unlock()
	if t.closing.Load() || t.release == nil {
		return Event{}, false, newError(ErrClosed, "the task was closed")
	}
	if t.done {
		return Event{}, false, io.EOF
	}
	defer runtime.KeepAlive(t)
	status := C.llmodel_next(t.handle, milliseconds, &t.event, &t.failure)
	if status == C.LLMODEL_TIMEOUT {
		return Event{}, false, nil
	}
	if err := check(status, &t.failure); err != nil {
		return Event{}, false, fromContext(t.ctx, err)
	}
	return t.read(), true, nil
}

func (t *Task) read() Event {
	event := Event{Kind: EventKind(t.event.kind), Index: int(t.event.index)}
	size := int(t.event.size)
	switch event.Kind {
	case EventKindText, EventKindReasoning:
		event.Text = C.GoStringN((*C.char)(t.event.data), C.int(size))
	case EventKindEmbedding, EventKindLogprobs:
		event.Floats = slices.Clone(unsafe.Slice((*float32)(t.event.data), size/4))
		t.floats[event.Index] = event.Floats
	case EventKindResult:
		event.JSON = C.GoBytes(t.event.data, C.int(size))
		t.answer = event.JSON
	case EventKindDone:
		t.done = true
	default:
		if size > 0 {
			event.JSON = C.GoBytes(t.event.data, C.int(size))
		}
	}
	return event
}

// Events gives every event up to the last, done. It closes the task at its end; leaving the loop cancels the request.
func (t *Task) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		defer t.Close()
		for {
			event, _, err := t.next(-1)
			if err == io.EOF {
				return
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// Result waits for the end and returns the result's JSON, skipping all other events. It closes the task.
func (t *Task) Result() (json.RawMessage, error) {
	for _, err := range t.Events() {
		if err != nil {
			return nil, err
		}
	}
	return t.answer, nil
}

// Floats is the vectors and rows received so far, by their index.
func (t *Task) Floats() [][]float32 {
	var all [][]float32
	for _, index := range sortedKeys(t.floats) {
		all = append(all, t.floats[index])
	}
	return all
}

// Cancel stops the request. A goroutine that is waiting for it gets [ErrCancellation].
func (t *Task) Cancel() {
	if t.release == nil { // the zero value
		return
	}
	C.llmodel_cancel(t.handle)
	runtime.KeepAlive(t)
}

// Close cancels the request if it is still running, and releases it. It may be called at any time and more than once,
// and never fails.
func (t *Task) Close() error {
	t.closing.Store(true)
	t.Cancel() // which wakes the goroutine that waits
	t.turn.Lock()
	defer t.turn.Unlock()
	if t.release != nil {
		t.release()
	}
	return nil
}
