package secret_test

import (
	"bytes"
	jsonv1 "encoding/json"
	"encoding/json/v2"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/secret"
)

// holder has secrets in every place that printers come to.
type holder struct {
	Shown   secret.String
	Key     secret.Bytes
	hidden  secret.String // its methods are out of the reach of printers
	pointer *secret.String
	List    []secret.String
	Map     map[string]secret.Bytes
	Keys    map[secret.String]int
	Any     any
}

// embedding has the methods of the secret in it.
type embedding struct{ secret.String }

func newHolder(text string) holder {
	s, b := secret.Of(text), secret.Of([]byte(text))
	return holder{s, b, s, &s, []secret.String{s}, map[string]secret.Bytes{"a": b}, map[secret.String]int{s: 1}, s}
}

// outputs are all the ways to write v that we could think of.
func outputs(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range "vsdqxXtTbocUeEfFgGpw" {
		for _, flag := range []string{"", "+", "#", "-20", "020"} {
			out["%"+flag+string(verb)] = fmt.Sprintf("%"+flag+string(verb), v)
		}
	}
	out["Sprint"] = fmt.Sprint(v)
	out["Errorf"] = fmt.Errorf("failed for %v: %w", v, errors.New("why")).Error()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).With("with", v).Info("message", "v", v, slog.Group("g", slog.Any("v", v)))
		out[name] = b.String()
	}
	one, err := jsonv1.Marshal(v)
	out["encoding/json"] = fmt.Sprint(string(one), err)
	two, err := json.Marshal(v)
	out["encoding/json/v2"] = fmt.Sprint(string(two), err)
	text, err := xml.Marshal(v)
	out["encoding/xml"] = fmt.Sprint(string(text), err)
	out["diff"] = "none" // of tests, which looks into fields by reflection
	t := &failing{}
	if !assert.Equal(t, newHolder("another"), v) {
		out["diff"] = t.text
	}
	func() {
		defer func() { out["panic"] = fmt.Sprint(recover()) }()
		panic(v)
	}()
	return out
}

// failing keeps what an assertion says.
type failing struct{ text string }

// Errorf keeps the message.
func (t *failing) Errorf(format string, args ...any) { t.text += fmt.Sprintf(format, args...) }

// TestNeverPrinted: no way of writing a value shows the text, wherever the value is.
func TestNeverPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marked := "s3cr3t" + rapid.StringMatching(`["\\<&é]{0,300}`).Draw(t, "text") + "t3rc3s"
		h := newHolder(marked)
		v := rapid.SampledFrom([]any{h, &h, h.Shown, &h.Shown, h.Key, h.List, h.Map, h.Keys, []any{h.Shown, h.Key}, embedding{h.Shown}}).Draw(t, "value")
		for way, text := range outputs(v) {
			if strings.Contains(text, "s3cr3t") || strings.Contains(text, "t3rc3s") || strings.Contains(text, fmt.Sprintf("%x", marked)) {
				t.Fatalf("%s of %T: %s", way, v, text)
			}
		}
	})
}

func TestWrittenAs(t *testing.T) {
	s, none := secret.Of("hunter2"), secret.String{}
	require.Equal(t, `*** *** "***" "***"`, fmt.Sprintf("%v %d %q %#v", s, s, s, s))
	require.Equal(t, ` `, fmt.Sprintf("%v %s", none, none), "it shows what is not set")
	text, err := json.Marshal(map[string]any{"set": s, "unset": none}, json.Deterministic(true))
	require.NoError(t, err)
	require.Equal(t, `{"set":"***","unset":""}`, string(text))
}

// TestLaws: what goes in comes out, and equal texts are equal secrets.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		s := secret.Of(a)
		require.Equal(t, a, s.Reveal())
		require.Equal(t, []byte(a), append([]byte{}, secret.Of([]byte(a)).Reveal()...))
		require.Equal(t, a == "", s.IsZero())
		require.Equal(t, a == b, s == secret.Of(b))
		require.Equal(t, a == b, s.Equal(b))
		require.Equal(t, a == b, reflect.DeepEqual(s, secret.Of(b)))

		var read secret.String
		require.NoError(t, read.UnmarshalText([]byte(a)))
		require.Equal(t, s, read)
		value, err := s.Value()
		require.NoError(t, err)
		require.NoError(t, read.Scan(value))
		require.Equal(t, a, read.Reveal())
		key := secret.Of([]byte(a))
		value, err = key.Value()
		require.NoError(t, err)
		var scanned secret.Bytes
		require.NoError(t, scanned.Scan(value))
		require.Equal(t, key, scanned)
	})
}

// TestCopies: whoever changes bytes that were hidden or revealed does not change the secret.
func TestCopies(t *testing.T) {
	given := []byte("hunter2")
	s := secret.Of(given)
	given[0] = 'x'
	s.Reveal()[1] = 'x'
	require.Equal(t, "hunter2", string(s.Reveal()))
	var read secret.Bytes
	text := []byte("hunter2")
	require.NoError(t, read.UnmarshalText(text))
	text[0] = 'x'
	require.Equal(t, s, read)
}

func TestScanRefuses(t *testing.T) {
	var s secret.String
	require.ErrorContains(t, s.Scan(nil), "scan into a pointer")
	err := s.Scan(int64(4711))
	require.ErrorContains(t, err, "neither a text nor bytes")
	require.NotContains(t, err.Error(), "4711")
}

func TestIs(t *testing.T) {
	type named string
	for _, v := range []any{secret.String{}, secret.Bytes{}, secret.Value[named]{}} {
		require.True(t, secret.Is(reflect.TypeOf(v)), "%T", v)
	}
	for _, v := range []any{"", &secret.String{}, []secret.String{}, struct{ secret.String }{}, reflect.Value{}} {
		require.False(t, secret.Is(reflect.TypeOf(v)), "%T", v)
	}
}

func ExampleValue() {
	settings := struct {
		Host     string
		Password secret.String
	}{"db.local", secret.Of("hunter2")}
	fmt.Printf("%+v\n", settings)
	fmt.Println(settings.Password.Reveal())
	// Output:
	// {Host:db.local Password:***}
	// hunter2
}

// TestRefusing: what is sent or kept has no secret that would come back as "***".
func TestRefusing(t *testing.T) {
	h := newHolder("hunter2")
	for _, v := range []any{h, &h, h.Shown, &h.Shown, h.Key, h.List, h.Map, embedding{h.Shown}} {
		_, err := json.Marshal(v, json.WithMarshalers(secret.Refusing()))
		require.ErrorIs(t, err, secret.ErrWritten, "%T", v)
		require.NotContains(t, err.Error(), "hunter2")
	}
	text, err := json.Marshal(struct {
		A secret.String
		B *secret.Bytes
	}{}, json.WithMarshalers(secret.Refusing()))
	require.NoError(t, err)
	require.Equal(t, `{"A":"","B":null}`, string(text))
}
