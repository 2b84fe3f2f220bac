package gpt4all

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const catalogueFolder = "../catalogue"

type caseSettings struct {
	Connect   *float64 `json:"connect_seconds"`
	Stall     *float64 `json:"stall_seconds"`
	Retries   *int     `json:"retries"`
	Backoff   *float64 `json:"backoff_seconds"`
	Longest   *float64 `json:"longest_wait_seconds"`
	Offline   *bool    `json:"offline"`
	AllowHTTP *bool    `json:"allow_http"`
}

type downloadStep struct {
	Do       string       `json:"do"`
	ID       string       `json:"id"`
	What     string       `json:"what"`
	Zeros    int          `json:"zeros"`
	Text     string       `json:"text"`
	From     []string     `json:"from"`
	Size     *int64       `json:"size"`
	SHA256   string       `json:"sha256"`
	MD5      string       `json:"md5"`
	Force    bool         `json:"force"`
	Token    string       `json:"token"`
	CancelAt int64        `json:"cancel_at"`
	Settings caseSettings `json:"settings"`
	Error    *struct {
		Kind       string `json:"kind"`
		Status     string `json:"status"`
		HTTPStatus *int   `json:"http_status"`
	} `json:"error"`
	File           *string          `json:"file"`
	Part           *json.RawMessage `json:"part"`
	Requests       []dict           `json:"requests"`
	AtLeastSeconds float64          `json:"at_least_seconds"`
}

type downloadCases struct {
	Settings caseSettings
	Contents map[string]struct {
		Size   int
		SHA256 string
	}
	Cases []struct {
		ID, Title string
		Steps     []json.RawMessage
	}
}

// server is the misbehaving server, as a program of its own.
type server struct {
	places map[string]string
}

func startServer(t *testing.T) *server {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no Python for the misbehaving server")
	}
	command := exec.Command(python, filepath.Join(catalogueFolder, "misbehaving_server.py"))
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	made := &server{}
	if err := json.Unmarshal(line, &made.places); err != nil {
		t.Fatal(err)
	}
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	made.places["nowhere"] = "http://" + unused.Addr().String()
	unused.Close()
	return made
}

// get is the JSON that a command of the server gives.
func (s *server) get(t *testing.T, path string, value any) {
	t.Helper()
	answer, err := http.Get(s.places["url"] + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil {
		err = json.Unmarshal(text, value)
	}
	if err != nil {
		t.Fatalf("%s: %v: %s", path, err, text)
	}
}

func (s *server) fill(text string) string {
	for name, place := range s.places {
		text = strings.ReplaceAll(text, "${"+name+"}", place)
	}
	return text
}

type seenRequest struct {
	Listener string
	Step     string
	Headers  map[string]string
}

func (s *server) requests(t *testing.T) (seen []seenRequest) {
	s.get(t, "/requests", &seen)
	return seen
}

// TestDownloads performs every case of downloading that all bindings share.
func TestDownloads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(catalogueFolder, "download-cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var shared downloadCases
	if err := json.Unmarshal(text, &shared); err != nil || len(shared.Cases) < 100 {
		t.Fatal(len(shared.Cases), err)
	}
	server := startServer(t)
	for _, each := range shared.Cases {
		t.Run(each.ID, func(t *testing.T) {
			report := conformance.of("downloads", each.ID)
			defer func() {
				if report["passed"] = !t.Failed(); t.Failed() {
					delete(report, "passed")
					report["failed"] = each.Title + " is not as expected"
				}
			}()
			server.get(t, "/reset", new(any))
			run := &downloadRun{t, server, &shared, filepath.Join(t.TempDir(), "m.gguf")}
			for number, raw := range each.Steps {
				var step downloadStep
				if err := json.Unmarshal(raw, &step); err != nil {
					t.Fatal(err)
				}
				if wrong := run.do(step, raw); wrong != "" {
					t.Fatalf("%s: step %d: %s", each.Title, number, wrong)
				}
			}
		})
	}
}

type downloadRun struct {
	t      *testing.T
	server *server
	shared *downloadCases
	path   string
}

func (r *downloadRun) do(step downloadStep, raw json.RawMessage) string {
	switch step.Do {
	case "behave":
		r.server.get(r.t, "/calm/"+step.ID, new(any))
		return ""
	case "write":
		path := map[string]string{
			"file": r.path, "part": stateFile(r.path, ".part"), "part_description": stateFile(r.path, ".part.json"),
		}[step.What]
		content := []byte(step.Text)
		if step.Zeros > 0 {
			content = make([]byte, step.Zeros)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, content, 0o666)); err != nil {
			r.t.Fatal(err)
		}
		return ""
	case "download":
		return r.download(step, raw)
	}
	return "this runner does not know the step " + step.Do
}

func (r *downloadRun) download(step downloadStep, raw json.RawMessage) string {
	before := int64(0)
	if info, err := os.Stat(stateFile(r.path, ".part")); err == nil {
		before = info.Size()
	}
	asked, begun := len(r.server.requests(r.t)), time.Now()
	err := r.fetch(step)
	if passed := time.Since(begun).Seconds(); passed < step.AtLeastSeconds {
		return fmt.Sprintf("it took %.3f s, and should have waited", passed)
	}
	if wrong := wrongError(err, step); wrong != "" {
		return wrong
	}
	// A part of null says that there is none, and no part says nothing.
	if wrong := r.wrongDisk(step, strings.Contains(string(raw), `"part"`)); wrong != "" {
		return wrong
	}
	if step.Requests != nil {
		return wrongRequests(r.server.requests(r.t)[asked:], step.Requests, before)
	}
	return ""
}

func (r *downloadRun) fetch(step downloadStep) error {
	settings := &DownloadSettings{HubEndpoint: r.server.places["url"], HubToken: step.Token, LongestWait: time.Minute}
	seconds := func(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }
	for _, each := range []caseSettings{r.shared.Settings, step.Settings} {
		for target, value := range map[*time.Duration]*float64{
			&settings.Connect: each.Connect, &settings.Stall: each.Stall, &settings.Backoff: each.Backoff,
			&settings.LongestWait: each.Longest,
		} {
			if value != nil {
				*target = seconds(*value)
			}
		}
		if each.Retries != nil {
			settings.Retries = *each.Retries
		}
		for target, value := range map[*bool]*bool{&settings.Offline: each.Offline, &settings.AllowHTTP: each.AllowHTTP} {
			if value != nil {
				*target = *value
			}
		}
	}
	options := ResolveOptions{Settings: settings, Size: step.Size, SHA256: step.SHA256, MD5: step.MD5, Force: step.Force}
	if step.CancelAt > 0 {
		options.Progress = func(now DownloadProgress) bool { return now.Done < step.CancelAt }
	}
	ctx := context.Background()
	if len(step.From) == 1 {
		return Download(ctx, r.server.fill(step.From[0]), r.path, options)
	}
	from := &reference{relative: "m.gguf", entry: &CatalogueEntry{File: "m.gguf"}}
	for _, each := range step.From {
		from.sources = append(from.sources, Source{Type: "https", URL: r.server.fill(each)})
	}
	report := &reporter{ctx: ctx, progress: options.Progress, what: "m.gguf"}
	return (&downloading{from, wantedOf(r.path, nil, options), settings, report}).run(false)
}

func wrongError(err error, step downloadStep) string {
	if step.Error == nil {
		if err != nil {
			return fmt.Sprintf("it failed: %v", err)
		}
		return ""
	}
	var found *Error
	if !errors.As(err, &found) {
		return fmt.Sprintf("there was no error; expected is %s", step.Error.Kind)
	}
	if found.Kind.Error() != step.Error.Kind || found.Status().String() != step.Error.Status {
		return fmt.Sprintf("the error is %v, %v: %v", found.Kind, found.Status(), found)
	}
	status, known := found.Detail["http_status"]
	if known != (step.Error.HTTPStatus != nil) || known && status != *step.Error.HTTPStatus {
		return fmt.Sprintf("the server's status is %v", status)
	}
	return ""
}

func (r *downloadRun) wrongDisk(step downloadStep, toldOfPart bool) string {
	content, err := os.ReadFile(r.path)
	if step.File == nil {
		if err == nil {
			return "there is a file under the final name"
		}
	} else {
		expected := r.shared.Contents[*step.File]
		digest := sha256.Sum256(content)
		if err != nil || len(content) != expected.Size || hex.EncodeToString(digest[:]) != expected.SHA256 {
			return fmt.Sprintf("the file has %d bytes of another content (%v)", len(content), err)
		}
	}
	if !toldOfPart {
		return ""
	}
	if step.Part == nil || string(*step.Part) == "null" {
		if left := leftIn(r.path); len(left) > 0 {
			return fmt.Sprintf("%v are left", left)
		}
		return ""
	}
	info, err := os.Stat(stateFile(r.path, ".part"))
	if err != nil {
		return err.Error()
	}
	var limits struct {
		AtLeast int64 `json:"at_least"`
		Below   int64 `json:"below"`
	}
	if json.Unmarshal(*step.Part, &limits.AtLeast) == nil {
		limits.Below = limits.AtLeast + 1
	} else if err := json.Unmarshal(*step.Part, &limits); err != nil {
		return err.Error()
	}
	if info.Size() < limits.AtLeast || info.Size() >= limits.Below {
		return fmt.Sprintf("%d bytes are kept", info.Size())
	}
	return ""
}

// leftIn is what downloads of a path left behind, but for locks and records.
func leftIn(path string) (left []string) {
	entries, _ := os.ReadDir(filepath.Dir(stateFile(path, "")))
	for _, each := range entries {
		if !strings.HasSuffix(each.Name(), ".lock") && each.Name() != filepath.Base(path)+".json" {
			left = append(left, each.Name())
		}
	}
	return left
}

func wrongRequests(found []seenRequest, expected []dict, partBefore int64) string {
	if len(found) != len(expected) {
		return fmt.Sprintf("the server was asked %d times: %+v", len(found), found)
	}
	for index, wanted := range expected {
		headers := map[string]any{}
		for name, value := range found[index].Headers {
			headers[strings.ToLower(name)] = value
		}
		for key, value := range wanted {
			var is, should any = found[index].Listener, value
			switch key {
			case "from":
				is = headers["range"]
				if value == "part" {
					should = fmt.Sprintf("bytes=%d-", partBefore)
				} else if value != nil {
					should = fmt.Sprintf("bytes=%.0f-", value)
				}
			case "authorization":
				is = headers["authorization"]
			}
			if !reflect.DeepEqual(is, should) {
				return fmt.Sprintf("request %d has the %s %v, expected %v", index, key, is, should)
			}
		}
	}
	return ""
}
