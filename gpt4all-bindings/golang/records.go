package gpt4all

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"time"
)

// record is a file as it was when it got its name.
type record struct {
	Size       int64   `json:"size"` // in bytes
	SHA256     string  `json:"sha256"`
	Source     string  `json:"source"`
	Downloaded float64 `json:"downloaded"` // seconds since 1970
}

// recordOf is the record of a file; nil if it was not downloaded by this package.
func recordOf(path string) *record {
	var found record
	if !readState(stateFile(path, ".json"), &found) || found.SHA256 == "" {
		return nil
	}
	return &found
}

// write notes it, with the present time.
func (r record) write(path string) error {
	r.Downloaded = float64(time.Now().UnixMilli()) / 1000
	return diskError(path, writeState(stateFile(path, ".json"), r))
}

// wanted is a file to be at a path. Size in bytes, hashes in hexadecimal; what is not known is nil or empty.
type wanted struct {
	path   string
	size   *int64
	sha256 string
	md5    string
	// Whether the caller gave the hashes, so that a file without a record must be read to be trusted.
	certain bool
}

// isThere tells whether the file is there and is as it was recorded, or else as long as it should be.
func (w *wanted) isThere(report *reporter) (bool, error) {
	info, err := os.Stat(w.path)
	if err != nil || info.IsDir() {
		return false, nil
	}
	if found := recordOf(w.path); found != nil {
		return found.Size == info.Size() && (w.sha256 == "" || w.sha256 == found.SHA256), nil
	}
	if w.size != nil && *w.size != info.Size() {
		return false, nil
	}
	if !w.certain {
		return true, nil
	}
	for name, expected := range map[string]string{"sha256": w.sha256, "md5": w.md5} {
		if expected == "" {
			continue
		}
		found, err := fileDigest(w.path, name, report)
		if err != nil || found != expected {
			return false, err
		}
	}
	return true, nil
}

// fileDigest is the hash of a file's content, in hexadecimal.
func fileDigest(path, algorithm string, report *reporter) (string, error) {
	var digest hash.Hash = sha256.New()
	if algorithm == "md5" {
		digest = md5.New()
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fileError(path, "the file cannot be read", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fileError(path, "the file cannot be read", err)
	}
	buffer := make([]byte, 1<<20)
	for done := int64(0); ; {
		count, err := file.Read(buffer)
		digest.Write(buffer[:count])
		done += int64(count)
		if err == io.EOF {
			return hex.EncodeToString(digest.Sum(nil)), nil
		}
		if err != nil {
			return "", fileError(path, "the file cannot be read", err)
		}
		if err := report.report(PhaseVerifying, done, info.Size()); err != nil {
			return "", err
		}
	}
}
