// The examples of docs/models.md in Go.
package main

import (
	// example: resolve
	"context"
	"fmt"
	"log"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
	// end of example
)

func main() {
	// example: resolve
	ctx := context.Background()
	path, err := gpt4all.Resolve(ctx, "smollm2", gpt4all.ResolveOptions{}) // the file, downloaded if it is not there
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(path)
	// end of example

	// example: cached
	checked, err := gpt4all.Verify(ctx, "smollm2", gpt4all.ResolveOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(checked.OK())

	for _, model := range gpt4all.ListCached("") {
		fmt.Println(model.Name, model.Size)
	}
	// end of example

	// example: inspect
	found, err := gpt4all.Inspect(ctx, path, gpt4all.WithOptions(gpt4all.OpenOptions{NCtx: gpt4all.Ptr(4096)}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Memory.Total, "bytes")
	for _, device := range found.Memory.Devices {
		fmt.Println("in", device.Name)
	}
	// end of example

	// example: pull
	show := func(progress gpt4all.DownloadProgress) bool {
		fmt.Println(progress.Phase, progress.Done, progress.Total)
		return true
	}
	if _, err := gpt4all.Pull(ctx, "smollm2", gpt4all.ResolveOptions{Progress: show}); err != nil {
		log.Fatal(err)
	}
	// end of example
}
