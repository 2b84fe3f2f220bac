module github.com/nomic-ai/gpt4all/gpt4all-bindings/benchmarks/worker_streams_go

go 1.24

require github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3 v3.0.0

require github.com/google/jsonschema-go v0.4.3 // indirect

replace github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3 => ../../golang
