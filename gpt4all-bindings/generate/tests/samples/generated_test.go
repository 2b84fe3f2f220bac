package gpt4all

import (
	"encoding/json"
	"os"
	"testing"
)

func TestPrint(t *testing.T) {
	temperature, name := 0.0, "f"
	format := ResponseFormat(ResponseFormatJSONSchema{JSONSchema: ResponseFormatJSONSchemaJSONSchema{Schema: map[string]any{}}})
	request := ChatRequest{
		Sampling:    Sampling{Temperature: &temperature, Samplers: []string{}},
		Constraints: Constraints{ResponseFormat: format},
		Conversation: Conversation{
			Messages: []Message{
				MessageInput{Role: "user", Content: []ContentPart{ContentPartText{Text: "Hello"}}},
				MessageAssistant{ToolCalls: []ToolCall{{Function: ToolCallFunction{Name: "f", Arguments: json.RawMessage(`"{}"`)}}}},
				MessageTool{Content: "42", Name: &name},
			},
		},
	}
	text, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("OUT"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	var result ChatResult
	given := `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":null},"new":1}],
		"usage":{"prompt_tokens":9007199254740991,"total_tokens":2},"timings":{}}`
	if err := json.Unmarshal([]byte(given), &result); err != nil {
		t.Fatal(err)
	}
	if result.Choices[0].Message.Content != nil || result.Usage.TotalTokens != 2 || result.Choices[0].Index != 0 {
		t.Fatal(result)
	}
}
