package gpt4all

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Ptr is a pointer to a value, for the fields of requests that may be left out.
func Ptr[T any](value T) *T { return &value }

// encode is a value as JSON. It refuses what JSON has nothing like: functions, NaN, texts that are not UTF-8, bytes.
func encode(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, newError(ErrInvalidArgument, "the request cannot be written as JSON: %v", err).from(err)
	}
	// What is not UTF-8 is U+FFFD now, unless it was in JSON already.
	looked := lookingFor{seen: map[visit]bool{}}
	looked.notUTF8 = bytes.Contains(text, []byte(`\ufffd`)) || bytes.ContainsRune(text, utf8.RuneError)
	if err := looked.in(reflect.ValueOf(&value).Elem()); err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, notUTF8("")
	}
	return text, nil
}

func notUTF8(wrong string) error {
	return newError(ErrInvalidArgument, "a text is not UTF-8: %.40q; it was probably read from bytes in another encoding",
		wrong)
}

// lookingFor finds what json.Marshal writes otherwise than it was meant.
type lookingFor struct {
	notUTF8 bool
	seen    map[visit]bool
}

// visit is a pointer or map, which may lead back to itself where JSON does not go.
type visit struct {
	address uintptr
	is      reflect.Type
}

func (l *lookingFor) in(value reflect.Value) error {
	switch value.Kind() {
	case reflect.String:
		if l.notUTF8 && !utf8.ValidString(value.String()) {
			return notUTF8(value.String())
		}
	case reflect.Interface:
		if value.IsNil() {
			return nil
		}
		if value.Elem().Type() == reflect.TypeFor[[]byte]() {
			return newError(ErrInvalidArgument, "a []byte is neither text nor JSON: give text as a string, and JSON as a "+
				"json.RawMessage")
		}
		return l.in(value.Elem())
	case reflect.Pointer:
		if !value.IsNil() && l.isNew(value) {
			return l.in(value.Elem())
		}
	case reflect.Struct:
		return l.inFields(value)
	case reflect.Slice, reflect.Array:
		switch value.Type().Elem().Kind() {
		case reflect.String, reflect.Pointer, reflect.Interface, reflect.Struct, reflect.Slice, reflect.Map:
			for index := range value.Len() {
				if err := l.in(value.Index(index)); err != nil {
					return err
				}
			}
		}
	case reflect.Map:
		if !l.isNew(value) {
			return nil
		}
		for each := value.MapRange(); each.Next(); {
			for _, part := range []reflect.Value{each.Key(), each.Value()} {
				if err := l.in(part); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inFields looks into the fields that JSON has.
func (l *lookingFor) inFields(value reflect.Value) error {
	for index := range value.NumField() {
		field := value.Type().Field(index)
		if field.Tag.Get("json") == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if err := l.in(value.Field(index)); err != nil {
			return err
		}
	}
	return nil
}

func (l *lookingFor) isNew(value reflect.Value) bool {
	place := visit{value.Pointer(), value.Type()}
	seen := l.seen[place]
	l.seen[place] = true
	return !seen
}

// object is a JSON object whose values are left as they are.
type object map[string]json.RawMessage

// objectOf reads an object's keys; ok is false for JSON that is none.
func objectOf(text []byte) (read object, ok bool) {
	err := json.Unmarshal(text, &read)
	return read, err == nil && read != nil
}

// set gives a key a value that can be written as JSON.
func (o object) set(key string, value any) error {
	text, err := encode(value)
	if err == nil {
		o[key] = text
	}
	return err
}

// asObject is a request as an object of its own, to which keys can be added.
func asObject(request any) (object, error) {
	text, err := encode(request)
	if err != nil {
		return nil, err
	}
	read, ok := objectOf(text)
	if !ok {
		return nil, newError(ErrInvalidArgument, "the request is not a JSON object: %.40s", text)
	}
	return read, nil
}

// checkText refuses what cannot be passed to C.
func checkText(what, text string) error {
	if strings.ContainsRune(text, 0) {
		return newError(ErrInvalidArgument, "%s cannot contain a NUL character: %.200q", what, text)
	}
	return nil
}
