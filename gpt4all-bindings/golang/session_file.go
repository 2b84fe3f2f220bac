package gpt4all

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"unicode/utf8"
)

const (
	sessionFormat  = "gpt4all.session"
	sessionVersion = 1
)

// sessionFile is what every language writes.
type sessionFile struct {
	Format      string            `json:"format"`
	Version     int               `json:"version"`
	Messages    []json.RawMessage `json:"messages"`
	Options     object            `json:"options"`
	MaxRounds   int               `json:"max_rounds"`
	KeepPartial bool              `json:"keep_partial"`
	State       *string           `json:"state"`
}

// Save writes the conversation, without its tools, to a JSON file, either completely or not at all. state also writes
// what the engine has computed for it, to path + ".state", so that the conversation continues quickly after LoadSession:
// about 10 to 100 KB per token. It waits for its turn among other requests.
func (s *Session) Save(ctx context.Context, path string, state bool) error {
	if err := checkPaths(path); err != nil {
		return err
	}
	if err := checkGiven(ctx, "the saving"); err != nil {
		return err
	}
	var now *Session // whoever asks the session for something does not have to wait for the engine
	if err := s.idle(func() error { now = s.fork(); return nil }); err != nil {
		return err
	}
	return now.save(ctx, path, state)
}

func (s *Session) save(ctx context.Context, path string, state bool) error {
	content := sessionFile{Format: sessionFormat, Version: sessionVersion, Messages: []json.RawMessage{},
		Options: s.options, MaxRounds: s.tools.MaxRounds, KeepPartial: s.keepPartial}
	if content.MaxRounds == 0 {
		content.MaxRounds = MaxRounds
	}
	for _, each := range s.messages {
		text, err := encode(each)
		if err != nil {
			return err
		}
		content.Messages = append(content.Messages, text)
	}
	if state && len(s.messages) > 0 {
		if err := s.saveState(ctx, path+".state"); err != nil {
			return err
		}
		name := filepath.Base(path) + ".state"
		content.State = &name
	}
	text, err := json.MarshalIndent(content, "", " ")
	if err != nil {
		return newError(ErrInvalidArgument, "the session cannot be written as JSON: %v", err).from(err)
	}
	return writeWhole(path, append(text, '\n'), "the session cannot be written")
}

// saveState writes what the engine remembers of the conversation, whatever others ask of the model meanwhile.
func (s *Session) saveState(ctx context.Context, path string) error {
	if !utf8.ValidString(path) {
		return newError(ErrInvalidArgument, "%q is not UTF-8, which the path of a state has to be", path)
	}
	chat := maps.Clone(s.options)
	if err := errors.Join(chat.set("messages", s.messages), chat.set("add_generation_prompt", false)); err != nil {
		return err
	}
	if _, err := newToolLoop(s.model, chat, s.messages, s.tools, false); err != nil {
		return err
	}
	request := map[string]any{"path": path, "chat": chat}
	_, err := finish(ctx, ask(s.model, OperationSaveState, request, plain[SaveStateResult]))
	return err
}

// LoadSession is the session that Save wrote, in any language. tools replaces what the file does not have; its MaxRounds
// goes before the file's. A saved state is used if it is there and fits; without it only time is lost, of which
// [SetLog]'s function is told.
func LoadSession(ctx context.Context, path string, model *Model, tools ToolRun) (*Session, error) {
	if err := checkGiven(ctx, "the loading"); err != nil {
		return nil, err
	}
	if err := checkModel(model); err != nil {
		return nil, err
	}
	content, err := readSession(path)
	if err != nil {
		return nil, err
	}
	if content.State != nil {
		state := filepath.Join(filepath.Dir(path), filepath.Base(*content.State))
		if _, err := model.RestoreState(ctx, state, StateRequest{}); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			// One that is gone or of another model is no reason to lose the conversation.
			warn("the session continues without its saved state: %v", err)
		}
	}
	if tools.MaxRounds == 0 {
		tools.MaxRounds = content.MaxRounds
	}
	session := &Session{model: model, tools: tools, keepPartial: content.KeepPartial, options: content.Options}
	for _, each := range content.Messages {
		session.messages = append(session.messages, JSONMessage(each))
	}
	return session, nil
}

func readSession(path string) (sessionFile, error) {
	data, err := readFile(path, "the session cannot be read")
	if err != nil {
		return sessionFile{}, err
	}
	wrong := func(why string) (sessionFile, error) {
		return sessionFile{}, newError(ErrInvalidArgument, "%s: not a session: %s", path, why).
			with(map[string]any{"path": path})
	}
	var given any
	if err := json.Unmarshal(data, &given); err != nil {
		return wrong(err.Error())
	}
	keys, _ := objectOf(data)
	var content sessionFile
	if json.Unmarshal(keys["format"], &content.Format) != nil || content.Format != sessionFormat {
		return wrong(`it has no "format": "` + sessionFormat + `"`)
	}
	if json.Unmarshal(keys["version"], &content.Version) != nil || content.Version != sessionVersion {
		return sessionFile{}, newError(ErrInvalidArgument, "%s: a session of version %v, which this gpt4all does not know; "+
			"update it", path, given.(map[string]any)["version"]).with(map[string]any{"path": path})
	}
	for _, each := range []struct {
		key   string
		field any
	}{
		{"messages", &content.Messages}, {"options", &content.Options}, {"max_rounds", &content.MaxRounds},
		{"keep_partial", &content.KeepPartial}, {"state", &content.State},
	} {
		text := keys[each.key]
		if text == nil || each.key != "state" && string(text) == "null" || json.Unmarshal(text, each.field) != nil {
			return wrong(`"` + each.key + `" is missing or wrong`)
		}
	}
	for _, each := range content.Messages {
		if !bytes.HasPrefix(bytes.TrimSpace(each), []byte("{")) {
			return wrong(`"messages" contains something that is not a message`)
		}
	}
	return content, nil
}
