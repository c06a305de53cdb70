package fasterapi

import (
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/observe"
)

const (
	// maxStatements is how many different statements of a request are counted.
	maxStatements = 32
	// maxSpanText bounds a statement and an error in a trace, in bytes.
	maxSpanText = 1 << 10
	// repeatedEvery is how often a route is logged whose requests repeat statements.
	repeatedEvery = int64(time.Second)
)

// work is what others have done for a request.
//
// Owner: the mu of the Ctx.
type work struct {
	done       observe.Work
	statements []statement    // different ones, with room for the next request
	trace      *observe.Trace // nil: it is not traced. Set before there is a handler
}

// statement is one that the request ran.
//
// Owner: as work.
type statement struct {
	sql  string
	runs int
	site string // of the call that was one too many
}

// reset makes w ready for another request.
func (w *work) reset() {
	clear(w.statements)
	*w = work{statements: w.statements[:0]}
}

// run counts a statement, and returns it; nil when there are too many to tell apart.
func (w *work) run(sql string) *statement {
	for i := range w.statements {
		if s := &w.statements[i]; s.sql == sql {
			s.runs++
			return s
		}
	}
	if len(w.statements) == maxStatements {
		return nil
	}
	w.statements = append(w.statements, statement{sql: sql, runs: 1})
	return &w.statements[len(w.statements)-1]
}

// sum is what the record says.
func (w *work) sum() observe.Work {
	out := w.done
	for i := range w.statements {
		if s := &w.statements[i]; s.site != "" && s.runs > out.Repeated.Count {
			out.Repeated = observe.Repeated{SQL: s.sql, Count: s.runs, Site: s.site}
		}
	}
	return out
}

// Work tells what databases, caches, policies and other services have done for the request until now. It is
// zero when nothing is kept of requests (Config.Observe.Off), and once the request is over: then it is in
// its record, see [App.Recorder].
func (c *Ctx) Work() observe.Work {
	return read(c, func(r *request) observe.Work { return r.work.sum() })
}

// TraceID is the id of the trace that the request belongs to, 32 hexadecimal digits: that of its field traceparent (W3C
// Trace Context), or, when it has none that is valid and is traced here, of a new trace; else "".
func (c *Ctx) TraceID() string {
	return read(c, func(r *request) string {
		if t := r.work.trace; t != nil {
			return t.ID.String()
		}
		if p, ok := field.ReadTraceParent(r.x.Head.Get("traceparent")); ok {
			return hex.EncodeToString(p.Trace[:])
		}
		return ""
	})
}

// notes is a Ctx as package note sees it.
//
// Owner: any (the mu of the Ctx).
type notes Ctx

var _ note.Taker = (*notes)(nil)

// notes returns what takes notes for c, nil when nothing is kept.
func (c *Ctx) notes() any {
	if c.app.recorder == nil {
		return nil
	}
	return (*notes)(c)
}

// Note implements [note.Taker].
func (n *notes) Note(e note.Event) {
	(*Ctx)(n).change(func(r *request) {
		switch w := &r.work.done; e {
		case note.CacheHit:
			w.CacheHits++
		case note.CacheMiss:
			w.CacheMisses++
		case note.CacheStale:
			w.CacheStale++
		case note.Queued:
			w.Queued++
		case note.Limited:
			w.Limited++
		case note.Broken:
			w.Broken++
		case note.Retried:
			w.Retries++
		}
	})
}

// Begin implements [note.Taker].
func (n *notes) Begin(k note.Kind, what string, repeats bool) (m note.Mark) {
	c := (*Ctx)(n)
	limit := c.app.cfg.Observe.Repeats
	repeats = repeats && k == note.Query && limit > 0
	m.Began = c.app.recorder.Now()
	tooOften := false
	c.change(func(r *request) {
		if repeats && r.opened.Load() == 0 { // a stream may ask again and again
			s := r.work.run(what)
			tooOften = s != nil && s.runs > limit && s.site == ""
		}
		if r.work.trace != nil {
			m.Span = newSpan()
		}
	})
	if tooOften {
		site := mistake.Here().Site // not under the lock: it takes microseconds
		c.change(func(r *request) {
			for i := range r.work.statements {
				if s := &r.work.statements[i]; s.sql == what && s.site == "" {
					s.site = site
				}
			}
		})
	}
	return m
}

// End implements [note.Taker].
func (n *notes) End(m note.Mark, o note.Outcome) {
	c := (*Ctx)(n)
	rec := c.app.recorder
	took := time.Duration(max(0, rec.Now()-m.Began))
	var span observe.Span
	if m.Span != 0 {
		span = observe.Span{
			ID: spanID(m.Span), Call: o.Kind == note.Call, Start: rec.Time(m.Began), Took: took,
			What: o.What[:min(len(o.What), maxSpanText)], System: o.System, Method: o.Method, Status: o.Status,
		}
		if o.Err != nil {
			text := textOf(o.Err)
			span.Error = text[:min(len(text), maxSpanText)]
		}
	}
	c.change(func(r *request) {
		w := &r.work.done
		switch o.Kind {
		case note.Query:
			w.Queries++
			w.QueryTime += took
			if took > w.SlowestTime || w.Slowest == "" {
				w.Slowest, w.SlowestTime = o.What, took
			}
		case note.Call:
			w.Calls++
			w.CallTime += took
		}
		if t := r.work.trace; t == nil || m.Span == 0 {
			return
		} else if len(t.Spans) < observe.MaxSpans {
			t.Spans = append(t.Spans, span)
		} else {
			t.Dropped++
		}
	})
}

// TraceContext implements [note.Taker].
func (n *notes) TraceContext(m note.Mark) (parent, state string) {
	if m.Span == 0 {
		return "", ""
	}
	t := read((*Ctx)(n), func(r *request) *observe.Trace { return r.work.trace })
	if t == nil {
		return "", ""
	}
	return field.FormatTraceParent(t.ID, spanID(m.Span)), t.State
}

// beginTrace begins the trace of a request, nil when it is not sampled.
func beginTrace(tracer observe.Tracer, x *exchange.Exchange) *observe.Trace {
	var p observe.Parent
	if parent := x.Head.Get("traceparent"); len(parent) > 0 {
		from, _ := field.ReadTraceParent(parent)
		p = observe.Parent{Trace: from.Trace, Span: from.Span, Sampled: from.Sampled}
	}
	if !tracer.Sample(p) {
		return nil
	}
	t := &observe.Trace{ID: p.Trace, Parent: p.Span, Span: spanID(newSpan()), Within: spanID(newSpan())}
	if t.Parent == (observe.SpanID{}) {
		t.ID, t.Parent = newTrace(), observe.SpanID{}
	} else if state := x.Head.Get("tracestate"); len(state) <= 512 { // W3C Trace Context 3.3.1.5
		t.State = string(state)
	}
	return t
}

// newSpan returns a random id that is not 0.
func newSpan() uint64 {
	for {
		if id := rand.Uint64(); id != 0 {
			return id
		}
	}
}

func newTrace() (id observe.TraceID) {
	binary.BigEndian.PutUint64(id[:8], newSpan())
	binary.BigEndian.PutUint64(id[8:], newSpan())
	return id
}

func spanID(n uint64) (id observe.SpanID) {
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

// logRepeated logs a request that ran a statement too often: one a second for each route, and the
// counts have all.
func (r *request) logRepeated(w *observe.Work) {
	app := r.ctx.app
	if r.route != nil {
		now, last := app.recorder.Now(), r.route.repeated.Load()
		if last != 0 && now-last < repeatedEvery || !r.route.repeated.CompareAndSwap(last, max(now, 1)) {
			return
		}
	}
	app.logger(r.routeName(), r.ctx.Core(), r.requestID).Warn("a request ran the same statement again and again: one for all would do",
		slog.String("statement", w.Repeated.SQL), slog.Int("times", w.Repeated.Count), slog.String("site", w.Repeated.Site),
		slog.Duration("queries_took", w.QueryTime))
}
