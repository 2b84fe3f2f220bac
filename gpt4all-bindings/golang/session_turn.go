package gpt4all

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
)

// turn is an answer in a conversation, to which it adds what was said when it is complete. One that fails leaves the
// conversation as it was; so does one that is cancelled, unless the session is to keep what had come.
type turn struct {
	session *Session
	keep    int // messages that stay
	added   []Message
	pieces  strings.Builder
}

// ask is a run that adds messages and their answer.
func (s *Session) ask(added []Message, request any, stream bool) run[ChatResult] {
	return s.turn(request, stream, func(t *turn) error {
		t.keep, t.added = len(s.messages), slices.Clone(added)
		return nil
	})
}

// askAgain is a run that answers the last question again.
func (s *Session) askAgain(request ChatRequest, stream bool) run[ChatResult] {
	if err := noMessages(request, "the options of Regenerate"); err != nil {
		return failed[ChatResult](err)
	}
	return s.turn(request, stream, func(t *turn) error {
		questions := s.questions()
		if len(questions) == 0 {
			return newError(ErrInvalidArgument, "the session has no question to answer again")
		}
		t.keep = questions[len(questions)-1]
		t.added = []Message{s.messages[t.keep]}
		return nil
	})
}

func (s *Session) turn(request any, stream bool, place func(*turn) error) run[ChatResult] {
	return func(ctx context.Context, give func(Event) bool) (none ChatResult, _ error) {
		given, err := asObject(request)
		if err != nil {
			return none, err
		}
		t := &turn{session: s}
		answer, prompt, err := t.begin(given, stream, place)
		if err != nil {
			return none, err
		}
		var said []Message
		defer func() { t.end(said) }() // also if the loop panics
		result, err := answer(ctx, t.listen(give))
		if err != nil {
			if s.keepPartial && errors.Is(err, ErrCancellation) && t.pieces.Len() > 0 {
				said = []Message{Assistant(t.pieces.String())}
			}
			return none, err
		}
		said = result.Messages[prompt:]
		return result.ChatResult, nil
	}
}

// begin is the run that answers, and how many messages it is asked with.
func (t *turn) begin(given object, stream bool, place func(*turn) error) (run[ToolsResult], int, error) {
	s := t.session
	s.state.Lock()
	defer s.state.Unlock()
	if err := s.checkIdle(); err != nil {
		return nil, 0, err
	}
	if err := place(t); err != nil {
		return nil, 0, err
	}
	merged := object{}
	maps.Copy(merged, s.options)
	maps.Copy(merged, given)
	if err := oneAnswer(merged, "a session continues with one answer"); err != nil {
		return nil, 0, err
	}
	prompt := append(slices.Clone(s.messages[:t.keep]), t.added...)
	s.busy = true
	return s.model.runObject(merged, prompt, s.tools, stream), len(prompt), nil
}

// listen collects what would be kept of the answer.
func (t *turn) listen(give func(Event) bool) func(Event) bool {
	return func(event Event) bool {
		switch {
		case event.Kind == EventKindText && event.Index == 0:
			t.pieces.WriteString(event.Text)
		case event.Kind == EventKindToolResult:
			t.pieces.Reset() // what came before the call is not what would be kept of the answer
		}
		return give(event)
	}
}

func (t *turn) end(said []Message) {
	s := t.session
	s.state.Lock()
	defer s.state.Unlock()
	s.busy = false
	if len(said) > 0 {
		s.messages = slices.Concat(s.messages[:t.keep], t.added, said)
	}
}
