// Package poll is the border to the operating system: readiness of
// descriptors, parking and waking, and the raw non-blocking socket calls.
//
//	p, err := poll.New(poll.Options{})
//	err = p.Add(fd, 1)
//	for _, ev := range events[:p.Wait(events)] {
//		n, errno := p.Read(ev.FD, buf) // until it says EAGAIN
//	}
//
// A [Poller] belongs to one reactor. [Poller.Wait], [Poller.Park],
// [Poller.Add] and [Poller.Remove] are for that owner only; [Poller.Wake] and
// the socket calls may be used by any goroutine that holds the descriptor.
//
// Cost on Linux: Wait is one epoll_pwait with a zero timeout, made without
// telling Go's scheduler (the call cannot block); registration is one
// epoll_ctl in the life of a descriptor, edge-triggered, in both directions.
// Parking nests the epoll descriptor in Go's own network poller, so a parked
// reactor holds no thread, and waking it is a goroutine wake-up without a
// system call. With [Options.Pin] parking is a blocking epoll_pwait and waking
// a write to an eventfd.
//
// It refuses platforms without epoll or kqueue ([ErrUnsupported]); [NewBlank]
// serves there: a poller without descriptors.
package poll
