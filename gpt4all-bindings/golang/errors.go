package gpt4all

import (
	"context"
	"errors"
	"fmt"
)

// Kind is a class of errors, to be asked for with errors.Is: errors.Is(err, gpt4all.ErrModelNotFound).
type Kind struct {
	name   string
	status Status
	of     []*Kind
}

// Error is the kind's name, such as "invalid_argument" or "checksum"; it is the same in every language.
func (k *Kind) Error() string { return k.name }

// Status is the C API's status that errors of this kind have.
func (k *Kind) Status() Status { return k.status }

func (k *Kind) is(other *Kind) bool {
	if k == other {
		return true
	}
	for _, each := range k.of {
		if each.is(other) {
			return true
		}
	}
	return false
}

func kindOf(status Status, of ...*Kind) *Kind { return &Kind{status.String(), status, of} }

// One kind for each failing status of the C API.
var (
	// An option or request has an unknown key, a wrong type or a value out of range.
	ErrInvalidArgument = kindOf(StatusInvalidArgument)
	// The named file, adapter or slot does not exist.
	ErrModelNotFound = kindOf(StatusNotFound)
	// Reading or writing failed: permissions, a full disk, a vanished file.
	ErrIO = kindOf(StatusIO)
	// The file is truncated, corrupt or not of a known format.
	ErrInvalidModel = kindOf(StatusInvalidModel)
	// The request is well-formed, but this library or this model cannot do it.
	ErrUnsupported = kindOf(StatusUnsupported)
	// It does not fit into memory, or into the given budget.
	ErrOutOfMemory = kindOf(StatusOutOfMemory)
	// The prompt is longer than the context.
	ErrContextOverflow = kindOf(StatusContextOverflow)
	// The chat template cannot be parsed or rendered, or runs without end.
	ErrTemplate = kindOf(StatusTemplateError)
	// The grammar or JSON Schema cannot be parsed or turned into a grammar.
	ErrGrammar = kindOf(StatusGrammarError)
	// The request was cancelled, or its model was closed while it ran. If a context was the reason, errors.Is finds
	// its cause, too: context.Canceled, context.DeadlineExceeded or what context.WithCancelCause was given.
	ErrCancellation = kindOf(StatusCancelled)
	// The model or task is already closed.
	ErrClosed = kindOf(StatusClosed)
	// A defect in the library or in llama.cpp. Please report it.
	ErrInternal = kindOf(StatusInternal)
)

// Kinds of this binding's own.
var (
	// libllmodel cannot be loaded. The message lists every place that was tried, and why it did not work.
	ErrLibraryNotFound = &Kind{"library_not_found", StatusNotFound, nil}
	// The answer is not what its response format asked for: it was cut off, or does not fit the type. Detail: "text",
	// the answer; "finish_reason".
	ErrResponseFormat = &Kind{"response_format", StatusUnsupported, []*Kind{ErrUnsupported}}
	// A run with tools reached its last round, and the model was still asking for calls. Detail: "messages", the
	// conversation so far; "rounds".
	ErrToolRounds = &Kind{"tool_rounds", StatusUnsupported, []*Kind{ErrUnsupported}}
	// Two goroutines waited at once for a stream or task that serves only one.
	ErrBusy = &Kind{"busy", StatusInvalidArgument, []*Kind{ErrInvalidArgument}}
	// A session was asked for an answer, or to change its history, while giving an answer.
	ErrSessionBusy = &Kind{"session_busy", StatusInvalidArgument, []*Kind{ErrBusy}}
)

var kinds = map[Status]*Kind{}

func init() {
	for _, each := range []*Kind{
		ErrInvalidArgument, ErrModelNotFound, ErrIO, ErrInvalidModel, ErrUnsupported, ErrOutOfMemory,
		ErrContextOverflow, ErrTemplate, ErrGrammar, ErrCancellation, ErrClosed, ErrInternal,
	} {
		kinds[each.status] = each
	}
}

// Error is every failure of this package.
//
//	var failure *gpt4all.Error
//	if errors.As(err, &failure) {
//		fmt.Println(failure.Kind.Status(), failure.Detail)
//	}
type Error struct {
	// What kind of failure it is.
	Kind *Kind
	// What happened, with which file or value, and what to do.
	Message string
	// Details, such as {"path": "/temperature"}; may be empty.
	Detail map[string]any

	cause error
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Status is the C API's status, the same in every language.
func (e *Error) Status() Status { return e.Kind.status }

// Is reports whether target is the error's kind, or a kind that this is a kind of.
func (e *Error) Is(target error) bool {
	kind, ok := target.(*Kind)
	return ok && e.Kind.is(kind)
}

// Unwrap is what the error comes from, such as the end of a context or an error of the file system.
func (e *Error) Unwrap() error { return e.cause }

func newError(kind *Kind, format string, values ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, values...)}
}

func (e *Error) with(detail map[string]any) *Error {
	e.Detail = detail
	return e
}

func (e *Error) from(cause error) *Error {
	e.cause = cause
	return e
}

// fromContext adds a context's end to an error of the cancellation that it led to.
func fromContext(ctx context.Context, err error) error {
	var failure *Error
	if ctx.Err() != nil && errors.As(err, &failure) && failure.Kind == ErrCancellation && failure.cause == nil {
		return newError(ErrCancellation, "%s (%v)", failure.Message, context.Cause(ctx)).
			with(failure.Detail).from(endOf(ctx))
	}
	return err
}

// checkGiven refuses a context that is nil.
func checkGiven(ctx context.Context, what string) error {
	if ctx == nil {
		return newError(ErrInvalidArgument, "the context of %s is nil; pass context.Background()", what)
	}
	return nil
}

// checkContext is the error of a context that is nil, or already done.
func checkContext(ctx context.Context, what string) error {
	if err := checkGiven(ctx, what); err != nil {
		return err
	}
	if ctx.Err() == nil {
		return nil
	}
	return newError(ErrCancellation, "%s was cancelled before it began: %v", what, context.Cause(ctx)).from(endOf(ctx))
}

// endOf has both what ended a context and the reason that was given for it.
func endOf(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return errors.Join(ctx.Err(), cause)
	}
	return context.Cause(ctx)
}
