package gpt4all

import (
	"archive/zip"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	mostFiles   = 200     // in an archive of the library
	largestFile = 1 << 30 // bytes
)

//go:embed library_release.json
var releaseText []byte

// release is what has been published of the library: for each system, such as linux/amd64, where its archive is.
type release struct {
	Version   string                   `json:"version"`
	Libraries map[string]LibrarySource `json:"libraries"`
}

func thisRelease() (release, error) {
	var found release
	err := json.Unmarshal(releaseText, &found)
	return found, err
}

// LibrarySource is an archive that has the library: a zip file, as the project's Python wheels are.
type LibrarySource struct {
	URL string `json:"url"`
	// Of the archive, in hexadecimal. There is no installing without it.
	SHA256 string `json:"sha256"`
}

// installedFolder is where InstallLibrary puts the library of this release.
func installedFolder() (string, error) {
	found, err := thisRelease()
	return filepath.Join(CacheFolder(), "library", found.Version), err
}

// InstallLibrary fetches libllmodel into the cache, where it is found from then on, and returns its path. Without a source
// it takes what the project has published for this release and system; [ErrUnsupported] if that is nothing. The archive's
// hash is checked before anything is unpacked. What is installed already is not fetched again. Several processes may do so
// at once.
//
// Of the options, Settings, Progress and Force are used.
func InstallLibrary(ctx context.Context, source *LibrarySource, options ResolveOptions) (string, error) {
	if err := checkGiven(ctx, "the download"); err != nil {
		return "", err
	}
	published, err := thisRelease()
	if err != nil {
		return "", newError(ErrInternal, "library_release.json cannot be read: %v", err)
	}
	system := runtime.GOOS + "/" + runtime.GOARCH
	if source == nil {
		found, ok := published.Libraries[system]
		if !ok {
			return "", newError(ErrUnsupported, "no library of release %s has been published for %s; build it with "+
				"`make build` in a checkout, and set GPT4ALL_LIBRARY to build/release/bin there, or name an archive and its "+
				"SHA-256", published.Version, system)
		}
		source = &found
	}
	if !sha256Text.MatchString(strings.ToLower(source.SHA256)) {
		return "", newError(ErrInvalidArgument, "%q is not the SHA-256 of an archive: 64 hexadecimal digits",
			source.SHA256)
	}
	folder := filepath.Join(CacheFolder(), "library", published.Version)
	library, mark := filepath.Join(folder, libraryName()), filepath.Join(folder, "installed.json")
	release, err := lock(folder, &reporter{ctx: ctx, what: "the library"})
	if err != nil {
		return "", err
	}
	defer release()
	var installed LibrarySource
	if !options.Force && readState(mark, &installed) && strings.EqualFold(installed.SHA256, source.SHA256) {
		if _, err := os.Stat(library); err == nil {
			return library, nil
		}
	}
	archive := filepath.Join(CacheFolder(), "library", "library-"+strings.ToLower(source.SHA256[:12])+".zip")
	options.SHA256, options.MD5, options.Size = source.SHA256, "", nil
	if err := Download(ctx, source.URL, archive, options); err != nil {
		return "", err
	}
	defer os.Remove(archive)
	defer os.Remove(stateFile(archive, ".json"))
	return library, unpack(archive, folder, LibrarySource{redacted(source.URL), source.SHA256})
}

// unpack puts the folder of the archive that has the library in the place of another, whole or not at all.
func unpack(archive, folder string, source LibrarySource) error {
	opened, err := zip.OpenReader(archive)
	if err != nil {
		return newError(ErrInvalidModel, "%s is no archive: %v", source.URL, err).from(err)
	}
	defer opened.Close()
	files, err := libraryFiles(opened.File, source.URL)
	if err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(folder), ".new-")
	if err != nil {
		return diskError(folder, err)
	}
	defer os.RemoveAll(fresh)
	for _, each := range files {
		if err := unpackOne(each, filepath.Join(fresh, path.Base(each.Name))); err != nil {
			return diskError(folder, err)
		}
	}
	err = errors.Join(writeState(filepath.Join(fresh, "installed.json"), source), os.Chmod(fresh, 0o755))
	if err != nil {
		return diskError(folder, err)
	}
	// A program that has the old library open keeps it: its files go, but not what is mapped.
	old := fresh + ".old"
	if err := os.Rename(folder, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return diskError(folder, err)
	}
	defer os.RemoveAll(old)
	return diskError(folder, os.Rename(fresh, folder))
}

// libraryFiles is the regular files beside the library in an archive.
func libraryFiles(all []*zip.File, from string) ([]*zip.File, error) {
	home := ""
	for _, each := range all {
		if path.Base(each.Name) == libraryName() && each.Mode().IsRegular() {
			home = path.Dir(each.Name)
		}
	}
	var files []*zip.File
	for _, each := range all {
		if home != "" && path.Dir(each.Name) == home && each.Mode().IsRegular() && wrongName(path.Base(each.Name)) == "" {
			files = append(files, each)
			if each.UncompressedSize64 > largestFile {
				return nil, newError(ErrInvalidModel, "%s: %s has more than 1 GiB", from, each.Name)
			}
		}
	}
	if len(files) == 0 || len(files) > mostFiles {
		return nil, newError(ErrInvalidModel, "%s has no %s, or %d files beside it", from, libraryName(), len(files))
	}
	return files, nil
}

func unpackOne(from *zip.File, to string) error {
	in, err := from.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.LimitReader(in, largestFile))
	return errors.Join(err, out.Sync(), out.Close())
}
