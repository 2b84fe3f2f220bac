package gpt4all

// #cgo CFLAGS: -std=gnu11
// #cgo linux LDFLAGS: -ldl
// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

var library struct {
	sync.Mutex
	path   string // of the open library
	chosen string // by SetLibraryPath
}

// SetLibraryPath names the library's file, or its folder. It has to come before everything that needs the library, which
// is opened once; $GPT4ALL_LIBRARY, if set, goes before it.
func SetLibraryPath(path string) error {
	if err := checkText("a path", path); err != nil {
		return err
	}
	library.Lock()
	defer library.Unlock()
	if library.path != "" {
		return newError(ErrInvalidArgument, "the library is open already, from %s; call SetLibraryPath before all else",
			library.path)
	}
	library.chosen = path
	return nil
}

// LibraryPath is the file of the library that is open; it is opened if need be. Fails with [ErrLibraryNotFound].
func LibraryPath() (string, error) {
	err := load()
	return library.path, err
}

// LibraryPaths says where the library may lie, in the order in which it is looked for: in $GPT4ALL_LIBRARY (the file, or
// its folder) alone if that is set; alone in what SetLibraryPath named; beside the program, or in lib beside it; in the
// cache that [InstallLibrary] fills; and where `make build` leaves it in the checkout that this package lies in.
func LibraryPaths() []string {
	library.Lock()
	defer library.Unlock()
	return libraryPaths()
}

func libraryPaths() []string {
	for _, named := range []string{os.Getenv("GPT4ALL_LIBRARY"), library.chosen} {
		if named == "" {
			continue
		}
		path, err := filepath.Abs(named) // a bare name would make the loader search the system
		if err != nil {
			path = named
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			path = filepath.Join(path, libraryName())
		}
		return []string{path}
	}
	var paths []string
	if program, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(program); err == nil {
			program = real
		}
		folder := filepath.Dir(program)
		paths = append(paths, filepath.Join(folder, libraryName()), filepath.Join(folder, "lib", libraryName()))
	}
	if folder, err := installedFolder(); err == nil {
		paths = append(paths, filepath.Join(folder, libraryName()))
	}
	if _, source, _, ok := runtime.Caller(0); ok {
		bindings := filepath.Dir(filepath.Dir(source))
		if filepath.Base(bindings) == "gpt4all-bindings" && filepath.IsAbs(bindings) {
			paths = append(paths, filepath.Join(filepath.Dir(bindings), "build", "release", "bin", libraryName()))
		}
	}
	return paths
}

// libraryName is what the library is called on this system.
func libraryName() string {
	if runtime.GOOS == "darwin" {
		return "libllmodel.dylib"
	}
	return "libllmodel.so"
}

// load opens the library, once.
func load() error {
	library.Lock()
	defer library.Unlock()
	if library.path != "" {
		return nil
	}
	var refused []string
	for _, path := range libraryPaths() {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			refused = append(refused, path+": no such file")
			continue
		}
		why := openLibrary(path)
		if why == "" {
			library.path = path
			return nil
		}
		refused = append(refused, path+": "+why)
	}
	return newError(ErrLibraryNotFound, "libllmodel was not found. Tried %s. Put it beside the program, fetch it with "+
		"gpt4all.InstallLibrary, build it with `make build`, or name the file in the environment variable "+
		"GPT4ALL_LIBRARY.", strings.Join(refused, "; ")).with(map[string]any{"tried": refused})
}

func openLibrary(path string) string {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	text := C.gpt4all_open_library(name)
	if text == nil {
		return ""
	}
	defer C.free(unsafe.Pointer(text))
	return C.GoString(text)
}
