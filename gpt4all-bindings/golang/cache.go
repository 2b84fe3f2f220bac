package gpt4all

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var stateSuffix = regexp.MustCompile(`(\.archive)?(\.part|\.part\.json|\.extracted|\.json|\.lock)(\.new)?$`)

// CachedModel is a model's file in the cache.
type CachedModel struct {
	// The name that Resolve knows it by, and where it lies.
	Name, Path string
	// In bytes.
	Size int64
	// The hash recorded when it was downloaded, or else the catalogue's; empty if neither is known.
	SHA256 string
	// Where it came from; empty if it was not downloaded by GPT4All.
	Source string
	// nil if the catalogue does not have it.
	Entry *CatalogueEntry
}

func topFolders(folder string) []string {
	if folder == "" {
		return searchFolders()
	}
	return []string{expanded(folder)}
}

// ListCached is the models in a folder, or if it is empty in ModelsFolder and the folder of older releases, sorted by name.
func ListCached(folder string) []CachedModel {
	found := map[string]CachedModel{}
	tops := topFolders(folder)
	slices.Reverse(tops) // what is in the first folder is what counts
	for _, top := range tops {
		for _, below := range foldersOf(top) {
			entries, _ := os.ReadDir(below)
			for _, each := range entries {
				path := filepath.Join(below, each.Name())
				info, err := os.Stat(path)
				if extension := filepath.Ext(path); err != nil || !info.Mode().IsRegular() ||
					extension != ".gguf" && extension != ".bin" {
					continue
				}
				name, _ := filepath.Rel(top, path)
				found[path] = cached(filepath.ToSlash(name), path, info.Size())
			}
		}
	}
	var models []CachedModel
	for _, each := range found {
		models = append(models, each)
	}
	slices.SortFunc(models, func(a, b CachedModel) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Path, b.Path))
	})
	return models
}

func cached(name, path string, size int64) CachedModel {
	model := CachedModel{Name: name, Path: path, Size: size, Entry: Find(filepath.Base(path))}
	if noted := recordOf(path); noted != nil {
		model.SHA256, model.Source = noted.SHA256, noted.Source
	} else if model.Entry != nil {
		model.SHA256 = model.Entry.SHA256
	}
	return model
}

// foldersOf is the folders that downloads put models in: the top one, and those below hf and url.
func foldersOf(top string) []string {
	folders := []string{top}
	for _, kind := range []string{"hf", "url"} {
		_ = filepath.WalkDir(filepath.Join(top, kind), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && entry.Name() != stateFolder {
				folders = append(folders, path)
			}
			return nil
		})
	}
	return folders
}

// Verification is the outcome of Verify: hashes in hexadecimal, of the kind that Algorithm names. Expected is empty if
// there is no known hash to compare the file with.
type Verification struct {
	Path, Algorithm, Expected, Found string
}

// OK tells whether the file is what it should be; false also if that is not known.
func (v Verification) OK() bool { return v.Expected != "" && v.Expected == v.Found }

// Verify reads a model's whole file and compares its hash with the recorded one, or else with the catalogue's. Of the
// options, Folder and Progress are used. Fails with [ErrModelNotFound] if it is not on this machine.
func Verify(ctx context.Context, name string, options ResolveOptions) (Verification, error) {
	if err := checkGiven(ctx, "the check"); err != nil {
		return Verification{}, err
	}
	path, err := local(name, options.Folder)
	if err != nil {
		return Verification{}, err
	}
	found := Verification{Path: path, Algorithm: "sha256"}
	if noted := recordOf(path); noted != nil {
		found.Expected = noted.SHA256
	} else if entry := Find(filepath.Base(path)); entry != nil {
		found.Expected = entry.SHA256
		if entry.SHA256 == "" && entry.MD5 != "" {
			found.Algorithm, found.Expected = "md5", entry.MD5
		}
	}
	report := &reporter{ctx: ctx, progress: options.Progress, what: filepath.Base(path)}
	found.Found, err = fileDigest(path, found.Algorithm, report)
	return found, err
}

func local(name, folder string) (string, error) {
	if err := checkPaths(name); err != nil {
		return "", err
	}
	known, err := parseName(name)
	if err != nil {
		return "", err
	}
	path, tried := findLocal(name, known, expanded(folder))
	if path == "" {
		return "", newError(ErrModelNotFound, "there is no model %q on this machine; looked in %s", name,
			strings.Join(tried, ", ")).with(map[string]any{"tried": tried})
	}
	return path, nil
}

// Remove deletes a model from the cache, with everything that belongs to it and all parts of a split one, and returns the
// deleted files. folder is as for ListCached. Fails with [ErrModelNotFound] if it does not exist, [ErrInvalidArgument] for
// a file that is not in the cache, and [ErrDownload] while it is being downloaded.
func Remove(name, folder string) ([]string, error) {
	path, err := local(name, folder)
	if err != nil {
		return nil, err
	}
	tops := topFolders(folder)
	if !slices.ContainsFunc(tops, func(top string) bool { return isBelow(path, top) }) {
		return nil, newError(ErrInvalidArgument, "%s is not in the cache (%s), so it stays", path, tops[0]).
			with(map[string]any{"path": path})
	}
	var removed []string
	for _, each := range splitNames(filepath.Base(path)) {
		one := filepath.Join(filepath.Dir(path), each)
		if _, err := os.Stat(one); err != nil {
			continue
		}
		if err := removeOne(one); err != nil {
			return removed, err
		}
		removed = append(removed, one)
	}
	return removed, nil
}

func isBelow(path, folder string) bool {
	path, errPath := filepath.EvalSymlinks(path)
	folder, errFolder := filepath.EvalSymlinks(folder)
	if errPath != nil || errFolder != nil {
		return false
	}
	relative, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(relative)
}

func removeOne(path string) error {
	release, err := lock(path, nil)
	if errors.Is(err, errHeld) {
		return newError(ErrDownload, "%s is being downloaded; stop the download first", path).with(map[string]any{"path": path})
	}
	if err != nil {
		return err
	}
	defer release()
	if err := os.Remove(path); err != nil {
		return diskError(path, err)
	}
	for _, each := range stateFiles(filepath.Dir(path))[filepath.Base(path)] {
		if err := os.Remove(each); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return diskError(path, err)
		}
	}
	return nil
}

// stateFiles is what downloads into a folder left, by the name of the model it is for.
func stateFiles(folder string) map[string][]string {
	found := map[string][]string{}
	entries, _ := os.ReadDir(filepath.Join(folder, stateFolder))
	for _, each := range entries {
		if name := stateSuffix.ReplaceAllString(each.Name(), ""); name != each.Name() {
			found[name] = append(found[name], filepath.Join(folder, stateFolder, each.Name()))
		}
	}
	return found
}
