//go:build linux || darwin

package gpt4all

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// stateFile is a file that the download of path needs, such as its ".part".
func stateFile(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), stateFolder, filepath.Base(path)+suffix)
}

// writeState writes a small file, whole or not at all. Only under the download's lock, so that one name for it will do.
func writeState(path string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	fresh := path + ".new"
	defer os.Remove(fresh)
	file, err := os.Create(fresh)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// readState reads such a file. What is missing or damaged is not there.
func readState(path string, value any) bool {
	text, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(text, value) == nil
}

// rename gives a finished file its name, replacing what has it, so that it survives a power cut.
func rename(source, target string) error {
	if err := os.Rename(source, target); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(target))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

var errHeld = errors.New("another process has the lock")

// lock holds the lock of the download of path, whose folder is made, and is what releases it. It waits while another
// process has it; without a report it does not, but fails with errHeld.
func lock(path string, report *reporter) (func(), error) {
	name := stateFile(path, ".lock")
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return nil, diskError(path, err)
	}
	for {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, diskError(path, err)
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && isStill(file, name) {
			return func() { file.Close() }, nil
		}
		file.Close()
		switch {
		case err == nil: // somebody removed the file before it was locked
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return nil, diskError(path, err)
		case report == nil:
			return nil, errHeld
		default:
			if err := report.sleep(100*time.Millisecond, PhaseWaiting, 0, -1); err != nil {
				return nil, err
			}
		}
	}
}

func isStill(file *os.File, name string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(open, there)
}

// checkSpace fails with ErrDiskFull if the disk of a folder has less than this many bytes free.
func checkSpace(folder string, needed int64, what string) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return diskError(folder, err)
	}
	free := int64(disk.Bavail) * int64(disk.Bsize)
	if free >= needed {
		return nil
	}
	return newError(ErrDiskFull, "%s needs %s and %s has %s free; make room, or choose another folder", what,
		inWords(needed), folder, inWords(free)).
		with(map[string]any{"needed_bytes": needed, "free_bytes": free, "path": folder})
}

func inWords(bytes int64) string {
	if bytes >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}
