package redisclient

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// errUnasked is what a connection ends for whose Redis answers what nobody has asked.
var errUnasked = errors.New("redisclient: Redis answers what nobody has asked")

// errOrder is what one ends for where an answer is missing, or was one too many.
var errOrder = errors.New("redisclient: the answers of Redis are not in the order of the calls")

// expected knows which answers are still to come on a connection, by the rules that rueidis reads them by (its pipe.go, _backgroundRead):
//   - a command has one answer;
//   - one that subscribes has news of each channel instead, the first of which answers it, or an error;
//   - one that ends subscriptions has news, which may also come at other times, and rueidis has a PING follow it, whose answer counts.
//
// Where a message breaks them rueidis panics, so that it must not get to it.
//
// Owner: asks, asked, checks and unsubscribed, transaction, greets: the writer; begins, element, ends and what is below answered: the reader; all, resp3:
// any (atomic); special: mu.
type expected struct {
	all        atomic.Int64 // commands that were sent
	specials   atomic.Int64 // of which have another answer, and none yet
	subscribes atomic.Bool

	mu      sync.Mutex
	special []special

	unsubscribed bool // the command before was to end subscriptions
	transaction  bool // it is within one
	greets       bool // it was one of those that a connection begins with

	answered int64
	more     int // news of the channels of a command that is answered
	hello    greeting
	resp3    atomic.Bool // news are told from answers by their kind
	six      bool        // it is Redis 6
}

// special is a command that is not answered as others are.
//
// Owner: as in expected.
type special struct {
	number   int64 // of all commands, from 1 on
	kind     specialKind
	channels int
	text     string // of a check
}

type specialKind byte

const (
	ordinary    specialKind = iota
	hello                   // HELLO 3
	subscribe               // or PSUBSCRIBE, SSUBSCRIBE
	unsubscribe             // or PUNSUBSCRIBE, SUNSUBSCRIBE
	pong                    // the PING that rueidis sends behind one of those
	check                   // the PING of [guarded]
)

// greeting is what is known of the answer to HELLO 3.
//
// Owner: the reader.
type greeting struct {
	key            string // the last one
	proto, version int64
	odd            bool // rueidis may take it for something else
}

// asks counts a command that begins.
func (x *expected) asks(byte) error {
	x.all.Add(1)
	return nil
}

// asked looks at a command that is complete, and not sent yet.
func (x *expected) asked(m message) error {
	after := x.unsubscribed
	x.unsubscribed = false
	x.greets = false
	s := special{number: x.all.Load()}
	switch name := string(m.said[0]); name {
	case "AUTH", "SELECT", "CLIENT", "READONLY", "INFO":
		x.greets = true
	case "MULTI":
		x.transaction = true
	case "EXEC", "DISCARD":
		x.transaction = false
	case "HELLO":
		x.greets = true
		if string(m.said[1]) == "3" {
			s.kind = hello
		}
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE":
		s.kind, s.channels = subscribe, m.size-1
		x.subscribes.Store(true)
	case "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE":
		s.kind, x.unsubscribed = unsubscribe, true
	case "PING":
		if after {
			s.kind = pong
		}
	}
	if s.kind != ordinary {
		x.add(s)
	}
	return nil
}

func (x *expected) add(s special) {
	x.mu.Lock()
	x.special = append(x.special, s)
	x.mu.Unlock()
	x.specials.Add(1)
}

// checkable tells whether a PING may come next: within a transaction it would be a part of that, and who subscribes by RESP2 gets another answer.
func (x *expected) checkable() bool {
	return !x.greets && !x.transaction && !x.unsubscribed && (!x.subscribes.Load() || x.resp3.Load())
}

// checks counts a PING that must be answered with text.
func (x *expected) checks(text string) { x.add(special{number: x.all.Add(1), kind: check, text: text}) }

// next is the command whose answer is the next to come.
func (x *expected) next() special {
	if x.specials.Load() > 0 {
		x.mu.Lock()
		defer x.mu.Unlock()
		for len(x.special) > 0 && x.special[0].number <= x.answered {
			x.special = x.special[1:]
			x.specials.Add(-1)
		}
		if len(x.special) > 0 && x.special[0].number == x.answered+1 {
			return x.special[0]
		}
	}
	return special{number: x.answered + 1}
}

// begins is told that a message begins.
func (x *expected) begins(kind byte) error {
	x.hello = greeting{}
	if kind == '>' || x.answered < x.all.Load() || x.oldNews(kind) {
		return nil
	}
	return errUnasked
}

// oldNews tells whether a message may be news as RESP2 has them, arrays on a connection that subscribes.
func (x *expected) oldNews(kind byte) bool {
	return kind == '*' && !x.resp3.Load() && x.subscribes.Load()
}

// element reads the answer to HELLO.
func (x *expected) element(e element) error {
	if e.depth != 1 || x.resp3.Load() {
		return nil
	}
	h, text := &x.hello, string(e.text)
	if e.index%2 == 0 {
		h.key = text
		return nil
	}
	switch h.key {
	case "proto":
		h.proto, _ = strconv.ParseInt(text, 10, 64)
		h.odd = h.odd || e.kind != ':'
	case "version":
		major, _, _ := strings.Cut(text, ".")
		h.version, _ = strconv.ParseInt(major, 10, 32)
	}
	return nil
}

// ends judges a message that is complete.
func (x *expected) ends(m message) error {
	if m.kind == '>' || x.oldNews(m.kind) && m.size > 0 && string(m.said[0]) != "pong" {
		return x.news(m)
	}
	s := x.next()
	switch {
	case s.number > x.all.Load():
		return errUnasked
	case (s.kind == subscribe || s.kind == unsubscribe) && m.size == 0 && string(m.said[0]) == "QUEUED":
		return errUnasked // within a transaction, which rueidis refuses by a panic
	case s.kind == pong && !isPong(m):
		return errUnasked
	case s.kind == check && (m.size > 0 || string(m.said[0]) != s.text) && m.kind != '-':
		return errOrder // an error may be about the PING: that Redis is loading, or that it is not allowed
	case s.kind == unsubscribe && isPong(m):
		x.answered++ // and that of the PING behind it
	case s.kind == hello && m.kind != '-' && m.kind != '!':
		if x.hello.odd {
			return errFrame
		}
		x.resp3.Store(x.hello.proto >= 3)
		x.six = x.resp3.Load() && x.hello.version == 6
	}
	x.answered++
	return nil
}

// news judges what may come unasked.
func (x *expected) news(m message) error {
	if m.size < 2 {
		return nil
	}
	switch string(m.said[0]) {
	case "subscribe", "psubscribe", "ssubscribe":
		if x.more > 0 {
			x.more--
			return nil
		}
		s := x.next()
		if s.kind != subscribe {
			return errUnasked
		}
		x.answered++
		x.more = s.channels - 1
	case "unsubscribe", "punsubscribe", "sunsubscribe":
		x.more = max(x.more-1, 0)
	}
	return nil
}

// isPong tells what rueidis takes for the answer to a PING.
func isPong(m message) bool {
	text := m.said[0]
	switch {
	case m.size > 0:
		return string(text) == "pong"
	case m.kind != '-':
		return string(text) == "PONG"
	}
	return bytes.HasPrefix(text, []byte("LOADING")) || bytes.HasPrefix(text, []byte("BUSY")) || bytes.Contains(text, []byte("'ping'")) || string(text) == "PONG"
}
