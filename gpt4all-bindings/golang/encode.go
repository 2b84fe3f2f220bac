package gpt4all

import (
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Ptr is a pointer to a value, for the fields of requests that may be left out.
func Ptr[T any](value T) *T { return &value }

// encode is a value as JSON. It refuses what JSON has nothing like: functions, NaN, texts that are not UTF-8.
func encode(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, newError(ErrInvalidArgument, "the request cannot be written as JSON: %v", err).from(err)
	}
	// json.Marshal would put U+FFFD in the place of what is not UTF-8.
	if wrong := notUTF8(reflect.ValueOf(value)); wrong != "" || !utf8.Valid(text) {
		return nil, newError(ErrInvalidArgument, "a text is not UTF-8: %.40q; it was probably read from bytes in "+
			"another encoding", wrong)
	}
	return text, nil
}

// notUTF8 finds a text that is not UTF-8.
func notUTF8(value reflect.Value) string {
	switch value.Kind() {
	case reflect.String:
		if !utf8.ValidString(value.String()) {
			return value.String()
		}
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			return notUTF8(value.Elem())
		}
	case reflect.Struct:
		for index := range value.NumField() {
			if wrong := notUTF8(value.Field(index)); wrong != "" {
				return wrong
			}
		}
	case reflect.Slice, reflect.Array:
		switch value.Type().Elem().Kind() {
		case reflect.String, reflect.Pointer, reflect.Interface, reflect.Struct, reflect.Slice, reflect.Map:
			for index := range value.Len() {
				if wrong := notUTF8(value.Index(index)); wrong != "" {
					return wrong
				}
			}
		}
	case reflect.Map:
		for each := value.MapRange(); each.Next(); {
			if wrong := notUTF8(each.Key()); wrong != "" {
				return wrong
			}
			if wrong := notUTF8(each.Value()); wrong != "" {
				return wrong
			}
		}
	}
	return ""
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
