package main

// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdint.h>
// #include <stdlib.h>
//
// static void *find(const char *library) {
//     void *opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
//     return opened ? dlsym(opened, "bench_streams") : NULL;
// }
//
// static double call(void *function, uintptr_t model, const char *requests) {
//     return ((double (*)(uintptr_t, const char *))function)(model, requests);
// }
import "C"

import (
	"encoding/json"
	"errors"
	"reflect"
	"unsafe"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
)

// loopInC is bench_streams() of the benchmark's library, on the same open model.
func loopInC(library string, model *gpt4all.Model) (func([]json.RawMessage) (float64, error), error) {
	path := C.CString(library)
	defer C.free(unsafe.Pointer(path))
	function := C.find(path)
	if function == nil {
		return nil, errors.New(C.GoString(C.dlerror()))
	}
	handle := C.uintptr_t(reflect.ValueOf(model).Elem().FieldByName("handle").Pointer())
	return func(requests []json.RawMessage) (float64, error) {
		text, err := json.Marshal(requests)
		if err != nil {
			return 0, err
		}
		asked := C.CString(string(text))
		defer C.free(unsafe.Pointer(asked))
		rate := float64(C.call(function, handle, asked))
		if rate < 0 {
			return 0, errors.New("the loop in C failed")
		}
		return rate, nil
	}, nil
}
