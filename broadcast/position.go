package broadcast

import (
	"strconv"
	"strings"
)

// Position is the place of a message in a topic: the Seq-th of an epoch. An epoch ends when the backend has lost the
// count. The first message has Seq 1.
//
// Owner: any (a value).
type Position struct {
	Epoch string
	Seq   uint64
}

// place is a Position, or that of a message that one instance has told its own subscribers only: the n-th of the instance,
// behind the Position.
//
// Owner: any (a value).
type place struct {
	Position
	instance string
	n        uint64
}

// String is what clients get as the ID of a message, such as "QX7RB2MN-17".
func (p place) String() string {
	if p.Epoch == "" {
		return ""
	}
	text := p.Epoch + "-" + strconv.FormatUint(p.Seq, 10)
	if p.instance != "" {
		text += "-" + p.instance + "-" + strconv.FormatUint(p.n, 10)
	}
	return text
}

// parsePlace reads what String has written. Clients send what they like: false is no ID of ours.
func parsePlace(text string) (p place, ok bool) {
	parts := strings.Split(text, "-")
	if len(parts) != 2 && len(parts) != 4 {
		return place{}, false
	}
	seq, err := strconv.ParseUint(parts[1], 10, 63)
	if err != nil || parts[0] == "" {
		return place{}, false
	}
	p.Position = Position{Epoch: parts[0], Seq: seq}
	if len(parts) == 4 {
		if p.n, err = strconv.ParseUint(parts[3], 10, 63); err != nil || parts[2] == "" {
			return place{}, false
		}
		p.instance = parts[2]
	}
	return p, true
}
