//go:build linux || darwin

package gpt4all

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Pruned is what Prune removed, and how many bytes that freed.
type Pruned struct {
	Paths      []string
	FreedBytes int64
}

// Prune deletes leftovers of downloads that have not been touched for a time, such as a week: partial files, locks,
// records of deleted files, and folders that this leaves empty. Running downloads are left alone. folder is as for
// ListCached; if it is empty, translations of model files that were deleted or changed are deleted too, and rearranged
// weights of models that were not opened for that long.
func Prune(folder string, olderThan time.Duration) Pruned {
	var pruned Pruned
	before := time.Now().Add(-olderThan)
	tops := topFolders(folder)
	for _, top := range tops {
		for _, below := range foldersOf(top) {
			for name, files := range stateFiles(below) {
				pruned.one(filepath.Join(below, name), files, before)
			}
			for _, path := range olderFiles(below, before, "*.gguf.part") { // of older releases
				pruned.unlink(path)
			}
		}
	}
	if folder == "" {
		for _, path := range staleTranslations(filepath.Join(CacheFolder(), "translated"), before) {
			pruned.unlink(path)
		}
		for _, path := range unusedPanels(filepath.Join(CacheFolder(), "panels"), before) {
			pruned.unlink(path)
		}
	}
	for _, top := range tops {
		removeEmptyFolders(top)
	}
	return pruned
}

// one deletes what is left of one download, unless it is young, or running.
func (p *Pruned) one(target string, files []string, before time.Time) {
	held := slices.Contains(files, stateFile(target, ".lock"))
	if _, err := os.Stat(target); err == nil {
		files = slices.DeleteFunc(files, func(path string) bool { return path == stateFile(target, ".json") })
	}
	if len(files) == 0 || slices.ContainsFunc(files, func(path string) bool { return !isOlder(path, before) }) {
		return
	}
	release, err := lock(target, nil)
	if err != nil { // running, or in a folder that cannot be written
		return
	}
	defer release()
	for _, each := range files {
		p.unlink(each)
	}
	if !held {
		_ = os.Remove(stateFile(target, ".lock")) // made for this
	}
}

// unlink deletes a file; one that cannot be deleted stays.
func (p *Pruned) unlink(path string) {
	if info, err := os.Stat(path); err == nil && os.Remove(path) == nil {
		p.Paths = append(p.Paths, path)
		p.FreedBytes += info.Size()
	}
}

func isOlder(path string, before time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && info.ModTime().Before(before)
}

// filesLike is what is in a folder, by name.
func filesLike(folder, pattern string) []string {
	var found []string
	entries, _ := os.ReadDir(folder)
	for _, each := range entries {
		if ok, _ := filepath.Match(pattern, each.Name()); ok {
			found = append(found, filepath.Join(folder, each.Name()))
		}
	}
	return found
}

// olderFiles is what is in a folder, by several names, and was last touched before then.
func olderFiles(folder string, before time.Time, patterns ...string) []string {
	var found []string
	for _, pattern := range patterns {
		for _, path := range filesLike(folder, pattern) {
			if isOlder(path, before) {
				found = append(found, path)
			}
		}
	}
	return found
}

func removeEmptyFolders(top string) {
	for _, below := range slices.Backward(foldersOf(top)) { // what is not empty stays
		_ = os.Remove(filepath.Join(below, stateFolder))
		if below != top {
			_ = os.Remove(below)
		}
	}
}

// translation is what the engine notes of a model of 2023 that it translated.
type translation struct {
	Translation string           `json:"translation"`
	Files       []translatedFile `json:"files"`
}

type translatedFile struct {
	Path       string `json:"path"`
	Device     uint64 `json:"device"`
	Inode      uint64 `json:"inode"`
	Size       int64  `json:"size"`
	ModifiedNS int64  `json:"modified_ns"`
}

// isSame tells whether the file is still the one that was translated.
func (f translatedFile) isSame() bool {
	info, err := os.Stat(f.Path)
	if err != nil {
		return false
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && uint64(status.Dev) == f.Device && status.Ino == f.Inode && info.Size() == f.Size &&
		info.ModTime().UnixNano() == f.ModifiedNS
}

// staleTranslations is the files that nothing needs: translations of files that are gone or changed, their records and
// locks, and what was half done. What was made after before is left alone.
func staleTranslations(folder string, before time.Time) []string {
	var stale []string
	needed := map[string]bool{}
	for _, path := range filesLike(folder, "*.json") {
		var noted translation
		text, err := os.ReadFile(path)
		alive := err == nil && json.Unmarshal(text, &noted) == nil && len(noted.Files) > 0 &&
			!slices.ContainsFunc(noted.Files, func(file translatedFile) bool { return !file.isSame() })
		if alive || !isOlder(path, before) {
			needed[noted.Translation] = true
			continue
		}
		stale = append(stale, path)
		lock := strings.TrimSuffix(path, ".json") + ".lock"
		if _, err := os.Stat(lock); err == nil {
			stale = append(stale, lock)
		}
	}
	for _, path := range olderFiles(folder, before, "*.gguf", "*.part") {
		if !needed[filepath.Base(path)] {
			stale = append(stale, path)
		}
	}
	return stale
}

// unusedPanels is the files of weights rearranged for the CPU that were not used since before: the library takes the time
// of each use. One that is in use may go; whoever has it keeps it in memory.
func unusedPanels(folder string, before time.Time) []string {
	return olderFiles(folder, before, "*.panels", "*.part")
}
