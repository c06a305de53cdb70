package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/fasterapi/fasterapi/bench/contest"
)

// The frames of one exchange: a client's text message is masked, here with zero
// (RFC 6455 5.3), and a server's is not.
const (
	message = `{"text":"hello"}`
	said    = "\x81\x90\x00\x00\x00\x00" + message
	heard   = "\x81\x10" + message
)

// opening is how a WebSocket becomes idle: after the handshake and one message
// in each direction.
func opening(c *contest.Contestant) contest.Opening {
	open := func(address string) (*contest.Wire, error) {
		w, err := contest.Dial(address)
		if err != nil {
			return nil, err
		}
		if err := shakeHands(w, c.Prefix+"/socket"); err != nil {
			return w, err
		}
		return w, echoed(w)
	}
	return contest.Opening{Verify: func() error {
		w, err := open(c.Address())
		if err == nil {
			err = w.Close()
		}
		return err
	}, Open: open, Again: echoed}
}

// shakeHands upgrades. The key and its answer are those of RFC 6455 1.3.
func shakeHands(w *contest.Wire, path string) error {
	r, err := w.Ask("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		return err
	}
	if accept := r.Header.Get("Sec-WebSocket-Accept"); r.Status != http.StatusSwitchingProtocols || accept != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		return fmt.Errorf("%s: status %d, Sec-WebSocket-Accept %q", path, r.Status, accept)
	}
	return nil
}

// echoed sends a message and wants it back.
func echoed(w *contest.Wire) error {
	if _, err := io.WriteString(w, said); err != nil {
		return err
	}
	var got [len(heard)]byte
	if err := w.Full(got[:]); err != nil {
		return err
	}
	if string(got[:]) != heard {
		return fmt.Errorf("the WebSocket answers %q to %s", got, message)
	}
	return nil
}
