package gpt4all

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// find is what a program of its own says of the library, whose environment names this one.
func find(t *testing.T, path string) string {
	out, err := helper(t, "library", "GPT4ALL_LIBRARY="+path, "GPT4ALL_CACHE="+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestALibraryThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.so")
	if out := find(t, path); !strings.Contains(out, path+": no such file") || !strings.Contains(out, "make build") {
		t.Errorf("%s", out)
	}
}

func TestEveryPlaceIsTold(t *testing.T) {
	t.Setenv("GPT4ALL_LIBRARY", "")
	paths := LibraryPaths()
	program, _ := os.Executable()
	for _, each := range []string{filepath.Dir(program), CacheFolder(), filepath.Join("build", "release", "bin")} {
		if !strings.Contains(strings.Join(paths, "\n"), each) {
			t.Errorf("%s is not among %v", each, paths)
		}
	}
	t.Setenv("GPT4ALL_LIBRARY", t.TempDir())
	if paths := LibraryPaths(); len(paths) != 1 || filepath.Base(paths[0]) != libraryName() {
		t.Errorf("in a folder: %v", paths)
	}
}

func TestOtherLibrariesAreRefused(t *testing.T) {
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no C compiler")
	}
	folder := t.TempDir()
	made := func(name, source string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path+".c", []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(compiler, "-shared", "-fPIC", "-o", path, path+".c").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		return path
	}
	for source, why := range map[string]string{
		"int nothing;": "has no llmodel_abi_version()",
		"unsigned llmodel_abi_version(void) { return 99; }": "has version 99 of the interface where 1 is needed",
		"unsigned llmodel_abi_version(void) { return 1; }":  "llmodel_build_info",
	} {
		if out := find(t, made("libllmodel.so", source)); !strings.Contains(out, why) {
			t.Errorf("of %s it says %s", source, out)
		}
	}
	text := filepath.Join(folder, "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := find(t, text); !strings.Contains(out, "text.so: ") {
		t.Errorf("of a text it says %s", out)
	}
}

func TestThePathIsChosenBeforeAllElse(t *testing.T) {
	requireLibrary(t)
	if err := SetLibraryPath("elsewhere"); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v", err)
	}
	if path, err := LibraryPath(); err != nil || !filepath.IsAbs(path) {
		t.Errorf("%s, %v", path, err)
	}
}
