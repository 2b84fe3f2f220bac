package gpt4all

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"unsafe"
)

func pointerOf(progress *C.gpt4all_progress) unsafe.Pointer { return unsafe.Pointer(progress) }

type writer func(path, out, options *C.char, user unsafe.Pointer, text **C.char, e **C.llmodel_error) C.llmodel_status

// writeFile calls a function of the library that makes one file of another.
func writeFile(
	ctx context.Context, path, out string, options any, progress Progress, function writer,
) (json.RawMessage, error) {
	if err := checkPaths(path, out); err != nil {
		return nil, err
	}
	if err := checkContext(ctx, "writing "+out); err != nil {
		return nil, err
	}
	given, err := encode(options)
	if err != nil {
		return nil, err
	}
	if err := load(); err != nil {
		return nil, err
	}
	arguments, free := texts(path, out, string(given))
	defer free()
	var result json.RawMessage
	err = withProgress(ctx, progress, func(user *C.gpt4all_progress) (err error) {
		result, err = callJSON(func(text **C.char, failure **C.llmodel_error) C.llmodel_status {
			return function(arguments[0], arguments[1], arguments[2], unsafe.Pointer(user), text, failure)
		})
		return err
	})
	return result, err
}

// Quantize writes the model at path to out in another type, such as QuantizeOptions{Type: "Q4_K_M"}. The file appears
// only when it is complete. progress may be nil.
func Quantize(
	ctx context.Context, path, out string, options QuantizeOptions, progress Progress,
) (QuantizeResult, error) {
	return read[QuantizeResult](quantize(ctx, path, out, options, progress))
}

func quantize(ctx context.Context, path, out string, options any, progress Progress) (json.RawMessage, error) {
	return writeFile(ctx, path, out, options, progress,
		func(path, out, options *C.char, user unsafe.Pointer, t **C.char, e **C.llmodel_error) C.llmodel_status {
			report := C.llmodel_progress_fn(C.gpt4all_progress_report)
			return C.llmodel_quantize(path, out, options, report, user, t, e)
		})
}

// Imatrix measures how much each column of a model's weights matters, for the option Imatrix of Quantize. The options
// must give either a text or a file. The file appears only when it is complete. progress may be nil.
func Imatrix(ctx context.Context, path, out string, options ImatrixOptions, progress Progress) (ImatrixResult, error) {
	return read[ImatrixResult](writeFile(ctx, path, out, options, progress,
		func(path, out, options *C.char, user unsafe.Pointer, t **C.char, e **C.llmodel_error) C.llmodel_status {
			report := C.llmodel_progress_fn(C.gpt4all_progress_report)
			return C.llmodel_imatrix(path, out, options, report, user, t, e)
		}))
}

// Convert writes a model of a format of 2023 (ggml, ggmf, ggjt, ggmm, or GGUF of "gptj") as GGUF. Open also opens such
// files: it makes a translation in its cache. The file appears only when it is complete. progress may be nil.
func Convert(ctx context.Context, path, out string, options ConvertOptions, progress Progress) (ConvertResult, error) {
	return read[ConvertResult](writeFile(ctx, path, out, options, progress,
		func(path, out, options *C.char, user unsafe.Pointer, t **C.char, e **C.llmodel_error) C.llmodel_status {
			report := C.llmodel_progress_fn(C.gpt4all_progress_report)
			return C.llmodel_convert(path, out, options, report, user, t, e)
		}))
}

// Devices lists the usable devices, and every backend found, with the reason if it was refused.
func Devices(ctx context.Context) (DevicesResult, error) {
	if err := checkContext(ctx, "the question"); err != nil {
		return DevicesResult{}, err
	}
	if err := load(); err != nil {
		return DevicesResult{}, err
	}
	return read[DevicesResult](callJSON(func(text **C.char, failure **C.llmodel_error) C.llmodel_status {
		return C.llmodel_devices(text, failure)
	}))
}

// LibraryInfo is version, llama.cpp release, compiler and flags of the library.
func LibraryInfo() (BuildInfo, error) {
	if err := load(); err != nil {
		return BuildInfo{}, err
	}
	return read[BuildInfo](json.RawMessage(C.GoString(C.llmodel_build_info())), nil)
}

// Schema is the JSON Schema of all options, requests and results, under "$defs".
func Schema() (json.RawMessage, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return json.RawMessage(C.GoString(C.llmodel_schema())), nil
}
