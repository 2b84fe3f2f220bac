package gpt4all

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// fileError is an error of the file system, which says what was being done with which file.
func fileError(path, doing string, err error) error {
	kind := ErrIO
	if errors.Is(err, fs.ErrNotExist) {
		kind = ErrModelNotFound
	}
	reason := err
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		reason = wrapped.Err
	}
	return newError(kind, "%s: %s: %v", path, doing, reason).with(map[string]any{"path": path}).from(err)
}

func readFile(path, doing string) ([]byte, error) {
	if err := checkPaths(path); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, doing, err)
	}
	return data, nil
}

// writeWhole writes a file, complete or not at all.
func writeWhole(path string, data []byte, doing string) error {
	target := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real
	}
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return newError(ErrInvalidArgument, "%s is not a regular file; give the session another name", target).
			with(map[string]any{"path": target})
	}
	file, err := os.CreateTemp(filepath.Dir(target), ".new-")
	if err != nil {
		return fileError(path, doing, err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), target)
	}
	if err != nil {
		os.Remove(file.Name())
		return fileError(path, doing, err)
	}
	return nil
}
