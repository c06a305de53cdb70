// Package said has comments that do not fit: see docs/absent.md, [Nothing] and
// docs/decisions/0001.
package said

import "example.com/project/low"

// Whole links to [Whole.Do], [Whole.Field], [Part], [low.Low], [*low.Low], [io.Reader]
// and example.com/project/low.Low by its path, [example.com/project/low.Low].
//
//	[Code] is code, and Whole[Part] is an index.
//
// It does not link to [low.Absent], [Whole.Absent], [high.High] and [text](https://example.com).
// [Gone]: leads nowhere, [Text]: https://example.com elsewhere.
type Whole struct{ Field low.Low }

// Do has an equal in Part.
func (w *Whole) Do(name string, more ...int) error { return nil }

// Differs has another parameter than that of Part.
func (w *Whole) Differs(name string) error { return nil }

// Get has type parameters.
func (w *Whole) Get[In, Out any](path string, f func(In) Out) {}

// A Part is less than a Whole: the article is no other name.
type Part struct{}

// Do begins with its name.
func (Part) Do(n string, m ...int) error { return nil }

// Do is copied from the method above.
func (Part) Differs(name []byte) error { return nil }

// Get has type parameters.
func (Part) Get[In, Out any](p string, handler func(In) Out) {}

// Less is not in Whole.
func (Part) Less() {}

// Something exported whose comment is a sentence.
func Sentence() {}

// oldName is what it was called once.
func newName() {}

// Reading it takes a capital: a free sentence.
func reading() {}

// snippet: a mark, no name
// one and two are names of the group.
const one, two = 1, 2

// https://www.postgresql.org/docs/current/sql.html is no document of ours, page.md is.
var page = 1
