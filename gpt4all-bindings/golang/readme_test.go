package gpt4all

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	modulePath    = "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	moduleVersion = "v3.0.0"
)

// published is a module proxy, as a folder, that has this module as it would be published.
func published(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	versions := filepath.Join(folder, modulePath, "@v")
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(versions, "list"), moduleVersion+"\n")
	put(t, filepath.Join(versions, moduleVersion+".mod"), string(mod))
	put(t, filepath.Join(versions, moduleVersion+".info"), fmt.Sprintf(`{"Version":%q}`, moduleVersion))
	archive, err := os.Create(filepath.Join(versions, moduleVersion+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	writer := zip.NewWriter(archive)
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if path == "tools" { // a module of its own
				return fs.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		out, err := writer.Create(modulePath + "@" + moduleVersion + "/" + filepath.ToSlash(path))
		if err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return folder
}

// fragment is where an example that is no whole program is compiled.
const fragment = `package main

import (
	"context"

	gpt4all %q
)

func fragment(ctx context.Context, model *gpt4all.Model) (any, error) {
%s
	return city, err
}

var _ = fragment
`

// TestTheReadmeInAnEmptyProject pastes the examples into a project that has the module from a proxy.
func TestTheReadmeInAnEmptyProject(t *testing.T) {
	t.Parallel()
	requireLibrary(t)
	model, err := corpusModelPath("smollm2")
	if err != nil {
		t.Skip(err)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(examples) != 2 {
		t.Fatalf("the README has %d examples", len(examples))
	}
	project := t.TempDir()
	put(t, filepath.Join(project, "main.go"), examples[0][1])
	put(t, filepath.Join(project, "fragment.go"), fmt.Sprintf(fragment, modulePath, examples[1][1]))
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	proxies := "file://" + published(t) + ",file://" + filepath.Join(strings.TrimSpace(string(cache)), "cache", "download")
	run := func(arguments ...string) string {
		command := exec.CommandContext(t.Context(), arguments[0], arguments[1:]...)
		command.Dir = project
		command.Env = append(os.Environ(), "GOPROXY="+proxies, "GOSUMDB=off", "GOTOOLCHAIN=local", "GOWORK=off",
			"GOMODCACHE="+filepath.Join(project, "modules"), "GOFLAGS=-modcacherw -mod=mod", "GPT4ALL_LIBRARY=",
			"GPT4ALL_CACHE="+filepath.Dir(filepath.Dir(model)), "GPT4ALL_OFFLINE=1")
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", arguments, err, out)
		}
		return string(out)
	}
	run("go", "mod", "init", "example.org/empty")
	run("go", "get", modulePath+"@"+moduleVersion)
	run("go", "vet", ".")
	program := filepath.Join(project, "empty")
	run("go", "build", "-o", program, ".")
	path, err := LibraryPath()
	if err != nil {
		t.Fatal(err)
	}
	library, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(project, libraryName()), string(library)) // beside the program
	if said := run(program); len(strings.Fields(said)) < 5 {
		t.Errorf("the example says %q", said)
	}
}
