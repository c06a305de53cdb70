package codec

import (
	"encoding/json/jsontext"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawType makes a type of the plain kinds, with json tags on its fields.
func drawType(t *rapid.T, depth int) reflect.Type {
	leaves := []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[int32](),
		reflect.TypeFor[int64](), reflect.TypeFor[uint64](), reflect.TypeFor[float32](), reflect.TypeFor[float64](),
		reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[time.Time](), reflect.TypeFor[any](), reflect.TypeFor[upper](),
		reflect.TypeFor[inner](),
	}
	if depth <= 0 {
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 0, 1, 2:
		fields := make([]reflect.StructField, rapid.IntRange(0, 6).Draw(t, "fields"))
		for i := range fields {
			typ := drawType(t, depth-1)
			tag := fmt.Sprintf(`json:"%s%s"`, rapid.SampledFrom([]string{"", fmt.Sprintf("f%d", i), fmt.Sprintf("é/~ %d", i)}).Draw(t, "name"), drawOptions(t, typ))
			fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: typ, Tag: reflect.StructTag(tag)}
		}
		return reflect.StructOf(fields)
	case 3, 4:
		return reflect.SliceOf(drawType(t, depth-1))
	case 5:
		return reflect.PointerTo(drawType(t, depth-1))
	case 6:
		return reflect.ArrayOf(rapid.IntRange(0, 3).Draw(t, "len"), drawType(t, depth-1))
	case 7:
		key := rapid.SampledFrom([]reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[int16](), reflect.TypeFor[uint]()}).Draw(t, "key")
		return reflect.MapOf(key, drawType(t, depth-1))
	}
	return rapid.SampledFrom(leaves).Draw(t, "leaf")
}

func drawOptions(t *rapid.T, typ reflect.Type) string {
	var b strings.Builder
	for _, o := range []string{"omitzero", "omitempty"} {
		if rapid.IntRange(0, 4).Draw(t, o) == 0 {
			b.WriteString("," + o)
		}
	}
	if stringable(typ) && rapid.IntRange(0, 3).Draw(t, "string") == 0 {
		b.WriteString(",string")
	}
	return b.String()
}

// drawInto fills v with a random value.
func drawInto(t *rapid.T, v reflect.Value, depth int) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(-1<<36, 1<<38).Draw(t, "sec"), rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")).UTC()))
		return
	case reflect.TypeFor[jsontext.Value]():
		return
	case reflect.TypeFor[point](): // writes its X as one character
		v.Field(0).SetInt(rapid.Int64Range(0, 9).Draw(t, "X"))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(drawFloat(t))
	case reflect.String:
		v.SetString(drawString(t))
	case reflect.Pointer:
		if depth > 0 && rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			drawInto(t, v.Elem(), depth-1)
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 3).Draw(t, "len"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				drawInto(t, v.Index(i), depth-1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			drawInto(t, v.Index(i), depth-1)
		}
	case reflect.Map:
		drawMap(t, v, depth)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				drawInto(t, v.Field(i), depth-1)
			}
		}
	case reflect.Interface:
		if v.Type() == typeAny && depth > 0 && rapid.Bool().Draw(t, "set") {
			e := reflect.New(drawType(t, 1)).Elem()
			drawInto(t, e, depth-2)
			v.Set(e)
		}
	}
}

func drawMap(t *rapid.T, v reflect.Value, depth int) {
	n := rapid.IntRange(-1, 3).Draw(t, "len")
	if n < 0 || depth <= 0 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n {
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		drawInto(t, key, 1)
		drawInto(t, elem, depth-1)
		v.SetMapIndex(key, elem)
	}
}

func drawFloat(t *rapid.T) float64 {
	switch rapid.IntRange(0, 4).Draw(t, "float") {
	case 0:
		return float64(rapid.Int64Range(-1<<55, 1<<55).Draw(t, "n")) / 100
	case 1:
		return float64(rapid.Int32().Draw(t, "n")) / 10_000
	case 2:
		return math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
	case 3:
		return float64(rapid.Int64().Draw(t, "n"))
	}
	return rapid.Float64().Draw(t, "f")
}

func drawString(t *rapid.T) string {
	if rapid.IntRange(0, 5).Draw(t, "raw") == 0 {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 24).Draw(t, "bytes")) // mostly not UTF-8
	}
	return rapid.StringOfN(rapid.RuneFrom([]rune("abcdefghij \"\\\n\t\x00\x1f\x7f<&é\u2028世\U0001F600")), 0, 24, -1).Draw(t, "s")
}

// TestEncodeRandomLikeV2 is the law of this package: the same bytes as
// encoding/json/v2, or an error on both sides.
func TestEncodeRandomLikeV2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := drawType(t, 3)
		if rapid.Bool().Draw(t, "listed") {
			typ = rapid.SampledFrom(encodeTypes).Draw(t, "type")
		}
		v := reflect.New(typ).Elem()
		drawInto(t, v, 6)
		if v.Kind() == reflect.Interface {
			return // AppendAny sees through the interface
		}
		sameAsV2(t, v.Interface())
	})
}

// FuzzEncodeStringAndNumber compares the two leaves with hand-written loops.
func FuzzEncodeStringAndNumber(f *testing.F) {
	f.Add("plain text of some length", 99.99)
	f.Add("\xff\"\\\x00\u2028", math.MaxFloat64)
	f.Fuzz(func(t *testing.T, s string, n float64) {
		sameAsV2(t, s)
		sameAsV2(t, n)
		sameAsV2(t, float32(n))
	})
}

func TestSpecialMarksTheFirstByte(t *testing.T) {
	for at := range 8 {
		for c := range 256 {
			b := []byte("\x80\xffa\x7f~\xe9 b")
			b[at] = byte(c)
			n, ascii := clean(b)
			bad := c < 0x20 || c == '"' || c == '\\'
			if bad {
				require.Equal(t, at, n)
			} else {
				require.Equal(t, 8, n)
			}
			require.Equal(t, strings.IndexFunc(string(b[:n]), func(r rune) bool { return r > 127 }) < 0, ascii)
		}
	}
}
