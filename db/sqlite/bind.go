package sqlite

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// mostBytes is the most that SQLite takes as one value (SQLITE_MAX_LENGTH).
const mostBytes = 1_000_000_000

// argument is a parameter's text or blob in the scratch memory.
//
// Owner: the connection's worker.
type argument struct {
	text string
	at   int // offset in scratch
	n    int // bytes
}

// bind gives a statement its arguments. Text and blobs are copied into the
// connection's scratch memory, which stays as it is until the next bind. A
// stream lives longer than that, so for it (keep) SQLite makes its own copy.
func (c *conn) bind(s *statement, args []driver.Param, keep bool) error {
	if len(args) != s.want {
		return &db.Error{
			Kind: db.Invalid, SQL: s.sql,
			Message: fmt.Sprintf("the statement takes %d parameters, the call has %d", s.want, len(args)),
		}
	}
	if s.want == 0 {
		return nil
	}
	if err := c.stage(s, args); err != nil {
		return err
	}
	life := static
	if keep {
		life = transient
	}
	for i, arg := range s.params {
		if code := c.bindOne(s.ptr, i+1, &args[arg], &c.staged[arg], life); code != codeOK {
			return newError(code, c.handle.message(code), s.sql)
		}
	}
	return nil
}

// stage lays the arguments out in scratch.
func (c *conn) stage(s *statement, args []driver.Param) error {
	c.staged = c.staged[:0]
	room := 0
	for i := range args {
		a := argument{at: room}
		switch p := &args[i]; p.Kind() {
		case driver.ParamNull, driver.ParamInt, driver.ParamDuration, driver.ParamBool:
		case driver.ParamFloat:
			if math.IsNaN(p.Float()) {
				return unfit(s, i, "is NaN, which SQLite would store as NULL; nil says NULL")
			}
		case driver.ParamBytes:
			a.n = len(p.Bytes())
		case driver.ParamUint:
			return unfit(s, i, fmt.Sprintf("is %d, which does not fit a 64-bit signed integer", p.Uint()))
		case driver.ParamTime:
			var err error
			if a.text, err = c.timeText(s, i, p.Time()); err != nil {
				return err
			}
			a.n = len(a.text)
		default:
			if b, ok := blobOf(p); ok {
				a.n = len(b)
				break
			}
			var err error
			if a.text, err = textOf(p); err != nil {
				return unfit(s, i, "has no text: "+err.Error())
			}
			a.n = len(a.text)
		}
		if a.n > mostBytes {
			return newError(codeTooBig, fmt.Sprintf("parameter $%d has %d bytes", i+1, a.n), s.sql)
		}
		room += a.n
		c.staged = append(c.staged, a)
	}
	if !c.handle.reserve(room + 1) {
		return newError(codeNoMem, "out of memory", s.sql)
	}
	for i := range c.staged {
		a := &c.staged[i]
		if b, ok := blobOf(&args[i]); ok {
			c.handle.put(a.at, b)
			continue
		}
		c.handle.putText(a.at, a.text)
		a.text = "" // not kept alive by us
	}
	return nil
}

// timeText is what is stored for a time that is argument i.
func (c *conn) timeText(s *statement, i int, t time.Time) (string, error) {
	t = t.UTC()
	if year := t.Year(); year < 0 || year > 9999 {
		return "", unfit(s, i, fmt.Sprintf("is a time in the year %d: SQLite knows 0 to 9999, and as text others do not sort", year))
	}
	text := string(driver.AppendTime(nil, t))
	const date = len("2006-01-02")
	if text[date:] != " 00:00:00" {
		return text, nil
	}
	dates, err := c.datesOf(s)
	if err == nil && dates[i] {
		text = text[:date]
	}
	return text, err
}

// unfit is the error for an argument that SQLite has no value for. index counts
// from 0.
func unfit(s *statement, index int, why string) error {
	return &db.Error{Kind: db.Invalid, SQL: s.sql, Message: fmt.Sprintf("parameter $%d %s", index+1, why)}
}

// bindOne binds parameter i.
func (c *conn) bindOne(stmt uintptr, i int, p *driver.Param, a *argument, life uintptr) int32 {
	h := &c.handle
	switch p.Kind() {
	case driver.ParamNull:
		return h.bindNull(stmt, i)
	case driver.ParamInt, driver.ParamDuration:
		return h.bindInt(stmt, i, p.Int())
	case driver.ParamBool:
		if p.Bool() {
			return h.bindInt(stmt, i, 1)
		}
		return h.bindInt(stmt, i, 0)
	case driver.ParamFloat:
		return h.bindFloat(stmt, i, p.Float())
	case driver.ParamBytes:
		return h.bindBlob(stmt, i, a.at, a.n, life)
	default:
		if _, ok := blobOf(p); ok {
			return h.bindBlob(stmt, i, a.at, a.n, life)
		}
		return h.bindText(stmt, i, a.at, a.n, life)
	}
}

// blobOf returns what SQLite stores as a blob: bytes, also of a type that has a
// form of its own elsewhere but no text methods (net.HardwareAddr).
func blobOf(p *driver.Param) ([]byte, bool) {
	switch p.Kind() {
	case driver.ParamBytes:
		return p.Bytes(), true
	case driver.ParamAny:
		v := reflect.ValueOf(p.Any())
		if _, text := p.Any().(encoding.TextMarshaler); !text && v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Bytes(), true
		}
	}
	return nil, false
}

// textOf returns what SQLite stores as text: UUIDs in their usual form, everything
// composite as its own text form or JSON.
func textOf(p *driver.Param) (string, error) {
	switch p.Kind() {
	case driver.ParamText:
		return p.Text(), nil
	case driver.ParamUUID:
		return string(driver.AppendUUID(nil, p.UUID())), nil
	}
	v := p.Any()
	var text []byte
	var err error
	if m, ok := v.(encoding.TextMarshaler); ok {
		text, err = m.MarshalText()
	} else {
		text, err = json.Marshal(v)
	}
	if err != nil {
		return "", fmt.Errorf("%T: %w", v, err)
	}
	return string(text), nil
}
