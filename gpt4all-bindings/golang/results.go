package gpt4all

import "encoding/json"

// Embeddings is one vector for each input, in order. With pooling "none", it holds one vector per token, one after
// another.
type Embeddings struct {
	EmbedResult
	Vectors [][]float32
}

// Ranked is a document and its relevance: higher is better, on the model's own scale. Index is its position in the
// request.
type Ranked struct {
	Index          int
	RelevanceScore float64
	Document       string
}

// Ranking is the documents, the most relevant first.
type Ranking struct {
	Results []Ranked
	Usage   Usage
}

// Scores is how likely each continuation is. LogprobRows are the natural log-probabilities of the whole vocabulary that
// LogprobRows in the request asked for; Rows says which each is.
type Scores struct {
	ScoreResult
	LogprobRows [][]float32
}

// BatchScores is how likely the continuations of each context are. LogprobRows are as in Scores.
type BatchScores struct {
	ScoreBatchResult
	LogprobRows [][]float32
}

// Text is the first choice's text; the methods below are about this choice, too.
func (r ChatResult) Text() string {
	if content := r.first().Message.Content; content != nil {
		return *content
	}
	return ""
}

// Reasoning is what the model thought before it answered; empty if it does not show its thoughts.
func (r ChatResult) Reasoning() string {
	if thought := r.first().Message.ReasoningContent; thought != nil {
		return *thought
	}
	return ""
}

// ToolCalls is the tools to call, their arguments as JSON text.
func (r ChatResult) ToolCalls() []ToolCall { return r.first().Message.ToolCalls }

// FinishReason is why the answer ended: "stop", "length" or "tool_calls".
func (r ChatResult) FinishReason() string { return r.first().FinishReason }

// Valid is, for a request that is not strict, whether the first choice is valid under its JSON Schema; nil if there was
// nothing to check.
func (r ChatResult) Valid() *bool { return r.first().Valid }

// Invalid is where and why it is not; nil if nothing is wrong.
func (r ChatResult) Invalid() *Invalid { return r.first().Invalid }

// Message is the answer as a message, to append to the others for the next turn.
func (r ChatResult) Message() Message {
	message := r.first().Message
	made := MessageAssistant{ReasoningContent: message.ReasoningContent, ToolCalls: message.ToolCalls}
	made.Content = json.RawMessage("null")
	if message.Content != nil {
		made.Content = *message.Content
	}
	return made
}

func (r ChatResult) first() ChatResultChoice {
	if len(r.Choices) == 0 {
		return ChatResultChoice{}
	}
	return r.Choices[0]
}

// Text is the first choice's text.
func (r TextResult) Text() string { return r.first().Text }

// FinishReason is why the first choice ended: "stop" or "length".
func (r TextResult) FinishReason() string { return r.first().FinishReason }

func (r TextResult) first() TextResultChoice {
	if len(r.Choices) == 0 {
		return TextResultChoice{}
	}
	return r.Choices[0]
}

// Arguments is a call's arguments as JSON: an object, unless the answer was cut within the call.
func (c ToolCall) Arguments() json.RawMessage { return json.RawMessage(argumentsOf(c)) }

// argumentsOf is a call's arguments as JSON text, which the model may also have written as an object.
func argumentsOf(call ToolCall) string {
	var text string
	if json.Unmarshal(call.Function.Arguments, &text) == nil {
		return text
	}
	return string(call.Function.Arguments)
}
