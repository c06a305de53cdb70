package pg

import (
	"testing"

	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/stretchr/testify/require"
)

// TestCheck: the debug build panics at states that must not be, the ordinary one
// never.
func TestCheck(t *testing.T) {
	l := newLab(t, 1)
	call := l.ask("SELECT $1", 1)
	l.say(description...)
	l.say(answer(1)...)
	expect(t, call, 1)
	for name, spoil := range map[string]func(cn *conn){
		"unsent":       func(cn *conn) { cn.unsent = 1 },
		"extra":        func(cn *conn) { cn.extra = 1 },
		"slow":         func(cn *conn) { cn.slow = 1 },
		"parked":       func(cn *conn) { cn.parked = -1 },
		"checking":     func(cn *conn) { cn.health.checking = true },
		"head":         func(cn *conn) { cn.head.fresh = true },
		"status":       func(cn *conn) { cn.status = 'T' },
		"unwritten":    func(cn *conn) { cn.copying.unwritten = true },
		"copier":       func(cn *conn) { cn.copying.copier = &copier{} },
		"write check":  func(cn *conn) { cn.writeCheck = &writeCheck{} },
		"group":        func(cn *conn) { cn.group = &group{} },
		"over":         func(cn *conn) { cn.held = &session{cn: cn, over: true} },
		"other's":      func(cn *conn) { cn.held = &session{cn: &conn{}} },
		"savepoint":    func(cn *conn) { cn.held = &session{cn: cn, marked: true} },
		"reserved":     func(cn *conn) { cn.held, cn.reserve = &session{cn: cn}, true },
		"closed, held": func(cn *conn) { cn.life, cn.held = connClosed, &session{cn: cn} },
	} {
		cn := &conn{core: l.core, status: 'I'}
		require.NotPanics(t, cn.check, name)
		spoil(cn)
		if invariant.Enabled {
			require.Panics(t, cn.check, name)
		} else {
			require.NotPanics(t, cn.check, name)
		}
	}
	require.NotPanics(t, l.conn.check)
}
