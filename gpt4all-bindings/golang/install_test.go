package gpt4all

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packed is an archive with these files, at an address, and its hash.
func packed(t *testing.T, files map[string]string) LibrarySource {
	t.Helper()
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for name, content := range files {
		out, err := writer.Create(name)
		if err == nil {
			_, err = out.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(archive.Bytes())
	serving := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		_, _ = answer.Write(archive.Bytes())
	}))
	t.Cleanup(serving.Close)
	return LibrarySource{serving.URL + "/gpt4all.whl", hex.EncodeToString(digest[:])}
}

func TestTheLibraryIsInstalledByItsHash(t *testing.T) {
	t.Setenv("GPT4ALL_CACHE", t.TempDir())
	t.Setenv("GPT4ALL_LIBRARY", "")
	t.Setenv("GPT4ALL_OFFLINE", "0")
	source := packed(t, map[string]string{
		"gpt4all/lib/" + libraryName(): "the library", "gpt4all/lib/libggml-cpu-haswell.so": "a module",
		"gpt4all/__init__.py": "not wanted", "gpt4all/lib/../../outside": "not wanted", "gpt4all/lib/a/b": "not wanted",
	})
	path, err := InstallLibrary(t.Context(), &source, ResolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "the library" {
		t.Errorf("%q, %v", content, err)
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	var names []string
	for _, each := range entries {
		names = append(names, each.Name())
	}
	if strings.Join(names, " ") != "installed.json libggml-cpu-haswell.so "+libraryName() {
		t.Errorf("%v", names)
	}
	if !strings.Contains(strings.Join(LibraryPaths(), "\n"), path) {
		t.Errorf("%s is not looked for: %v", path, LibraryPaths())
	}
	unreachable := LibrarySource{"http://127.0.0.1:1/none.whl", source.SHA256}
	if again, err := InstallLibrary(t.Context(), &unreachable, ResolveOptions{}); err != nil || again != path {
		t.Errorf("what is installed is fetched again: %v", err)
	}
	other := packed(t, map[string]string{"lib/" + libraryName(): "another"})
	if _, err := InstallLibrary(t.Context(), &other, ResolveOptions{}); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(path); string(content) != "another" {
		t.Errorf("it was not replaced: %q", content)
	}
	left, _ := filepath.Glob(filepath.Join(CacheFolder(), "library", "[^.]*"))
	if len(left) != 1 {
		t.Errorf("%v are left", left)
	}
}

func TestOtherArchivesAreNotInstalled(t *testing.T) {
	t.Setenv("GPT4ALL_CACHE", t.TempDir())
	t.Setenv("GPT4ALL_OFFLINE", "0")
	source := packed(t, map[string]string{"lib/" + libraryName(): "the library"})
	wrong := LibrarySource{source.URL, strings.Repeat("0", 64)}
	if _, err := InstallLibrary(t.Context(), &wrong, ResolveOptions{}); !errors.Is(err, ErrChecksum) {
		t.Errorf("of another hash: %v", err)
	}
	none := LibrarySource{source.URL, ""}
	if _, err := InstallLibrary(t.Context(), &none, ResolveOptions{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of no hash: %v", err)
	}
	empty := packed(t, map[string]string{"lib/other.so": ""})
	if _, err := InstallLibrary(t.Context(), &empty, ResolveOptions{}); !errors.Is(err, ErrInvalidModel) {
		t.Errorf("of an archive without the library: %v", err)
	}
	if found, err := thisRelease(); err != nil {
		t.Error(err)
	} else if len(found.Libraries) == 0 {
		_, err := InstallLibrary(t.Context(), nil, ResolveOptions{})
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), found.Version+" has been published for ") {
			t.Errorf("of what is not published: %v", err)
		}
	}
}

func TestTheVersionIsTheProjects(t *testing.T) {
	text, err := os.ReadFile("../../VERSION")
	if err != nil {
		t.Skip("this is no checkout")
	}
	if found, err := thisRelease(); err != nil || found.Version != strings.TrimSpace(string(text)) {
		t.Errorf("library_release.json says %s, VERSION %s (%v)", found.Version, text, err)
	}
}
