package gpt4all

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func makeOld(t *testing.T, folder string) {
	t.Helper()
	old := time.Now().Add(-100 * 24 * time.Hour)
	for _, path := range everything(t, folder) {
		if err := os.Chtimes(filepath.Join(folder, path), old, old); err != nil {
			t.Fatal(err)
		}
	}
}

// everything is what is in a folder and below, sorted.
func everything(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.Walk(folder, func(path string, _ os.FileInfo, err error) error {
		if relative, _ := filepath.Rel(folder, path); relative != "." {
			found = append(found, relative)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestNearNamesAreThoseOfPython(t *testing.T) {
	emptyCache(t)
	for name, asked := range map[string]string{
		"smollm2-135m-instrct": `. Did you mean "SmolLM2 135M Instruct" or "SmolLM2-135M-Instruct-Q4_1" or ` +
			`"SmolLM2-135M-Instruct-Q4_1.gguf"?`,
		"xyzzyplugh": "",
	} {
		_, err := Pull(t.Context(), name, ResolveOptions{})
		if want := fmt.Sprintf("there is no model %q%s", name, asked); err == nil || err.Error() != want {
			t.Errorf("%v", err)
		}
	}
	for texts, ratio := range map[[2]string]float64{
		{"", ""}: 1, {"abcd", "bcde"}: 0.75, {"private", "pray"}: 6.0 / 11,
		{"pennsylvania ave", "pencilvaneya st"}: 18.0 / 31,
	} {
		if found := similarity([]rune(texts[0]), []rune(texts[1])); found != ratio {
			t.Errorf("%q: %v", texts, found)
		}
	}
}

func TestVerifyingByTheCatalogue(t *testing.T) {
	cache := emptyCache(t)
	put(t, filepath.Join(cache, "models", DefaultModel), "not it")
	put(t, filepath.Join(cache, "models", "orca-mini-3b-gguf2-q4_0.gguf"), "not it either")
	put(t, filepath.Join(cache, "models", "mine.gguf"), "unknown")
	for name, algorithm := range map[string]string{DefaultModel: "sha256", "orca-mini-3b-gguf2-q4_0": "md5"} {
		found, err := Verify(t.Context(), name, ResolveOptions{})
		if err != nil || found.OK() || found.Algorithm != algorithm || found.Expected == "" {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
	if found, err := Verify(t.Context(), "mine", ResolveOptions{}); err != nil || found.Expected != "" || found.OK() {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := Verify(t.Context(), "nothing", ResolveOptions{}); !errors.Is(err, ErrModelNotFound) ||
		!strings.Contains(err.Error(), "on this machine; looked in ") {
		t.Errorf("%v", err)
	}
}

func TestListing(t *testing.T) {
	cache := emptyCache(t)
	put(t, filepath.Join(cache, "old.gguf"), "from an older release")
	put(t, filepath.Join(cache, "models", DefaultModel), "put there by hand")
	put(t, filepath.Join(cache, "models", "notes.txt"), "no model")
	put(t, filepath.Join(cache, "models", "url", "0", "b.bin"), "of an address")
	var names []string
	for _, model := range ListCached("") {
		names = append(names, model.Name)
		if path, err := Resolve(t.Context(), model.Name, ResolveOptions{}); err != nil || path != model.Path {
			t.Errorf("%s is %s, %v", model.Name, path, err)
		}
	}
	if !slices.Equal(names, []string{"old.gguf", DefaultModel, "url/0/b.bin"}) {
		t.Errorf("%v", names)
	}
	if model := ListCached(filepath.Join(cache, "models"))[0]; model.SHA256 != Find(DefaultModel).SHA256 {
		t.Errorf("%+v", model)
	}
	if models := ListCached(filepath.Join(cache, "nowhere")); len(models) != 0 {
		t.Errorf("%v", models)
	}
}

func TestRemoving(t *testing.T) {
	cache := emptyCache(t)
	first := put(t, filepath.Join(cache, "models", "a-00001-of-00002.gguf"), "1")
	second := put(t, filepath.Join(cache, "models", "a-00002-of-00002.gguf"), "2")
	removed, err := Remove("a-00002-of-00002", "")
	if err != nil || !slices.Equal(removed, []string{first, second}) {
		t.Errorf("%v, %v", removed, err)
	}
	mine := put(t, filepath.Join(t.TempDir(), "precious.gguf"), "mine")
	if err := os.Symlink(filepath.Dir(mine), filepath.Join(cache, "models", "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{mine, "link/precious.gguf"} {
		if _, err := Remove(name, ""); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	busy := put(t, filepath.Join(cache, "models", "m.gguf"), "x")
	release, err := lock(busy, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Remove("m", ""); !errors.Is(err, ErrDownload) {
		t.Errorf("of one that is being downloaded: %v", err)
	}
	release()
	if _, err := Remove("m", ""); err != nil {
		t.Error(err)
	}
}

func TestWhatIsOldIsPrunedAndNothingElse(t *testing.T) {
	cache := emptyCache(t)
	models := filepath.Join(cache, "models")
	kept := put(t, filepath.Join(models, "m.gguf"), "kept")
	put(t, stateFile(kept, ".json"), "{}")
	put(t, stateFile(kept, ".lock"), "")
	put(t, stateFile(filepath.Join(models, "gone.gguf"), ".json"), "{}")
	put(t, stateFile(filepath.Join(models, "url", "0", "half.gguf"), ".part"), "half")
	put(t, filepath.Join(models, "ancient.gguf.part"), "123")
	if pruned := Prune("", 7*24*time.Hour); len(pruned.Paths) != 0 {
		t.Errorf("what is young: %+v", pruned)
	}
	makeOld(t, models)
	pruned := Prune("", 7*24*time.Hour)
	if pruned.FreedBytes != 2+4+3 || len(pruned.Paths) != 4 {
		t.Errorf("%+v", pruned)
	}
	if left := everything(t, models); !slices.Equal(left, []string{".gpt4all", ".gpt4all/m.gguf.json", "m.gguf"}) {
		t.Errorf("%v", left)
	}
}

func TestTranslationsOfWhatIsGoneArePruned(t *testing.T) {
	cache := emptyCache(t)
	source := put(t, filepath.Join(t.TempDir(), "source.bin"), "a model of 2023")
	folder := filepath.Join(cache, "translated")
	note := func(translation string, more int64) string {
		info, err := os.Stat(source)
		if err != nil {
			t.Fatal(err)
		}
		status := info.Sys().(*syscall.Stat_t)
		return fmt.Sprintf(`{"translation": %q, "bytes": 1, "files": [{"path": %q, "device": %d, "inode": %d, "size": %d,`+
			` "modified_ns": %d}]}`, translation, source, status.Dev, status.Ino, info.Size()+more,
			info.ModTime().UnixNano())
	}
	for name, content := range map[string]string{
		"kept.gguf": "a", "stale.gguf": "bb", "unknown.gguf": "ccc", "half.part": "dddd", "2.lock": "",
		"1.json": note("kept.gguf", 0), "2.json": note("stale.gguf", 1),
	} {
		put(t, filepath.Join(folder, name), content)
	}
	if pruned := Prune("", time.Hour); len(pruned.Paths) != 0 {
		t.Errorf("what is young: %+v", pruned)
	}
	makeOld(t, folder)
	if pruned := Prune(filepath.Join(cache, "models"), time.Hour); len(pruned.Paths) != 0 {
		t.Errorf("of another folder: %+v", pruned)
	}
	pruned := Prune("", time.Hour)
	if left := everything(t, folder); !slices.Equal(left, []string{"1.json", "kept.gguf"}) || len(pruned.Paths) != 5 {
		t.Errorf("%v, %+v", left, pruned)
	}
	put(t, source, "another")
	if pruned := Prune("", time.Hour); len(pruned.Paths) != 2 {
		t.Errorf("of a changed model: %+v", pruned)
	}
}

func TestRearrangedWeightsThatWereNotUsedArePruned(t *testing.T) {
	cache := emptyCache(t)
	folder := filepath.Join(cache, "panels")
	for _, name := range []string{"0-1.panels", "0-2.panels", "0-3.panels.abcdef.part", "lock"} {
		put(t, filepath.Join(folder, name), "12345")
	}
	if pruned := Prune("", time.Hour); len(pruned.Paths) != 0 {
		t.Errorf("what is young: %+v", pruned)
	}
	makeOld(t, folder)
	used := filepath.Join(folder, "0-2.panels")
	if err := os.Chtimes(used, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if pruned := Prune(filepath.Join(cache, "models"), time.Hour); len(pruned.Paths) != 0 {
		t.Errorf("of another folder: %+v", pruned)
	}
	pruned := Prune("", time.Hour)
	if left := everything(t, folder); !slices.Equal(left, []string{"0-2.panels", "lock"}) || pruned.FreedBytes != 10 {
		t.Errorf("%v, %+v", left, pruned)
	}
	if pruned := Prune("", -time.Hour); !slices.Equal(pruned.Paths, []string{used}) {
		t.Errorf("what was used: %+v", pruned)
	}
}

func TestLeftoversArePruned(t *testing.T) {
	cache := emptyCache(t)
	target := filepath.Join(cache, "models", "m.gguf")
	left := put(t, stateFile(target, ".part"), "half")
	put(t, stateFile(target, ".part.json"), "{}")
	if pruned := Prune("", time.Hour); len(pruned.Paths) != 0 {
		t.Errorf("what is young: %+v", pruned)
	}
	release, err := lock(target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if pruned := Prune("", -time.Hour); len(pruned.Paths) != 0 {
		t.Errorf("of a download that runs: %+v", pruned)
	}
	release()
	pruned := Prune("", -time.Hour)
	if _, err := os.Stat(left); err == nil || pruned.FreedBytes != 6 || len(pruned.Paths) != 3 {
		t.Errorf("%+v", pruned)
	}
}
