package gpt4all

import (
	"context"
	"iter"
	"sync"
)

// run performs what a stream stands for: it gives each event, and ends with an error if that is not wanted any more.
type run[R any] func(ctx context.Context, give func(Event) bool) (R, error)

// finish waits for the end of a run.
func finish[R any](ctx context.Context, run run[R]) (R, error) {
	return run(ctx, func(Event) bool { return true })
}

func leftEarly() error {
	return newError(ErrCancellation, "the answer was abandoned: its loop was left early")
}

// Stream is an answer that is being written: range over Text for its pieces; Result is the whole answer.
//
// The request begins with the loop, and ends with it: leaving the loop, by break, return or panic, cancels the request.
// One goroutine may iterate, once; Cancel may be called from any.
type Stream[R any] struct {
	ctx context.Context
	run run[R]

	state     sync.Mutex
	cancel    context.CancelFunc // while it runs
	cancelled bool
	ended     bool
	result    R
	err       error
}

func newStream[R any](ctx context.Context, run run[R]) *Stream[R] {
	return &Stream[R]{ctx: ctx, run: run}
}

// Events gives everything that arrives: text, reasoning, pieces of tool calls, progress. An error is the last item.
func (s *Stream[R]) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, err := s.begin()
		if ctx == nil {
			if err != nil {
				yield(Event{}, err)
			}
			return
		}
		ended := false
		defer func() {
			if !ended { // also if the loop panics
				var none R
				s.end(none, leftEarly())
			}
		}()
		stopped := false
		result, err := s.run(ctx, func(event Event) bool {
			stopped = !yield(event, nil)
			return !stopped
		})
		if stopped && err != nil {
			return
		}
		ended = true
		s.end(result, err)
		if err != nil {
			yield(Event{}, err)
		}
	}
}

// Text gives the pieces of the first choice's text. An error is the last item.
func (s *Stream[R]) Text() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for event, err := range s.Events() {
			if err != nil {
				yield("", err)
				return
			}
			if event.Kind == EventKindText && event.Index == 0 && event.Text != "" && !yield(event.Text, nil) {
				return
			}
		}
	}
}

// Result is the whole answer. It waits for the end unless a loop has come to it. Fails with what the request failed
// with, and with [ErrCancellation] if a loop was left early.
func (s *Stream[R]) Result() (R, error) {
	for _, err := range s.Events() {
		if err != nil {
			var none R
			return none, err
		}
	}
	return s.result, s.err
}

// Cancel stops the request. The loop over this stream ends with [ErrCancellation].
func (s *Stream[R]) Cancel() {
	s.state.Lock()
	defer s.state.Unlock()
	s.cancelled = true
	if s.cancel != nil {
		s.cancel()
	}
}

// begin is the context to run in; nil if there is nothing to be run any more, with the reason if it is an error.
func (s *Stream[R]) begin() (context.Context, error) {
	s.state.Lock()
	defer s.state.Unlock()
	if s.ended {
		return nil, s.err
	}
	if s.run == nil {
		return nil, newError(ErrClosed, "the stream is of no request; get one from ChatStream or CompleteStream")
	}
	if err := checkGiven(s.ctx, "the request"); err != nil {
		return nil, err
	}
	if s.cancel != nil {
		return nil, newError(ErrBusy, "two loops are running over one stream; give each its own stream")
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.cancel = cancel
	if s.cancelled {
		cancel()
	}
	return ctx, nil
}

func (s *Stream[R]) end(result R, err error) {
	s.state.Lock()
	defer s.state.Unlock()
	s.ended, s.result, s.err = true, result, err
	s.cancel()
}
