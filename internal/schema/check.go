package schema

import (
	"encoding"
	"encoding/json/v2"
	"fmt"
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/secret"
)

// Check returns what the rules find wrong with v, which has the type that the
// tags were read for: for values that neither the codec nor the binder has read. What is wrong with an
// item says which one: "[2] must be at least 1". A nil pointer has no mistakes.
func (tags *Tags) Check(v reflect.Value) []string {
	if tags == nil {
		return nil
	}
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch ClassOf(v.Type()) {
	case ClassInt, ClassDuration:
		return tags.Rules.Int(v.Int(), nil)
	case ClassUint:
		return tags.Rules.Uint(v.Uint(), nil)
	case ClassFloat:
		return tags.Rules.Float(AsWritten(v.Float(), v.Type().Bits()), nil)
	case ClassText:
		return tags.Rules.Text(textOf(v), nil)
	case ClassList:
		return tags.checkList(v)
	case ClassMap:
		messages := tags.Rules.Count(v.Len(), nil)
		for _, key := range v.MapKeys() {
			messages = within(messages, tags.keyName(key), tags.Elem.Check(v.MapIndex(key)))
		}
		return messages
	case ClassOther:
		if text, err := json.Marshal(v.Interface()); err == nil && tags.Rules != nil {
			return tags.Rules.JSON(text, nil)
		}
	}
	return nil
}

// AsWritten returns the float64 that is written as f of so many bits is, so that a float32
// of 0.1 is a multiple of 0.1. What is no number stays as it is.
func AsWritten(f float64, bits int) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, bits), 64)
	if err != nil {
		return f
	}
	return v
}

// keyName is the key of a map for messages, in which a secret one is "*".
func (tags *Tags) keyName(key reflect.Value) string {
	if tags.Sensitive || HasSecret(key.Type()) {
		return "*"
	}
	return fmt.Sprint(key.Interface())
}

func (tags *Tags) checkList(v reflect.Value) []string {
	messages := tags.Rules.Count(v.Len(), nil)
	seen, twice := map[any]bool{}, false
	for i := range v.Len() {
		item := v.Index(i)
		messages = within(messages, strconv.Itoa(i), tags.Elem.Check(item))
		if tags.Rules.Unique() && item.Comparable() {
			twice = twice || seen[item.Interface()]
			seen[item.Interface()] = true
		}
	}
	if twice {
		messages = append(messages, NotUnique)
	}
	return messages
}

// within puts the messages about an item behind messages.
func within(messages []string, item string, about []string) []string {
	for _, message := range about {
		if message[0] != '[' {
			message = " " + message
		}
		messages = append(messages, "["+item+"]"+message)
	}
	return messages
}

// textOf returns the text of a string, or of a type with text methods.
func textOf(v reflect.Value) string {
	if secret.Is(v.Type()) { // which writes no more than that it is one
		text := v.MethodByName("Reveal").Call(nil)[0]
		return text.Convert(reflect.TypeFor[string]()).String()
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, _ := m.MarshalText() // what was just read can be written
		return string(text)
	}
	return v.String()
}
