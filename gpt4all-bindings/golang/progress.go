package gpt4all

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"context"
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Progress is told how much of a long call is done, from 0 to 1. If it returns false, the call ends with
// [ErrCancellation]. It may panic, or end its goroutine as t.Fatal does: that ends the call, and then the goroutine that
// made it, in the same way.
type Progress func(fraction float32) bool

// listener is what C knows as a number while a long call runs.
type listener struct {
	progress Progress
	panicked any
	exited   bool
}

// outsideC runs a function on a goroutine of its own, and waits for it. On the one that C has called, a panic or
// runtime.Goexit would unwind C++, too, which then never gives up the locks that it holds.
func outsideC(work func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		work()
	}()
	<-ended
}

// report tells whether the call is to go on.
func (l *listener) report(fraction float32) (goOn bool) {
	outsideC(func() {
		returned := false
		defer func() {
			if !returned {
				l.panicked = recover()
				l.exited = l.panicked == nil
			}
		}()
		goOn = l.progress(fraction)
		returned = true
	})
	return goOn
}

//export gpt4allGoProgress
func gpt4allGoProgress(progress *C.gpt4all_progress, fraction C.float) {
	if !cgo.Handle(progress.listener).Value().(*listener).report(float32(fraction)) {
		C.gpt4all_progress_cancel(progress)
	}
}

// withProgress makes a long call that the context can end.
func withProgress(ctx context.Context, report Progress, work func(*C.gpt4all_progress) error) error {
	told := &listener{progress: report}
	var handle cgo.Handle
	if report != nil {
		handle = cgo.NewHandle(told)
		defer handle.Delete()
	}
	progress := C.gpt4all_progress_new(C.uintptr_t(handle))
	if progress == nil {
		return newError(ErrOutOfMemory, "there is no memory left")
	}
	defer C.free(unsafe.Pointer(progress))
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		C.gpt4all_progress_cancel(progress)
		close(ended)
	})
	err := work(progress)
	if !stop() {
		<-ended // before its memory is freed
	}
	if told.panicked != nil {
		panic(told.panicked)
	}
	if told.exited {
		runtime.Goexit()
	}
	return fromContext(ctx, err)
}
