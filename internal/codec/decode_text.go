package codec

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json/v2"
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/internal/schema"
)

const (
	msgInvalid = "is not valid"
	msgTime    = "must be an RFC 3339 time such as 2006-01-02T15:04:05Z"
	msgBase64  = "must be base64"
)

// decodeTime reads a time.Time from RFC 3339, as strictly as encoding/json/v2.
func decodeTime(s *decodeState, p ptr) bool {
	if s.peek() != '"' {
		return s.wrong(msgTime)
	}
	start := s.pos
	b, ok := s.text()
	if !ok {
		return false
	}
	t := as[time.Time](p)
	if err := t.UnmarshalText(b); err != nil || !strictTime(b) {
		*t = time.Time{}
		return s.fault(start, msgTime)
	}
	return true
}

// strictTime refuses what package time accepts beyond RFC 3339: one digit for
// the hour, a comma before the fraction, zones from 24:00 or with minutes from
// 60. b has been parsed already.
func strictTime(b []byte) bool {
	if b[len("2006-01-02T1")] == ':' || b[len("2006-01-02T15:04:05")] == ',' {
		return false
	}
	if b[len(b)-1] == 'Z' {
		return true
	}
	zone := b[len(b)-len("07:00"):]
	return two(zone) < 24 && two(zone[3:]) < 60
}

func two(b []byte) int { return 10*int(b[0]-'0') + int(b[1]-'0') }

// decodeBytes reads base64 with padding (RFC 4648 section 4) into a []byte or
// a [N]byte.
func decodeBytes(t reflect.Type) decodeFunc {
	size := -1
	if t.Kind() == reflect.Array {
		size = t.Len()
	}
	return func(s *decodeState, p ptr) bool {
		if s.peek() != '"' {
			return s.wrong(msgBase64)
		}
		start := s.pos
		text, ok := s.text()
		if !ok {
			return false
		}
		out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Decode(out, text)
		if err != nil || bytes.ContainsAny(text, "\r\n") {
			return s.fault(start, msgBase64)
		}
		if size < 0 {
			*as[[]byte](p) = out[:n]
			return true
		}
		if n != size {
			return s.fault(start, "must be base64 of "+strconv.Itoa(size)+" bytes")
		}
		copy(bytesAt(p, size), out)
		return true
	}
}

// decodeText reads a type with UnmarshalText. The text of its error is shown
// to the client. The method gets a copy: it must not keep what it is given, but some
// do, and data lies in a buffer that the next client's document is read into.
func decodeText(t reflect.Type, rules *schema.Rules) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if s.peek() != '"' {
			return s.wrong(msgString)
		}
		start := s.pos
		b, ok := s.text()
		if !ok {
			return false
		}
		if messages := rules.Text(stringOf(b), s.messages[:0]); len(messages) > 0 {
			return s.broken(start, messages)
		}
		if message := schema.TooLarge(t, b); message != "" {
			return s.fault(start, message)
		}
		if err := pointerAt(p, t).Interface().(encoding.TextUnmarshaler).UnmarshalText(s.own(b)); err != nil {
			return s.fault(start, s.reason(t, err))
		}
		return true
	}
}

// decodeFallback gives a copy of the value, see decodeText, to encoding/json/v2.
func decodeFallback(t reflect.Type) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		start := s.pos
		if !s.skip() {
			return false
		}
		if err := json.Unmarshal(bytes.Clone(s.data[start:s.pos]), pointerAt(p, t).Interface(), durations); err != nil {
			return s.fault(start, s.reason(t, err))
		}
		return true
	}
}

// decodeJudged checks a text or a number by rules before fn reads it: those of the schema
// that a type with JSON methods gives, and of tags.
func decodeJudged(rules *schema.Rules, fn decodeFunc) decodeFunc {
	if rules == nil {
		return fn
	}
	return func(s *decodeState, p ptr) bool {
		if c := s.peek(); c != '"' && !isNumber(c) {
			return fn(s, p)
		}
		start := s.pos
		if !s.skip() {
			return false
		}
		if messages := rules.JSON(s.data[start:s.pos], s.messages[:0]); len(messages) > 0 {
			return s.broken(start, messages)
		}
		s.pos = start
		return fn(s, p)
	}
}

// reason returns what may be told to a client: the text of the user's own
// error, but nothing of encoding/json, which names Go types, and nothing about
// a sensitive value, which the text may repeat.
func (s *decodeState) reason(t reflect.Type, err error) string {
	if s.quiet {
		return msgInvalid
	}
	if words := schema.Words(t); words != "" {
		return words
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		err = semantic.Err
	}
	if err == nil || err.Error() == "" {
		return msgInvalid
	}
	return err.Error()
}
