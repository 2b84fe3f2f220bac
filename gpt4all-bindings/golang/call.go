package gpt4all

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"encoding/json"
	"unsafe"
)

// check is the error that a status stands for. It takes over the error object.
func check(status C.llmodel_status, failure **C.llmodel_error) error {
	if status == C.LLMODEL_OK {
		return nil
	}
	kind, known := kinds[Status(status)]
	if !known {
		kind = ErrInternal
	}
	owned := *failure
	*failure = nil
	if owned == nil {
		return newError(kind, "the library failed with %s and gave no message", Status(status))
	}
	defer C.llmodel_error_free(owned)
	made := &Error{Kind: kind, Message: C.GoString(C.llmodel_error_message(owned))}
	detail := C.GoString(C.llmodel_error_detail(owned))
	if err := json.Unmarshal([]byte(detail), &made.Detail); err != nil {
		made.Detail = map[string]any{"detail": detail}
	}
	return made
}

// texts makes C strings, and what frees them.
func texts(values ...string) ([]*C.char, func()) {
	made := make([]*C.char, len(values))
	for index, value := range values {
		made[index] = C.CString(value)
	}
	return made, func() {
		for _, each := range made {
			C.free(unsafe.Pointer(each))
		}
	}
}

// callJSON calls a function of the library that gives JSON.
func callJSON(function func(text **C.char, failure **C.llmodel_error) C.llmodel_status) (json.RawMessage, error) {
	var text *C.char
	var failure *C.llmodel_error
	if err := check(function(&text, &failure), &failure); err != nil {
		return nil, err
	}
	defer C.llmodel_string_free(text)
	return json.RawMessage(C.GoString(text)), nil
}

// read is JSON of the library as a type of this package.
func read[T any](text json.RawMessage, err error) (T, error) {
	var value T
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(text, &value); err != nil {
		return value, newError(ErrInternal, "the library's answer cannot be read: %v: %.200s", err, text).from(err)
	}
	return value, nil
}

// checkPaths refuses paths that the system could not know.
func checkPaths(paths ...string) error {
	for _, path := range paths {
		if err := checkText("a path", path); err != nil {
			return err
		}
		if path == "" {
			return newError(ErrInvalidArgument, "a path is empty")
		}
	}
	return nil
}
