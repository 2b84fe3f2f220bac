package gpt4all

import (
	"testing"
	"time"
)

// BenchmarkReading measures what reading an event costs, of answers that are written already.
func BenchmarkReading(b *testing.B) {
	model := long(b)
	request := endless()
	request.MaxTokens, request.Stream = Ptr(1000), Ptr(true)
	events := 0
	b.StopTimer()
	for events < b.N {
		task, err := model.Submit(b.Context(), OperationComplete, request)
		if err != nil {
			b.Fatal(err)
		}
		works(b, model)
		time.Sleep(2 * time.Second) // in which it is written
		b.StartTimer()
		for _, err := range task.Events() {
			if err != nil {
				b.Fatal(err)
			}
			events++
		}
		b.StopTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
}
