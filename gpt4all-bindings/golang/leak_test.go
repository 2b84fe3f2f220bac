//go:build !race

// The race detector keeps books that grow.

package gpt4all

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

// resident is the bytes of memory that this process has, apart from what Go can give back.
func resident() int64 {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	var all, mapped int64
	if _, err := fmt.Sscan(string(text), &all, &mapped); err != nil {
		panic(err)
	}
	return mapped * int64(os.Getpagesize())
}

func init() {
	helpers["leak"] = func() {
		ctx := context.Background()
		open := func() *Model {
			model, err := Open(ctx, tinyPath(), WithOptions(OpenOptions{NCtx: Ptr(128)}))
			if err != nil {
				panic(err)
			}
			return model
		}
		many := func(what string, warm, all int, work func(int)) {
			begun := int64(0)
			for index := range all {
				if index == warm {
					begun = resident()
				}
				work(index)
			}
			fmt.Println(what, resident()-begun)
		}
		many("opened", 50, 200, func(int) { open().Close() })
		model := open()
		defer model.Close()
		request := endless()
		request.MaxTokens = Ptr(2)
		many("generated", 500, 2000, func(index int) {
			stream := model.CompleteStream(ctx, request)
			for _, err := range stream.Text() {
				if err != nil {
					panic(err)
				}
				if index%3 == 0 {
					break
				}
			}
		})
	}
}

func TestNothingLeaks(t *testing.T) {
	requireLibrary(t)
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("this system does not tell how much memory a process has")
	}
	out, err := helper(t, "leak", "MALLOC_ARENA_MAX=2")
	if err != nil {
		t.Fatal(out, err)
	}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var what string
		var grown int64
		if _, err := fmt.Sscan(line, &what, &grown); err != nil || grown > 8<<20 {
			t.Errorf("%s: memory has grown by %d bytes (%v)", line, grown, err)
		}
		t.Logf("%s: %.1f MB more", what, float64(grown)/1e6)
	}
}
