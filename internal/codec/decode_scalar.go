package codec

import (
	"math"
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/internal/schema"
)

const (
	msgBool    = "must be a boolean"
	msgInteger = "must be an integer"
	msgNumber  = "must be a number"
	msgRange   = "is out of range"
	msgString  = "must be a string"
	msgQuoted  = "must be a number in a string"
)

// decodeScalar returns the plan of a bool or number.
func decodeScalar(o op, rules *schema.Rules) decodeFunc {
	switch o {
	case opBool:
		return decodeBool
	case opInt:
		return decodeInt[int](strconv.IntSize, rules)
	case opInt8:
		return decodeInt[int8](8, rules)
	case opInt16:
		return decodeInt[int16](16, rules)
	case opInt32:
		return decodeInt[int32](32, rules)
	case opInt64:
		return decodeInt[int64](64, rules)
	case opUint:
		return decodeUint[uint](strconv.IntSize, rules)
	case opUint8:
		return decodeUint[uint8](8, rules)
	case opUint16:
		return decodeUint[uint16](16, rules)
	case opUint32:
		return decodeUint[uint32](32, rules)
	case opUint64:
		return decodeUint[uint64](64, rules)
	case opUintptr:
		return decodeUint[uintptr](strconv.IntSize, rules)
	case opFloat32:
		return decodeFloat32(rules)
	case opFloat64:
		return decodeFloat64(rules)
	}
	return nil
}

func decodeBool(s *decodeState, p ptr) bool {
	switch s.peek() {
	case 't':
		*as[bool](p) = true
		return s.literal("true")
	case 'f':
		return s.literal("false")
	}
	return s.wrong(msgBool)
}

// isNumber tells whether a number may begin with c.
func isNumber(c byte) bool { return c == '-' || c-'0' <= 9 }

// decodeInt reads signed integers. A number with a point or an exponent is
// not an integer, whatever its value: like encoding/json/v2.
func decodeInt[I int | int8 | int16 | int32 | int64](bits int, rules *schema.Rules) decodeFunc {
	limit := uint64(1) << (bits - 1)
	out := "must be an integer from " + strconv.FormatInt(-1<<(bits-1), 10) + " to " + strconv.FormatUint(limit-1, 10)
	return func(s *decodeState, p ptr) bool {
		start := s.pos
		v, ok := s.integer()
		if !ok {
			if !isNumber(s.peek()) {
				return s.wrong(msgInteger)
			}
			n, ok := s.number()
			if !ok {
				return false
			}
			if !n.whole {
				return s.fault(start, msgInteger)
			}
			if !n.exact || n.mantissa > limit || n.mantissa == limit && !n.negative {
				return s.fault(start, out)
			}
			if v = int64(n.mantissa); n.negative {
				v = -v
			}
		}
		if *as[I](p) = I(v); int64(I(v)) != v {
			*as[I](p) = 0
			return s.fault(start, out)
		}
		if rules == nil {
			return true
		}
		if messages := rules.Int(v, s.messages[:0]); len(messages) > 0 {
			return s.broken(start, messages)
		}
		return true
	}
}

func decodeUint[U uint | uint8 | uint16 | uint32 | uint64 | uintptr](bits int, rules *schema.Rules) decodeFunc {
	highest := uint64(math.MaxUint64) >> (64 - bits)
	out := "must be an integer from 0 to " + strconv.FormatUint(highest, 10)
	return func(s *decodeState, p ptr) bool {
		start := s.pos
		negative := s.peek() == '-'
		whole, ok := s.integer()
		v := uint64(whole)
		if !ok {
			if !isNumber(s.peek()) {
				return s.wrong(msgInteger)
			}
			n, ok := s.number()
			if !ok {
				return false
			}
			if !n.whole {
				return s.fault(start, msgInteger)
			}
			if v = n.mantissa; !n.exact { // 20 digits may still fit
				var err error
				if v, err = strconv.ParseUint(string(s.data[start:n.end]), 10, 64); err != nil {
					return s.fault(start, out)
				}
			}
		}
		if negative || v > highest {
			return s.fault(start, out)
		}
		*as[U](p) = U(v)
		if rules == nil {
			return true
		}
		if messages := rules.Uint(v, s.messages[:0]); len(messages) > 0 {
			return s.broken(start, messages)
		}
		return true
	}
}

func decodeFloat64(rules *schema.Rules) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if !isNumber(s.peek()) {
			return s.wrong(msgNumber)
		}
		n, ok := s.number()
		if !ok {
			return false
		}
		f, ok := n.float(s.data)
		if !ok {
			return s.fault(n.start, msgRange)
		}
		*as[float64](p) = f
		if rules == nil {
			return true
		}
		if messages := rules.Float(f, s.messages[:0]); len(messages) > 0 {
			return s.broken(n.start, messages)
		}
		return true
	}
}

func decodeFloat32(rules *schema.Rules) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if !isNumber(s.peek()) {
			return s.wrong(msgNumber)
		}
		n, ok := s.number()
		if !ok {
			return false
		}
		f, err := strconv.ParseFloat(stringOf(s.data[n.start:n.end]), 32)
		if err != nil {
			return s.fault(n.start, msgRange)
		}
		*as[float32](p) = float32(f)
		if rules == nil {
			return true
		}
		exact, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64) // 0.1 is judged as 0.1
		if messages := rules.Float(exact, s.messages[:0]); len(messages) > 0 {
			return s.broken(n.start, messages)
		}
		return true
	}
}

// powers of ten that a float64 holds exactly.
var powers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// float returns the nearest float64; false when it is out of range. With an
// exact mantissa and an exact power of ten one operation rounds correctly
// (Clinger 1990); that is nearly every number in a request.
func (n *number) float(data []byte) (float64, bool) {
	if n.exact && n.mantissa <= 1<<53 && n.exponent >= -22 && n.exponent <= 22 {
		f := float64(n.mantissa)
		if n.exponent < 0 {
			f /= powers[-n.exponent]
		} else {
			f *= powers[n.exponent]
		}
		if n.negative {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(stringOf(data[n.start:n.end]), 64)
	return f, err == nil
}

// decodeQuoted reads a number inside a string: the json option `string`.
func decodeQuoted(fn decodeFunc, t reflect.Type) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if s.peek() != '"' {
			return s.wrong(msgQuoted)
		}
		start := s.pos
		text, ok := s.text()
		if !ok {
			return false
		}
		inner := decodeState{scanner: scanner{data: text, limit: 1}, most: 1}
		if len(text) == 0 || !isNumber(text[0]) || !fn(&inner, p) && len(inner.faults) == 0 || inner.pos != len(text) {
			pointerAt(p, t).Elem().SetZero()
			return s.fault(start, msgQuoted)
		}
		if len(inner.faults) > 0 {
			return s.fault(start, inner.faults[0].Message)
		}
		return true
	}
}

// decodeString reads strings.
func decodeString(rules *schema.Rules) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if s.peek() != '"' {
			return s.wrong(msgString)
		}
		start := s.pos
		b, ok := s.text()
		if !ok {
			return false
		}
		text := s.keep(b)
		*as[string](p) = text
		if rules == nil {
			return true
		}
		if messages := rules.Text(text, s.messages[:0]); len(messages) > 0 {
			return s.broken(start, messages)
		}
		return true
	}
}
