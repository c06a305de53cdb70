package websocket

import (
	"errors"
	"fmt"

	"github.com/gobwas/ws"
)

// CloseError says how a connection ended: by the peer's close frame, or by ours.
//
// Owner: any (immutable after New).
type CloseError struct {
	// Code is the close code; 1005: the peer gave none, 1006: the connection
	// ended without a close frame.
	Code   int
	Reason string
	// Local: this side closed first.
	Local bool
	// Cause is why the connection broke, nil when it was closed.
	Cause error
}

// Error names the code and who closed.
func (e *CloseError) Error() string {
	who := "the peer"
	if e.Local {
		who = "this side"
	}
	text := fmt.Sprintf("websocket: %s closed with %d", who, e.Code)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Unwrap returns why the connection broke, if it did.
func (e *CloseError) Unwrap() error { return e.Cause }

// Errors of connections.
var (
	// ErrSlow ends a connection whose client takes nothing for WriteTimeout.
	ErrSlow = errors.New("websocket: the client does not read")
	// ErrSilent ends a connection whose client answers no ping.
	ErrSilent = errors.New("websocket: the client does not answer")
	errGone   = errors.New("websocket: the connection ended without a close frame")
)

// fault is a mistake of the peer, with the close code that it earns.
func fault(code ws.StatusCode, reason string) *CloseError {
	return &CloseError{Code: int(code), Reason: reason, Local: true}
}

func gone(cause error) *CloseError { return &CloseError{Code: 1006, Cause: cause} }
