package reply

import (
	"log/slog"
	"runtime/debug"
	"slices"
)

// Hook is a function that middleware wants called. It must not block.
type Hook interface{ Run(h Holder) }

// OnHead lets hook run once, when everything about the response is decided and nothing
// of it is sent. It may change status and fields.
func (r *Reply) OnHead(hook Hook) { r.heads = append(r.heads, hook) }

// OnEnd lets hook run once, when the handler and all middleware have returned.
func (r *Reply) OnEnd(hook Hook) { r.ends = append(r.ends, hook) }

// HasHooks tells whether middleware wants something done at the end.
func (r *Reply) HasHooks() bool { return len(r.heads)+len(r.ends) > 0 }

// RunHeads runs the hooks of OnHead, unless they have run. The status that they set is that of the response, which is
// staged already. A stream that is being opened has them run when it counts as sent already.
func (h Handle) RunHeads() { h.runHeads(func(*Reply) bool { return false }) }

// RunUnsentHeads is RunHeads for a response that is not sent, and tells whether there were any.
func (h Handle) RunUnsentHeads() bool { return h.runHeads((*Reply).Sent) }

func (h Handle) runHeads(late func(r *Reply) bool) bool {
	before := 0
	heads := read(h, func(r *Reply) []Hook {
		if r.headed || late(r) {
			return nil
		}
		r.headed, before = true, r.status
		return r.heads
	})
	if len(heads) == 0 {
		return false
	}
	for _, hook := range slices.Backward(heads) { // like middleware: inside out
		h.run(hook)
	}
	h.Use(func(r *Reply) {
		if r.status != before {
			r.x.Restage(r.status, r.x.Payload)
		}
	})
	return true
}

// RunEnds runs the hooks of OnEnd, the last one first.
func (h Handle) RunEnds() {
	for hook := h.lastEnd(); hook != nil; hook = h.lastEnd() {
		h.run(hook)
	}
}

// lastEnd takes the last of the hooks of OnEnd, nil when there is none left.
func (h Handle) lastEnd() Hook {
	return read(h, func(r *Reply) Hook {
		last := len(r.ends) - 1
		if last < 0 {
			return nil
		}
		hook := r.ends[last]
		r.ends[last] = nil // pooled state must not keep what it refers to
		r.ends = r.ends[:last]
		return hook
	})
}

// run contains the panics of a hook: the response is decided already.
func (h Handle) run(hook Hook) {
	defer func() {
		if v := recover(); v != nil {
			h.Logger().Error("function given to OnHead or OnEnd panicked",
				slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		}
	}()
	hook.Run(h.Holder)
}
