package codec

import (
	"strconv"
	"time"
)

// appendScalar returns the plan of a scalar of the language, or of time.Time.
func appendScalar(o op) appendFunc {
	switch o {
	case opBool:
		return func(dst []byte, p ptr, _ int) ([]byte, error) { return strconv.AppendBool(dst, *as[bool](p)), nil }
	case opInt:
		return appendSigned[int]
	case opInt8:
		return appendSigned[int8]
	case opInt16:
		return appendSigned[int16]
	case opInt32:
		return appendSigned[int32]
	case opInt64:
		return appendSigned[int64]
	case opUint:
		return appendUnsigned[uint]
	case opUint8:
		return appendUnsigned[uint8]
	case opUint16:
		return appendUnsigned[uint16]
	case opUint32:
		return appendUnsigned[uint32]
	case opUint64:
		return appendUnsigned[uint64]
	case opUintptr:
		return appendUnsigned[uintptr]
	case opFloat32:
		return func(dst []byte, p ptr, _ int) ([]byte, error) { return appendFloat32(dst, *as[float32](p)) }
	case opFloat64:
		return func(dst []byte, p ptr, _ int) ([]byte, error) { return appendFloat(dst, *as[float64](p)) }
	case opString:
		return func(dst []byte, p ptr, _ int) ([]byte, error) { return appendString(dst, *as[string](p)) }
	case opTime:
		return func(dst []byte, p ptr, _ int) ([]byte, error) { return appendTime(dst, *as[time.Time](p)) }
	}
	return nil
}

func appendSigned[I int | int8 | int16 | int32 | int64](dst []byte, p ptr, _ int) ([]byte, error) {
	return strconv.AppendInt(dst, int64(*as[I](p)), 10), nil
}

func appendUnsigned[U uint | uint8 | uint16 | uint32 | uint64 | uintptr](dst []byte, p ptr, _ int) ([]byte, error) {
	return strconv.AppendUint(dst, uint64(*as[U](p)), 10), nil
}

// appendStringed is appendScalar inside quotes: the json option `string`.
func appendStringed(o op) appendFunc {
	fn := appendScalar(o)
	return func(dst []byte, p ptr, depth int) ([]byte, error) {
		dst, err := fn(append(dst, '"'), p, depth)
		return append(dst, '"'), err
	}
}
