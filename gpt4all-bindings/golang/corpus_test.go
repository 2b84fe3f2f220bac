package gpt4all

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

type expectation struct {
	At          string          `json:"at"`
	Equals      json.RawMessage `json:"equals"`
	Contains    *string         `json:"contains"`
	Near        json.RawMessage `json:"near"`
	Tolerance   float64         `json:"tolerance"`
	Cosine      json.RawMessage `json:"cosine"`
	AtLeast     float64         `json:"at_least"`
	Absent      json.RawMessage `json:"absent"`
	SameAs      *string         `json:"same_as"`
	DiffersFrom *string         `json:"differs_from"`
}

// TestCorpus performs every case of the conformance corpus.
func TestCorpus(t *testing.T) {
	t.Parallel() // beside the downloads, which wait
	requireLibrary(t)
	files, err := filepath.Glob(filepath.Join(corpusFolder, "cases", "*.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("the corpus is not at %s: %v %v", corpusFolder, files, err)
	}
	slices.Sort(files)
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Cases []corpusCase }
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, each := range file.Cases {
			t.Run(each.ID, func(t *testing.T) { runCase(t, each) })
		}
	}
}

func runCase(t *testing.T, each corpusCase) {
	report := conformance.of("cases", each.ID)
	path, err := corpusModelPath(each.Model)
	if err != nil {
		report["skipped"] = err.Error()
		t.Skip(err)
	}
	var steps []corpusStep
	places := map[string]string{"models": testModels(), "scratch": t.TempDir()}
	if err := json.Unmarshal(fill(each.Steps, places), &steps); err != nil {
		t.Fatal(err)
	}
	run := &running{t: t, path: path, sessions: map[string]*Session{}}
	defer run.close()
	defer func() {
		report["outcomes"] = run.outcomes
		if t.Failed() {
			report["failed"] = fmt.Sprintf("%s: step %d is not as expected", each.Title, len(run.outcomes)-1)
		}
	}()
	for number, step := range steps {
		outcome := run.do(step)
		run.outcomes = append(run.outcomes, outcome)
		if wrong := checkStep(step, outcome, run.outcomes); wrong != "" {
			t.Fatalf("%s: step %d (%s): %s", each.Title, number, step.Do, wrong)
		}
	}
}

func checkStep(step corpusStep, outcome any, outcomes []any) string {
	wanted, found := []corpusStep{step}, []any{outcome}
	if step.Requests != nil {
		wanted, found = step.Requests, outcome.([]any)
	}
	for index, call := range wanted {
		status := call.Status
		if status == "" {
			status = "ok"
		}
		if one := found[index].(dict); one["status"] != status {
			return fmt.Sprintf("the status is %v, expected %s: %v", one["status"], status, one["message"])
		}
	}
	for _, each := range step.Expect {
		if wrong := each.check(outcome, outcomes); wrong != "" {
			return wrong
		}
	}
	return ""
}

// at is what a JSON Pointer leads to.
func at(document any, pointer string) (any, bool) {
	for _, part := range strings.Split(pointer, "/")[1:] {
		key := strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch value := document.(type) {
		case dict:
			inner, ok := value[key]
			if !ok {
				return nil, false
			}
			document = inner
		case []any:
			index, err := strconv.Atoi(key)
			if err != nil || index < 0 || index >= len(value) {
				return nil, false
			}
			document = value[index]
		default:
			return nil, false
		}
	}
	return document, true
}

func (e *expectation) check(outcome any, outcomes []any) string {
	found, ok := at(outcome, e.At)
	if e.Absent != nil && ok {
		return fmt.Sprintf("%s is there: %v", e.At, found)
	}
	if !ok {
		if e.Absent != nil {
			return ""
		}
		return fmt.Sprintf("there is nothing at %s in %.1000v", e.At, outcome)
	}
	if e.Equals != nil && !reflect.DeepEqual(found, decoded(e.Equals)) {
		return fmt.Sprintf("%s is %#v, expected %s", e.At, found, e.Equals)
	}
	if e.Contains != nil {
		if text, isText := found.(string); !isText || !strings.Contains(text, *e.Contains) {
			return fmt.Sprintf("%s is %#v, without %q", e.At, found, *e.Contains)
		}
	}
	for pointer, same := range map[*string]bool{e.SameAs: true, e.DiffersFrom: false} {
		if pointer == nil {
			continue
		}
		other, ok := at(any(outcomes), *pointer)
		if !ok || reflect.DeepEqual(found, other) != same {
			return fmt.Sprintf("%s is %#v, and %s is %#v", e.At, found, *pointer, other)
		}
	}
	return e.checkNumbers(found)
}

func (e *expectation) checkNumbers(found any) string {
	if e.Near != nil {
		a, b, wrong := e.pair(found, e.Near)
		if wrong != "" {
			return wrong
		}
		for index := range a {
			if off := math.Abs(a[index] - b[index]); !(off <= e.Tolerance) {
				return fmt.Sprintf("%s is off by %.3g, allowed are %v", e.At, off, e.Tolerance)
			}
		}
	}
	if e.Cosine != nil {
		a, b, wrong := e.pair(found, e.Cosine)
		if wrong != "" {
			return wrong
		}
		var product, first, second float64
		for index := range a {
			product += a[index] * b[index]
			first += a[index] * a[index]
			second += b[index] * b[index]
		}
		if similarity := product / math.Sqrt(first*second); !(similarity >= e.AtLeast) {
			return fmt.Sprintf("%s has the cosine %.6f, at least %v is expected", e.At, similarity, e.AtLeast)
		}
	}
	return ""
}

func (e *expectation) pair(found any, expected json.RawMessage) ([]float64, []float64, string) {
	a, isA := numbersOf(found)
	b, isB := numbersOf(decoded(expected))
	if !isA || !isB || len(a) != len(b) {
		return nil, nil, fmt.Sprintf("%s is not as many numbers as expected: %.300v", e.At, found)
	}
	return a, b, ""
}

func numbersOf(value any) ([]float64, bool) {
	if number, ok := value.(float64); ok {
		return []float64{number}, true
	}
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	numbers := make([]float64, len(list))
	for index, each := range list {
		if numbers[index], ok = each.(float64); !ok {
			return nil, false
		}
	}
	return numbers, true
}
