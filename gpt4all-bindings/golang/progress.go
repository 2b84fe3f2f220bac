package gpt4all

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"context"
	"runtime/cgo"
	"unsafe"
)

// Progress is told how much of a long call is done, from 0 to 1. If it returns false, the call ends with
// [ErrCancellation]. It runs on the goroutine that made the call; its panics end the call and go on from there.
type Progress func(fraction float32) bool

// listener is what C knows as a number while a long call runs.
type listener struct {
	progress Progress
	panicked any
}

//export gpt4allGoProgress
func gpt4allGoProgress(progress *C.gpt4all_progress, fraction C.float) {
	listener := cgo.Handle(progress.listener).Value().(*listener)
	defer func() {
		// A panic must not unwind through C.
		if value := recover(); value != nil {
			listener.panicked = value
			C.gpt4all_progress_cancel(progress)
		}
	}()
	if !listener.progress(float32(fraction)) {
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
	return fromContext(ctx, err)
}
