package pg

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// prepare has the server parse and describe s on this connection; q runs after
// that, and so does everyone else who asks for s in the meantime.
func (cn *conn) prepare(s *statement, q *driver.Query) {
	p := &prepared{cn: cn, name: cn.nameOf(s)}
	s.on[cn.slot] = p
	s.uses++
	cn.await(p, q)
	out := wire.AppendParse(cn.buffer(), p.name, s.sql, nil)
	out = wire.AppendDescribe(out, p.name)
	cn.setBuffer(append(out, wire.Sync...))
	cn.push(unit{kind: unitPrepare, st: s, prep: p, draft: &draft{}})
}

// await lets q wait until p is prepared.
func (cn *conn) await(p *prepared, q *driver.Query) {
	q.Hook.Holder = p
	setState(q, stateHeld)
	p.waiting.Push(q)
	cn.parked++
}

// nameOf is the name of s on the server, with its final zero byte: a hash of the
// text, 96 bits of SHA-256. Whatever is between us and the server, a name never
// means another statement than ours, so at worst it means none. Behind a pooler
// statements have no name.
func (cn *conn) nameOf(s *statement) []byte {
	if cn.unnamed {
		return unnamed
	}
	if s.name == nil {
		sum := sha256.Sum256([]byte(s.sql))
		s.name = append(base64.RawURLEncoding.AppendEncode([]byte("f_"), sum[:12]), 0)
	}
	return s.name
}

// stopNaming is called when the server does not know a name that we gave, or knows
// one that we have not given: another server process is behind this connection. From now
// on nothing on it is named.
func (cn *conn) stopNaming(e *pgconn.PgError) {
	d := cn.core.d
	if cn.unnamed || d.dropsNames.Load() {
		return
	}
	cn.unnamed = true
	d.namesUnsafe.Store(true)
	d.namesLogged.Do(func() {
		d.log().Warn("pg: the server's prepared statements are not those of this connection: is this a pooler? set SimplePooler",
			slog.String("code", e.Code), slog.String("message", e.Message))
	})
}

// deallocate forgets p; the server is told with whatever is sent next.
func (cn *conn) deallocate(s *statement, p *prepared) {
	s.on[cn.slot] = nil
	s.uses--
	cn.closeName(p)
}

// closeName has the server forget what p is there; it may be nothing.
func (cn *conn) closeName(p *prepared) {
	if len(p.name) > 1 {
		cn.setBuffer(wire.AppendClose(cn.buffer(), p.name))
	}
}
