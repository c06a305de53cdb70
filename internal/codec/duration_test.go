package codec

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/schema"
)

type job struct {
	Every   time.Duration             `json:"every" minimum:"1s" exclusiveMaximum:"24h" multipleOf:"500ms"`
	Retries []time.Duration           `json:"retries" maxItems:"2" maximum:"1m" required:"false"`
	Grace   schema.Opt[time.Duration] `json:"grace,omitzero" minimum:"0s"`
	Limit   *time.Duration            `json:"limit" maximum:"1h"`
	Wait    time.Duration             `json:"wait,omitzero" default:"5s"`
}

// TestDurations: a duration is the text of package time, and its tags hold.
func TestDurations(t *testing.T) {
	d, err := DecoderFor[job](Options{})
	require.NoError(t, err)
	e, err := EncoderFor[job]()
	require.NoError(t, err)
	var j job
	require.Empty(t, Decode(d, []byte(`{"every":"1h30m","retries":["1s","2.5ms"],"grace":"0","limit":"1h"}`), &j))
	require.Equal(t, job{
		Every: 90 * time.Minute, Retries: []time.Duration{time.Second, 2500 * time.Microsecond},
		Grace: schema.Some[time.Duration](0), Limit: new(time.Hour), Wait: 5 * time.Second,
	}, j)
	text, err := Append(e, nil, &j)
	require.NoError(t, err)
	require.Equal(t, `{"every":"1h30m0s","retries":["1s","2.5ms"],"grace":"0s","limit":"1h0m0s","wait":"5s"}`, string(text))

	for doc, want := range map[string]string{
		`{"every":90}`:                                   "body.every must be a duration such as 1h30m or 250ms",
		`{"every":"soon"}`:                               "body.every must be a duration such as 1h30m or 250ms",
		`{"every":"9999999h"}`:                           "body.every must be a duration such as 1h30m or 250ms",
		`{"every":"0.5s"}`:                               "body.every must be at least 1s",
		`{"every":"24h"}`:                                "body.every must be less than 24h",
		`{"every":"1.2s"}`:                               "body.every must be a multiple of 500ms",
		`{"every":"1s","retries":["1s","61s"]}`:          "body.retries[1] must be at most 1m",
		`{"every":"1s","grace":"-1ns"}`:                  "body.grace must be at least 0s",
		`{"every":"1s","limit":"3601s"}`:                 "body.limit must be at most 1h",
		`{"every":null}`:                                 "body.every must be a duration such as 1h30m or 250ms",
		`{"every":"1s","retries":["1s","1s","1s","1s"]}`: "body.retries must have at most 2 items",
	} {
		faults := Decode(d, []byte(doc), &j)
		require.Len(t, faults, 1, doc)
		require.Equal(t, want, faults[0].String(), doc)
	}
}

// TestDurationsElsewhere: where encoding/json/v2 does the work, and inside
// interfaces, durations look the same.
func TestDurationsElsewhere(t *testing.T) {
	type rest struct {
		Wait time.Duration             `json:"wait"`
		More map[string]jsontext.Value `json:",embed"`
	}
	d, err := DecoderFor[rest](Options{})
	require.NoError(t, err)
	var v rest
	require.Empty(t, Decode(d, []byte(`{"wait":"1m","x":1}`), &v))
	require.Equal(t, time.Minute, v.Wait)
	require.Len(t, Decode(d, []byte(`{"wait":"x"}`), &v), 1)
	for value, want := range map[any]string{time.Second: `"1s"`, [1]time.Duration{time.Minute}: `["1m0s"]`} {
		e, err := EncoderFor[any]()
		require.NoError(t, err)
		text, err := Append(e, nil, &value)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	e, err := EncoderFor[map[time.Duration]rest]()
	require.NoError(t, err)
	text, err := Append(e, nil, &map[time.Duration]rest{time.Hour: {Wait: 1}})
	require.NoError(t, err)
	require.Equal(t, `{"1h0m0s":{"wait":"1ns"}}`, string(text))
}

// TestDurationsSurvive: every duration is read as what was written, here and by
// encoding/json/v2 with the same options.
func TestDurationsSurvive(t *testing.T) {
	d, err := DecoderFor[time.Duration](Options{})
	require.NoError(t, err)
	e, err := EncoderFor[time.Duration]()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, 1500, -1, math.MaxInt64, math.MinInt64})).Draw(t, "ns"))
		text, err := Append(e, nil, &want)
		require.NoError(t, err)
		var got, oracle time.Duration
		require.Empty(t, Decode(d, text, &got))
		require.Equal(t, want, got)
		require.NoError(t, json.Unmarshal(text, &oracle, Durations()))
		require.Equal(t, want, oracle)
		again, err := json.Marshal(want, Durations())
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}
