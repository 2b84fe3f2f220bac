package gpt4all

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Kinds of what can go wrong with finding, fetching and keeping model files.
var (
	// A download failed. What was downloaded is kept, and the next attempt resumes from there. Detail may hold "url"
	// (without its secrets), "path", "http_status", "tried" (one line for each source).
	ErrDownload = &Kind{"download", StatusIO, []*Kind{ErrIO}}
	// The server answered with an error status: 404, 403, 500 and so on. It is in Detail["http_status"].
	ErrHTTPStatus = download("http_status")
	// No connection, or it kept breaking without any progress.
	ErrConnectionFailed = download("connection_failed")
	// No connection at all: no network, an unknown host, nothing listening, or an invalid certificate.
	ErrUnreachable = &Kind{"unreachable", StatusIO, []*Kind{ErrConnectionFailed}}
	// The server kept the connection open but sent nothing, or next to nothing, for longer than Stall in the settings.
	ErrStalled = &Kind{"stalled", StatusIO, []*Kind{ErrConnectionFailed}}
	// Redirects that never end, lead nowhere, or lead to an address that may not be used.
	ErrRedirect = download("redirect")
	// The server's answer contradicts itself or the request: a wrong range, an encoded body, a missing size.
	ErrProtocol = download("protocol")
	// The downloaded file has the wrong size or hash, and was deleted.
	ErrChecksum = download("checksum")
	// There is not enough disk space for the file, or the file system does not allow files of its size.
	ErrDiskFull = download("disk_full")
	// The folder is not writable.
	ErrFolder = download("folder")
	// The model is not on this machine, and downloads are turned off.
	ErrOffline = &Kind{"offline", StatusNotFound, []*Kind{ErrModelNotFound, ErrDownload}}
	// Plain HTTP to another machine, or an address that is not HTTP at all.
	ErrInsecureURL = &Kind{"insecure_url", StatusInvalidArgument, []*Kind{ErrInvalidArgument}}
	// A file name or address that could lead outside the models folder.
	ErrInvalidName = &Kind{"invalid_name", StatusInvalidArgument, []*Kind{ErrInvalidArgument}}
)

func download(name string) *Kind { return &Kind{name, StatusIO, []*Kind{ErrDownload}} }

// failedEverywhere is one error for several sources: the only failure itself, or one of the first one's kind that tells of
// all.
func failedEverywhere(what string, names []string, failures []*Error) error {
	if len(failures) == 1 {
		return failures[0]
	}
	var lines []string
	detail := map[string]any{}
	for index, each := range failures {
		lines = append(lines, fmt.Sprintf("%s: %v", names[index], each))
	}
	for key, value := range failures[0].Detail {
		detail[key] = value
	}
	detail["tried"] = lines
	return newError(failures[0].Kind, "%s could not be fetched from any of its sources. %s", what,
		strings.Join(lines, "; ")).with(detail).from(failures[0])
}

// diskError turns what the file system complains of into ErrDiskFull or ErrFolder.
func diskError(path string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	detail := map[string]any{"path": path}
	for code, why := range map[syscall.Errno]string{
		syscall.ENOSPC: "the disk is full; make room and try again",
		syscall.EDQUOT: "your quota is used up; make room and try again",
		syscall.EFBIG:  "its file system, or a limit on your account, does not allow files of this size",
	} {
		if errors.Is(err, code) {
			return newError(ErrDiskFull, "%s cannot be written: %s", path, why).with(detail).from(err)
		}
	}
	return newError(ErrFolder, "%s cannot be written: %v; choose another folder with $GPT4ALL_CACHE or Folder", path,
		err).with(detail).from(err)
}
