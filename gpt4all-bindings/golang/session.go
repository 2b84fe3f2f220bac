package gpt4all

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// SessionOptions is what a session begins with.
type SessionOptions struct {
	// The system message's text; empty for none.
	System string
	// The conversation so far.
	Messages []Message
	// For every answer: functions are called when the model asks for them, in at most MaxRounds rounds.
	Tools ToolRun
	// Keep what was written of an answer that is cancelled or left early. Otherwise the answer and its question are
	// forgotten, as when an answer fails.
	KeepPartial bool
	// For every answer. What a request gives goes before.
	Options ChatRequest
}

// Session is a conversation with a model: Chat asks, and remembers the question and the answer. It gives one answer at a
// time: [ErrSessionBusy] for a second one. To get several at once, Fork it.
type Session struct {
	state       sync.Mutex
	model       *Model
	messages    []Message
	tools       ToolRun
	keepPartial bool
	options     object
	busy        bool
}

// NewSession begins a conversation. Any number of sessions may share a model; whatever they have in common is computed
// once.
func NewSession(model *Model, options SessionOptions) (*Session, error) {
	if err := checkModel(model); err != nil {
		return nil, err
	}
	given, err := sessionOptions(options.Options)
	if err != nil {
		return nil, err
	}
	messages := slices.Clone(options.Messages)
	if options.System != "" {
		messages = append([]Message{System(options.System)}, messages...)
	}
	return &Session{model: model, messages: messages, tools: options.Tools, keepPartial: options.KeepPartial,
		options: given}, nil
}

// Chat answers the request's messages, and adds them and the answer to the conversation.
func (s *Session) Chat(ctx context.Context, request ChatRequest) (ChatResult, error) {
	return finish(ctx, s.ask(request.Messages, request, false))
}

// ChatStream is Chat, with the answer as it is written. The answer is added when its last piece has arrived.
func (s *Session) ChatStream(ctx context.Context, request ChatRequest) *Stream[ChatResult] {
	return newStream(ctx, s.ask(request.Messages, request, true))
}

// Regenerate answers the last question again. The new answer replaces the old one when it is complete. The request has
// options only.
func (s *Session) Regenerate(ctx context.Context, request ChatRequest) (ChatResult, error) {
	return finish(ctx, s.askAgain(request, false))
}

// RegenerateStream is Regenerate, with the answer as it is written.
func (s *Session) RegenerateStream(ctx context.Context, request ChatRequest) *Stream[ChatResult] {
	return newStream(ctx, s.askAgain(request, true))
}

// Messages is a copy of the conversation so far, oldest first. An answer is added to it, together with its question, when
// it is complete.
func (s *Session) Messages() []Message {
	s.state.Lock()
	defer s.state.Unlock()
	return slices.Clone(s.messages)
}

// SetMessages replaces the conversation.
func (s *Session) SetMessages(messages []Message) error {
	return s.idle(func() error {
		s.messages = slices.Clone(messages)
		return nil
	})
}

// Model is the model that answers.
func (s *Session) Model() *Model {
	s.state.Lock()
	defer s.state.Unlock()
	return s.model
}

// SetModel lets another model go on.
func (s *Session) SetModel(model *Model) error {
	if err := checkModel(model); err != nil {
		return err
	}
	return s.idle(func() error {
		s.model = model
		return nil
	})
}

// System is the text of the system message, if the conversation begins with one.
func (s *Session) System() string {
	s.state.Lock()
	defer s.state.Unlock()
	if len(s.messages) > 0 {
		if role, content := partsOf(s.messages[0]); role == "system" {
			return content
		}
	}
	return ""
}

// SetSystem replaces the system message; an empty text removes it.
func (s *Session) SetSystem(text string) error {
	return s.idle(func() error {
		if len(s.messages) > 0 && roleOf(s.messages[0]) == "system" {
			s.messages = s.messages[1:]
		}
		if text != "" {
			s.messages = append([]Message{System(text)}, s.messages...)
		}
		return nil
	})
}

// SetOptions replaces the options for every answer from now on.
func (s *Session) SetOptions(options ChatRequest) error {
	given, err := sessionOptions(options)
	if err != nil {
		return err
	}
	return s.idle(func() error {
		s.options = given
		return nil
	})
}

// sessionOptions is the fields of a request that are for every answer.
func sessionOptions(options ChatRequest) (object, error) {
	if err := noMessages(options, "the options for every answer"); err != nil {
		return nil, err
	}
	given, err := asObject(options)
	delete(given, "stream")
	return given, err
}

// noMessages refuses messages where nobody would read them.
func noMessages(options ChatRequest, what string) error {
	if len(options.Messages) > 0 {
		return newError(ErrInvalidArgument, "%s have messages; give those to Chat, or to NewSession as Messages", what)
	}
	return nil
}

func checkModel(model *Model) error {
	if model == nil {
		return newError(ErrInvalidArgument, "a nil *Model is not a model; open one for the session")
	}
	return nil
}

// Busy reports whether an answer is in progress.
func (s *Session) Busy() bool {
	s.state.Lock()
	defer s.state.Unlock()
	return s.busy
}

// Undo removes the last questions, as many as turns says, and everything after them. It returns what was removed.
func (s *Session) Undo(turns int) (removed []Message, err error) {
	err = s.idle(func() error {
		questions := s.questions()
		if turns < 1 || turns > len(questions) {
			return newError(ErrInvalidArgument, "%d turns cannot be undone: the session has %d", turns, len(questions))
		}
		begin := questions[len(questions)-turns]
		removed = slices.Clone(s.messages[begin:])
		s.messages = slices.Clip(s.messages[:begin])
		return nil
	})
	return removed, err
}

// Edit replaces a message (index below 0: from the end), and removes those after it, which responded to the old one.
// After editing a question, Regenerate answers it.
func (s *Session) Edit(index int, message Message) error {
	return s.idle(func() error {
		count := len(s.messages)
		if index < -count || index >= count {
			return newError(ErrInvalidArgument, "there is no message %d: the session has %d", index, count)
		}
		if index < 0 {
			index += count
		}
		s.messages = append(slices.Clip(s.messages[:index]), message)
		return nil
	})
}

// Fork is another session with the same history, independent from here on. The history is not computed again.
func (s *Session) Fork() *Session {
	s.state.Lock()
	defer s.state.Unlock()
	return s.fork()
}

func (s *Session) fork() *Session {
	options := object{}
	maps.Copy(options, s.options)
	return &Session{model: s.model, messages: slices.Clone(s.messages), tools: s.tools, keepPartial: s.keepPartial,
		options: options}
}

func (s *Session) questions() []int {
	var found []int
	for index, message := range s.messages {
		if roleOf(message) == "user" {
			found = append(found, index)
		}
	}
	return found
}

func (s *Session) checkIdle() error {
	if s.busy {
		return newError(ErrSessionBusy,
			"the session is answering; wait for it to finish, leave its stream, or Fork the session")
	}
	return nil
}

func (s *Session) idle(change func() error) error {
	s.state.Lock()
	defer s.state.Unlock()
	if err := s.checkIdle(); err != nil {
		return err
	}
	return change()
}
