// Streams of one open model, read by a loop in C and by goroutines, in turn: what worker_streams.py does for Python.
//
//	worker_streams_go LIBRARY REPEATS PLAN.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"
	"sync"
	"time"

	gpt4all "github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3"
)

type plan struct {
	Model   string              `json:"model"`
	Options json.RawMessage     `json:"options"`
	Steps   [][]json.RawMessage `json:"steps"`
}

// way answers requests at once, and gives the pieces per second while all answers are being written.
type way struct {
	name string
	rate func([]json.RawMessage) (float64, error)
}

// request is what the plan asks for, as a type of the binding.
func request(text json.RawMessage) (gpt4all.ChatRequest, error) {
	var given struct {
		Messages    []gpt4all.MessageInput `json:"messages"`
		MaxTokens   int                    `json:"max_tokens"`
		Temperature float64                `json:"temperature"`
		IgnoreEos   bool                   `json:"ignore_eos"`
		CachePrompt bool                   `json:"cache_prompt"`
	}
	err := json.Unmarshal(text, &given)
	var made gpt4all.ChatRequest
	made.MaxTokens, made.Temperature = &given.MaxTokens, &given.Temperature
	made.IgnoreEos, made.CachePrompt = &given.IgnoreEos, &given.CachePrompt
	for _, each := range given.Messages {
		made.Messages = append(made.Messages, each)
	}
	return made, err
}

// moments is when each piece of one answer arrived, in seconds.
func moments(model *gpt4all.Model, begin time.Time, given json.RawMessage) ([]float64, error) {
	asked, err := request(given)
	if err != nil {
		return nil, err
	}
	var found []float64
	for _, err := range model.ChatStream(context.Background(), asked).Text() {
		if err != nil {
			return nil, err
		}
		found = append(found, time.Since(begin).Seconds())
	}
	return found, nil
}

func byGoroutines(model *gpt4all.Model, requests []json.RawMessage) (float64, error) {
	started := time.Now()
	streams, failures := make([][]float64, len(requests)), make([]error, len(requests))
	var all sync.WaitGroup
	for number, request := range requests {
		all.Add(1)
		go func() {
			defer all.Done()
			streams[number], failures[number] = moments(model, started, request)
		}()
	}
	all.Wait()
	if err := errors.Join(failures...); err != nil {
		return 0, err
	}
	begin, end := 0.0, math.Inf(1)
	for _, stream := range streams {
		if len(stream) == 0 {
			return 0, errors.New("a stream had no piece")
		}
		begin, end = max(begin, stream[0]), min(end, stream[len(stream)-1])
	}
	if begin >= end {
		return 0, errors.New("one stream had ended before another began")
	}
	pieces := 0
	for _, stream := range streams {
		for _, moment := range stream {
			if begin < moment && moment <= end {
				pieces++
			}
		}
	}
	return float64(pieces) / (end - begin), nil
}

func measure(ways []way, requests []json.RawMessage, repeats int) (map[string][]float64, error) {
	rates := map[string][]float64{}
	for _, each := range ways {
		if _, err := each.rate(requests); err != nil {
			return nil, err
		}
	}
	for number := range repeats {
		for turn := range ways {
			each := ways[(number+turn)%len(ways)]
			rate, err := each.rate(requests)
			if err != nil {
				return nil, err
			}
			rates[each.name] = append(rates[each.name], rate)
		}
	}
	return rates, nil
}

func run(library string, repeats int, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var asked plan
	if err := json.Unmarshal(text, &asked); err != nil {
		return err
	}
	model, err := gpt4all.Open(context.Background(), asked.Model, gpt4all.WithOptions(asked.Options))
	if err != nil {
		return err
	}
	defer model.Close()
	fmt.Println("ready")
	inC, err := loopInC(library, model)
	if err != nil {
		return err
	}
	byGo := func(requests []json.RawMessage) (float64, error) { return byGoroutines(model, requests) }
	ways := []way{{"c", inC}, {"goroutines", byGo}}
	var result struct {
		Steps []map[string][]float64 `json:"steps"`
	}
	for _, requests := range asked.Steps {
		rates, err := measure(ways, requests, repeats)
		if err != nil {
			return err
		}
		result.Steps = append(result.Steps, rates)
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func main() {
	repeats, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = run(os.Args[1], repeats, os.Args[3])
	}
	if err != nil {
		log.Fatal(err)
	}
}
