module github.com/nomic-ai/gpt4all/gpt4all-bindings/golang/v3

go 1.24

require github.com/google/jsonschema-go v0.4.3
