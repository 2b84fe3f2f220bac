package gpt4all

import (
	"context"
	"fmt"
	"os"
)

// helpers is what a test may want done in a process of its own.
var helpers = map[string]func(){
	"exit": func() {
		model, err := Open(context.Background(), tinyPath(), WithOptions(OpenOptions{ContextShift: Ptr(true)}))
		if err != nil {
			fmt.Println(err)
			return
		}
		streaming := make(chan bool)
		for range 3 {
			go func() {
				first := true
				for range model.CompleteStream(context.Background(), endless()).Text() {
					if first {
						first = false
						streaming <- true
					}
				}
			}()
		}
		<-streaming
		fmt.Println("streaming")
	},
	"library": func() {
		path, err := LibraryPath()
		fmt.Printf("%s %v\n", path, err)
	},
}

// runHelper does what the environment names, and tells whether that was something.
func runHelper() bool {
	work := helpers[os.Getenv("GPT4ALL_TEST_HELPER")]
	if work != nil {
		work()
	}
	return work != nil
}
