package pg

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// Notice is what the server says beside its answers: RAISE NOTICE, warnings
// (https://www.postgresql.org/docs/current/protocol-error-fields.html). Fields that
// it does not fill are empty; texts are cut after 8 KiB.
//
// Owner: any (a plain value).
type Notice struct {
	Severity string // DEBUG, LOG, INFO, NOTICE or WARNING; in English since server 9.6
	Code     string // SQLSTATE
	Message  string
	Detail   string // may hold values of rows
	Hint     string
	Where    string // the calls that led there, the innermost first
	SQL      string // the statement that ran, with placeholders; empty: none, or its caller has left
}

const (
	// noticesKept is how many notices wait for OnNotice.
	noticesKept = 256
	// noticeText bounds each text of a notice, in bytes: a message may be 1 GB.
	noticeText = 8 << 10
	// noticesSilence is the pause between log lines about notices that were dropped.
	noticesSilence = 10 * time.Second
	// severityWarning is the only severity that is logged by default.
	severityWarning = "WARNING"
)

// notices are those that wait for OnNotice. A goroutine hands them over and ends
// when there are none.
//
// Owner: mu.
type notices struct {
	mu      sync.Mutex
	list    []Notice
	dropped int
	saidAt  time.Time // when the last log line about dropped ones was written
	running bool
}

// noticed takes a NoticeResponse.
func (cn *conn) noticed(body []byte) error {
	n, err := wire.Notice(body)
	if err == nil {
		cn.core.d.notice(n, cn.runs())
	}
	return err
}

// runs is the statement that the server works on, "" when that is not known.
func (cn *conn) runs() string {
	if cn.awaited() <= 0 {
		return ""
	}
	u := cn.sending.front()
	switch {
	case u.kind == unitGroup:
		if g := u.group; g.current < len(g.items) {
			return g.items[g.current].st.sql
		}
		return ""
	case u.st != nil:
		return u.st.sql
	case u.q == nil:
		return ""
	case u.kind == unitBatch && u.item < len(u.q.Items):
		return u.q.Items[u.item].SQL
	}
	return u.q.SQL
}

// notice sees to it that n is handed over. It never blocks.
func (d *database) notice(n *pgconn.Notice, sql string) {
	severity := n.SeverityUnlocalized
	if severity == "" {
		severity = n.Severity
	}
	if d.cfg.OnNotice == nil && severity != severityWarning && !d.log().Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	l := &d.notices
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) >= noticesKept {
		l.dropped++
		return
	}
	l.list = append(l.list, Notice{
		Severity: severity, Code: n.Code, Message: cut(n.Message), Detail: cut(n.Detail), Hint: cut(n.Hint), Where: cut(n.Where), SQL: cut(sql),
	})
	if !l.running {
		l.running = true
		go d.deliverAll()
	}
}

// cut bounds a text, which it copies when it is longer.
func cut(text string) string {
	if len(text) <= noticeText {
		return text
	}
	return strings.ToValidUTF8(text[:noticeText], "") + "..."
}

// deliverAll gives notices to OnNotice until there are none.
func (d *database) deliverAll() {
	ended := false
	defer func() {
		if !ended { // OnNotice has left with runtime.Goexit
			go d.deliverAll()
		}
	}()
	for {
		n, dropped, more := d.notices.next()
		if dropped > 0 {
			d.log().Warn("pg: notices of the server were dropped: OnNotice is slower than they come", slog.Int("dropped", dropped))
		}
		if !more {
			ended = true
			return
		}
		d.deliver(n)
	}
}

// next takes the oldest notice out, and tells how many were dropped since that was
// last said.
func (l *notices) next() (n Notice, dropped int, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.dropped > 0 && now.Sub(l.saidAt) >= noticesSilence {
		dropped, l.dropped, l.saidAt = l.dropped, 0, now
	}
	if len(l.list) == 0 {
		l.list, l.running = nil, false
		return n, dropped, false
	}
	n = l.list[0]
	l.list[0] = Notice{}
	l.list = l.list[1:]
	return n, dropped, true
}

// deliver gives one notice to OnNotice, or to the log.
func (d *database) deliver(n Notice) {
	defer func() {
		if v := recover(); v != nil {
			d.log().Error("pg: OnNotice panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		}
	}()
	if d.cfg.OnNotice != nil {
		d.cfg.OnNotice(n)
		return
	}
	level := slog.LevelDebug
	if n.Severity == severityWarning {
		level = slog.LevelWarn
	}
	d.log().Log(context.Background(), level, "pg: the server says: "+n.Message, // no Detail: it may hold values
		slog.String("severity", n.Severity), slog.String("code", n.Code), slog.String("hint", n.Hint),
		slog.String("where", n.Where), slog.String("sql", n.SQL))
}
