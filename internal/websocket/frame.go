package websocket

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// The opcodes of RFC 6455 section 5.2.
const (
	opContinuation = byte(ws.OpContinuation)
	opText         = byte(ws.OpText)
	opBinary       = byte(ws.OpBinary)
	opClose        = byte(ws.OpClose)
	opPing         = byte(ws.OpPing)
	opPong         = byte(ws.OpPong)
)

// The bits of the first two bytes of a frame.
const (
	bitFin        = 0x80
	bitCompressed = 0x40 // RSV1
	bitsReserved  = 0x30 // RSV2, RSV3
	bitMasked     = 0x80
	maskOpcode    = 0x0f
)

const (
	maxHead    = 14  // bytes of a frame head
	maxControl = 125 // bytes of a control frame's payload
)

// head is the head of a frame.
//
// Owner: any (a value).
type head struct {
	op         byte
	fin        bool
	compressed bool
	length     uint64
	mask       [4]byte
}

// headSize returns how long a frame head is, from its first two bytes.
func headSize(second byte) int {
	switch second &^ bitMasked {
	case 126:
		return 2 + 2 + 4
	case 127:
		return 2 + 8 + 4
	}
	return 2 + 4
}

// parseHead reads a whole head, with its mask, of a frame from a client.
func parseHead(b []byte, deflate bool) (h head, err error) {
	h.op, h.fin, h.compressed = b[0]&maskOpcode, b[0]&bitFin != 0, b[0]&bitCompressed != 0
	minimal := true
	switch n := b[1] &^ bitMasked; n {
	case 126:
		h.length = uint64(binary.BigEndian.Uint16(b[2:]))
		minimal = h.length > 125
	case 127:
		h.length = binary.BigEndian.Uint64(b[2:])
		minimal = h.length > 0xffff
	default:
		h.length = uint64(n)
	}
	copy(h.mask[:], b[len(b)-4:])
	switch {
	case b[0]&bitsReserved != 0 || h.compressed && !deflate:
		return h, fault(ws.StatusProtocolError, "reserved bits are set")
	case !minimal || h.length>>63 != 0:
		return h, fault(ws.StatusProtocolError, "the length is not encoded as it must be")
	}
	return h, nil
}

// appendHead appends the head of a frame of a server.
func appendHead(dst []byte, op byte, compressed bool, length int) []byte {
	first := bitFin | op
	if compressed {
		first |= bitCompressed
	}
	switch {
	case length <= 125:
		return append(dst, first, byte(length))
	case length <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(length))
	}
	return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(length))
}

// appendClose appends a close frame; code 0: one without a code.
func appendClose(dst []byte, code int, reason string) []byte {
	if code == 0 {
		return appendHead(dst, opClose, false, 0)
	}
	reason = cutText(reason, maxControl-2)
	dst = appendHead(dst, opClose, false, 2+len(reason))
	return append(binary.BigEndian.AppendUint16(dst, uint16(code)), reason...)
}

// cutText shortens s to at most n bytes, between characters, and makes it
// UTF-8.
func cutText(s string, n int) string {
	valid := make([]rune, 0, len(s))
	size := 0
	for _, r := range s {
		if size += utf8.RuneLen(r); size > n {
			break
		}
		valid = append(valid, r)
	}
	return string(valid)
}

// parseClose reads the payload of a close frame; code 0: it has none.
func parseClose(p []byte) (code int, reason string, err error) {
	switch {
	case len(p) == 0:
		return 0, "", nil
	case len(p) == 1:
		return 0, "", fault(ws.StatusProtocolError, "half a close code")
	}
	code = int(binary.BigEndian.Uint16(p))
	if !ValidCode(code) {
		return 0, "", fault(ws.StatusProtocolError, "a close code that must not be sent")
	}
	if !utf8.Valid(p[2:]) {
		return 0, "", fault(ws.StatusInvalidFramePayloadData, "the reason of the close frame is not UTF-8")
	}
	return code, string(p[2:]), nil
}

// ValidCode tells whether a close frame may carry code: those of RFC 6455
// section 7.4.1 that are sent, those registered since (1012 to 1014), and
// 3000 to 4999.
func ValidCode(code int) bool {
	switch {
	case code == 1004, code == 1005, code == 1006:
		return false
	case code >= 1000 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}
