package bind_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/google/uuid"
)

type (
	pathInput struct {
		ID int64 `path:"p0"`
	}
	threeInput struct {
		Page  int  `query:"page" default:"1"`
		Limit int  `query:"limit" default:"20"`
		Full  bool `query:"full"`
	}
	mixedInput struct {
		ID    int64     `path:"p0"`
		Name  string    `query:"name"`
		Trace uuid.UUID `header:"X-Trace"`
		SID   string    `cookie:"sid"`
	}
)

func benchmark[T any](b *testing.B, opts ...option) {
	binder, errs := bind.For[T](params)
	if len(errs) > 0 {
		b.Fatal(errs)
	}
	src := newRequest(opts...)
	b.ReportAllocs()
	for b.Loop() {
		if _, prob := binder.Bind(src); prob != nil {
			b.Fatal(prob)
		}
	}
}

func BenchmarkPathInt64(b *testing.B) { benchmark[pathInput](b, path("12345")) }

func BenchmarkThreeQuery(b *testing.B) {
	benchmark[threeInput](b, query("page=3&limit=50&full=true"))
}

func BenchmarkThreeQueryAbsent(b *testing.B) { benchmark[threeInput](b, query("")) }

func BenchmarkMixed(b *testing.B) {
	benchmark[mixedInput](b, path("12345"), query("name=a%20b"),
		header("X-Trace", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"), header("Cookie", "theme=dark; sid=0123456789abcdef"))
}

func BenchmarkJSONBody(b *testing.B) {
	benchmark[orderInput](b, jsonBody(`{"id":7,"items":[{"name":"x","price":1.5,"size":3}]}`))
}

func BenchmarkInvalid(b *testing.B) {
	binder, _ := bind.For[threeInput](params)
	src := newRequest(query("page=x&limit=y"))
	b.ReportAllocs()
	for b.Loop() {
		if _, prob := binder.Bind(src); prob == nil {
			b.Fatal("no problem")
		}
	}
}

type checkedPath struct {
	ID int64 `path:"p0" minimum:"1" maximum:"1000000"`
}

func BenchmarkPathInt64Checked(b *testing.B) { benchmark[checkedPath](b, path("12345")) }
