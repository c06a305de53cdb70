package wire

import "github.com/fasterapi/fasterapi/internal/field"

// CheckRequest reports what [Head.Parse] would refuse about the method, the target
// and the host of a request that another parser has read: nil or an [*Error]. The
// lengths of target and head are that parser's business.
func CheckRequest(method, target, host string) error {
	m, t := viewBytes(method), viewBytes(target)
	switch {
	case !field.IsToken(m):
		return errMethod
	case len(m) > maxMethod:
		return errMethodLong
	case len(t) == 0:
		return errTargetEmpty
	}
	h := Head{Method: m, Target: t}
	for _, c := range t {
		bits := class[c]
		if bits&isTarget == 0 {
			return errTargetByte
		}
		h.state.seen |= bits
	}
	if err := h.splitTarget(); err != nil {
		return err
	}
	if !field.ValidHost(host) {
		return errHost
	}
	return nil
}
