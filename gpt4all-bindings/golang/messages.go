package gpt4all

import "encoding/json"

// Ask is a request for an answer to one text of the user.
//
//	request := gpt4all.Ask("Name three rivers.")
//	request.MaxTokens = gpt4all.Ptr(60)
func Ask(text string) ChatRequest { return Converse(User(text)) }

// Converse is a request for an answer to a conversation.
func Converse(messages ...Message) ChatRequest {
	return ChatRequest{Conversation: Conversation{Messages: messages}}
}

// User is a message of the user.
func User(text string) Message { return MessageInput{Role: "user", Content: text} }

// System is a message that says how the model is to answer.
func System(text string) Message { return MessageInput{Role: "system", Content: text} }

// Assistant is an answer of the model.
func Assistant(text string) Message { return MessageAssistant{Content: text} }

// JSONMessage is a message as it is written in JSON: an object with "role" and "content".
type JSONMessage json.RawMessage

func (JSONMessage) isMessage() {}

// String is the message's JSON.
func (m JSONMessage) String() string { return string(m) }

// MarshalJSON is the message itself.
func (m JSONMessage) MarshalJSON() ([]byte, error) { return json.RawMessage(m).MarshalJSON() }

// roleOf is a message's role; empty if it has none.
func roleOf(message Message) string {
	role, _ := partsOf(message)
	return role
}

// partsOf is a message's role, and its content if that is a text.
func partsOf(message Message) (role, content string) {
	var parts struct {
		Role    string
		Content any
	}
	if text, err := json.Marshal(message); err == nil && json.Unmarshal(text, &parts) == nil {
		content, _ = parts.Content.(string)
	}
	return parts.Role, content
}
