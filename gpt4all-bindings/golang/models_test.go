package gpt4all

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// emptyCache is a cache of a test's own, and an environment that says nothing else of downloads.
func emptyCache(t *testing.T) string {
	for _, name := range []string{"GPT4ALL_OFFLINE", "HF_HUB_OFFLINE", "GPT4ALL_MIRROR", "HF_ENDPOINT", "HF_TOKEN",
		"GPT4ALL_ALLOW_HTTP"} {
		t.Setenv(name, "")
	}
	folder := t.TempDir()
	t.Setenv("GPT4ALL_CACHE", folder)
	t.Setenv("HOME", t.TempDir())
	return folder
}

// put writes a file, with its folders.
func put(t *testing.T, path, content string) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(content), 0o666)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheCatalogueIsWhole(t *testing.T) {
	entries := Catalogue()
	if len(entries) < 40 {
		t.Fatalf("the catalogue has %d models", len(entries))
	}
	names := map[string]string{}
	for _, entry := range entries {
		if entry.File == "" || entry.Size == 0 || len(entry.Sources) == 0 || entry.License.Name == "" {
			t.Errorf("%+v", entry)
		}
		for _, name := range entry.Names() {
			if other := names[catalogueKey(name)]; other != "" && other != entry.File {
				t.Errorf("%s is %s and %s", name, other, entry.File)
			}
			names[catalogueKey(name)] = entry.File
			if found := Find(strings.ToUpper(name)); found == nil || found.File != entry.File {
				t.Errorf("%s is not found", name)
			}
		}
	}
	if Find("none of them") != nil {
		t.Error("what is not there is found")
	}
}

func TestNames(t *testing.T) {
	for text, relative := range map[string]string{
		"hf://o/r/f.gguf":                           "hf/o/r/f.gguf",
		"hf://o/r/d/f.gguf@v1":                      "hf/o/r@v1/d/f.gguf",
		"hf://o/r@a/d/f.gguf":                       "hf/o/r@a/d/f.gguf",
		"hf://o/r/f@x.gguf":                         "hf/o/r/f@x.gguf",
		"https://hf.co/o/r/resolve/main/f.gguf":     "hf/o/r/f.gguf",
		"https://huggingface.co/o/r/blob/v/f.gguf":  "hf/o/r@v/f.gguf",
		"https://example.org/a/b/m.gguf?token=1":    "url/",
		"SmolLM2 135M Instruct":                     "SmolLM2-135M-Instruct-Q4_1.gguf",
		"https://example.org/a%20b/c%20d.gguf#part": "url/",
	} {
		found, err := parseName(text)
		if err != nil || found == nil || !strings.HasPrefix(found.relative, relative) {
			t.Errorf("%s is %+v, %v", text, found, err)
		}
	}
	for _, text := range []string{"hf://o/r", "hf://o/r/", "hf:///r/f.gguf", "hf://o/r/../f.gguf", "hf://o/r/f.gguf@",
		"hf://o/r@/f.gguf", "hf://../r/f.gguf", "ftp://a/b.gguf", "https://", "https://a/", "https://a/b/%2e%2e",
		"hf://o/r/CON.gguf", "hf://o/r/.hidden", "hf://o/r/" + strings.Repeat("a", 201), "hf://o/r/a:b.gguf"} {
		if found, err := parseName(text); !errors.Is(err, ErrInvalidName) {
			t.Errorf("%s is %+v, %v", text, found, err)
		}
	}
	if found, err := parseName("no such model"); found != nil || err != nil {
		t.Errorf("%+v, %v", found, err)
	}
	split, err := parseName("hf://o/r/d/m-00002-of-00003.gguf")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := split.parts()
	if err != nil || len(parts) != 3 || parts[0].relative != "hf/o/r/d/m-00001-of-00003.gguf" {
		t.Errorf("%+v, %v", parts, err)
	}
}

func TestWhatIsHereIsFound(t *testing.T) {
	cache := emptyCache(t)
	ctx := t.Context()
	own := put(t, filepath.Join(cache, "models", "own.gguf"), "a")
	other := put(t, filepath.Join(t.TempDir(), "other.gguf"), "b")
	known := put(t, filepath.Join(cache, "models", "SmolLM2-135M-Instruct-Q4_1.gguf"), "c")
	fromHub := put(t, filepath.Join(cache, "models", "hf", "o", "r", "f.gguf"), "d")
	for name, path := range map[string]string{
		"own": own, "own.gguf": own, other: other, "smollm2 135m instruct": known, "hf://o/r/f.gguf": fromHub,
	} {
		if found, err := Resolve(ctx, name, ResolveOptions{NoDownload: true}); err != nil || found != path {
			t.Errorf("%s is %s, %v", name, found, err)
		}
	}
	folder := filepath.Dir(other)
	if found, err := Resolve(ctx, "other", ResolveOptions{Folder: folder}); err != nil || found != other {
		t.Errorf("in a folder: %s, %v", found, err)
	}
	_, err := Resolve(ctx, "smollm2-135m-instrct", ResolveOptions{})
	if !errors.Is(err, ErrModelNotFound) || !strings.Contains(err.Error(), "Did you mean") ||
		!strings.Contains(err.Error(), cache) {
		t.Errorf("of what is nearly a name: %v", err)
	}
	if _, err := Load(ctx, folder); !errors.Is(err, ErrModelNotFound) || !strings.Contains(err.Error(), "gpt4all convert") {
		t.Errorf("of a folder: %v", err)
	}
	if Find(DefaultModel) == nil || Find(DefaultEmbeddingModel).Kind != "embedding" {
		t.Error("the catalogue has no default models")
	}
	if _, err := Resolve(ctx, "a\x00b", ResolveOptions{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of what is no path: %v", err)
	}
}

func TestNothingIsDownloadedOffline(t *testing.T) {
	emptyCache(t)
	for _, name := range []string{"GPT4ALL_OFFLINE", "HF_HUB_OFFLINE"} {
		t.Setenv(name, "yes")
		_, err := Load(t.Context(), "hf://o/r/f.gguf")
		if !errors.Is(err, ErrOffline) || !errors.Is(err, ErrModelNotFound) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		t.Setenv(name, "")
	}
	t.Setenv("GPT4ALL_OFFLINE", "perhaps")
	if _, err := Load(t.Context(), "hf://o/r/f.gguf"); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v", err)
	}
}

func TestPackagesOfPythonAreNamed(t *testing.T) {
	emptyCache(t)
	_, err := Pull(t.Context(), "all-MiniLM-L6-v2", ResolveOptions{})
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	entry := Find("all-MiniLM-L6-v2")
	if len(entry.Sources) == 1 && !strings.Contains(failure.Message, "gpt4all pull "+entry.File) {
		t.Errorf("%v", err)
	}
}

// small is a model that the misbehaving server has on its hub, whose answers it gives by its script.
func small(t *testing.T, script string) (string, ResolveOptions) {
	server := startServer(t)
	settings, err := DefaultDownloadSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.HubEndpoint, settings.HubToken = server.places["url"], "secret"
	settings.Backoff = 10 * time.Millisecond
	return "hf://owner/small/1000/" + script + "/m.gguf", ResolveOptions{Settings: &settings}
}

func TestModelsComeFromTheHub(t *testing.T) {
	cache := emptyCache(t)
	name, options := small(t, "good")
	path, err := Resolve(t.Context(), name, options)
	if err != nil || path != filepath.Join(cache, "models", "hf", "owner", "small", "1000", "good", "m.gguf") {
		t.Fatal(path, err)
	}
	models := ListCached("")
	if len(models) != 1 || models[0].Size != 1000 || models[0].Source != name || models[0].SHA256 == "" {
		t.Errorf("%+v", models)
	}
	if found, err := Verify(t.Context(), name, ResolveOptions{}); err != nil || !found.OK() {
		t.Errorf("%+v, %v", found, err)
	}
	put(t, path, "damaged")
	if found, err := Verify(t.Context(), name, ResolveOptions{}); err != nil || found.OK() {
		t.Errorf("damaged: %+v, %v", found, err)
	}
	if _, err := Pull(t.Context(), name, options); err != nil { // the size is another
		t.Error(err)
	}
	removed, err := Remove(name, "")
	if err != nil || len(removed) != 1 || len(ListCached("")) != 0 {
		t.Errorf("%v, %v", removed, err)
	}
	if _, err := Remove(name, ""); !errors.Is(err, ErrModelNotFound) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := Remove(put(t, filepath.Join(t.TempDir(), "a.gguf"), ""), ""); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of a file elsewhere: %v", err)
	}
	if _, err := Open(t.Context(), path); err == nil {
		t.Error("what was removed can be opened")
	}
}

func TestTheContextEndsADownload(t *testing.T) {
	emptyCache(t)
	name, options := small(t, "stall-500")
	ctx, cancel := context.WithCancel(t.Context())
	begun := time.Now()
	time.AfterFunc(500*time.Millisecond, cancel)
	_, err := Pull(ctx, name, options)
	if !errors.Is(err, ErrCancellation) || !errors.Is(err, context.Canceled) || time.Since(begun) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
	if _, err := Pull(t.Context(), name, options); err != nil {
		t.Errorf("the next one does not go on: %v", err)
	}
}

func TestOneDownloadsAndTheOthersWait(t *testing.T) {
	emptyCache(t)
	name, options := small(t, "slow")
	ended := make(chan error)
	for range 4 {
		go func() {
			_, err := Pull(t.Context(), name, options)
			ended <- err
		}()
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
