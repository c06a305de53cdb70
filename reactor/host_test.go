package reactor

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// hosting is a virtual reactor whose descriptors need a coroutine each, as
// connections do: on the host of the turn if there is one, else on their own.
type hosting struct {
	*lab
	job    *job
	trace  []string
	used   map[*Coroutine]int
	events int
}

// newHosting registers one descriptor for each of works. They become ready in
// one turn, in the order of their numbers.
func newHosting(t *testing.T, works ...func(*Coroutine)) *hosting {
	v := newLab(1)
	t.Cleanup(v.Close)
	v.order = nil // as they come
	h := &hosting{lab: v, used: map[*Coroutine]int{}}
	for i, work := range works {
		on := func(co *Coroutine) {
			h.used[co]++
			work(co)
			h.trace = append(h.trace, fmt.Sprint(i))
		}
		fd, _ := v.Net.Pair()
		require.NoError(t, v.Reactor.Register(fd, readyFunc(func() {
			h.events++
			if co := v.Reactor.Host(); co != nil {
				on(co)
				return
			}
			h.job = &job{run: func(co *Coroutine) {
				on(co)
				co.Dispatch()
			}}
			v.Reactor.Coroutine(h.job)
		})))
	}
	return h
}

func nothing(*Coroutine) {}

func TestOneCoroutineHostsAllEventsOfATurn(t *testing.T) {
	h := newHosting(t, nothing, nothing, nothing)
	h.RunUntilIdle()
	require.Equal(t, []string{"0", "1", "2"}, h.trace)
	require.Len(t, h.used, 1)
	require.Nil(t, h.Reactor.Host())
	require.Empty(t, h.Reactor.coroutines.live)
}

func TestASuspendedHostLeavesTheRestToTheReactor(t *testing.T) {
	var first *Coroutine
	suspend := func(co *Coroutine) {
		first = co
		co.Suspend()
	}
	h := newHosting(t, nothing, suspend, nothing, nothing)
	h.RunUntilIdle()
	require.Equal(t, []string{"0", "2", "3"}, h.trace)
	require.Len(t, h.used, 2, "the last two share another coroutine")
	require.Equal(t, []*Coroutine{first}, h.Reactor.coroutines.live)
	h.Do(first.Run)
	require.Equal(t, []string{"0", "2", "3", "1"}, h.trace)
	require.Equal(t, 4, h.events, "every event is dispatched once")
	require.Empty(t, h.Reactor.coroutines.live)
	require.Nil(t, h.Reactor.Host())
}

// A suspended host that is resumed by an event of the turn that it left, while
// another one hosts that.
func TestAHostResumedByAnotherHost(t *testing.T) {
	var first *Coroutine
	h := newHosting(t,
		func(co *Coroutine) {
			first = co
			co.Suspend()
		},
		nothing,
		func(*Coroutine) { first.Run() },
		nothing, nothing)
	h.RunUntilIdle()
	require.ElementsMatch(t, []string{"0", "1", "2", "3", "4"}, h.trace)
	require.Equal(t, 5, h.events)
	require.Empty(t, h.Reactor.coroutines.live)
	require.Nil(t, h.Reactor.Host())
}

func TestAnInterruptedHostTakesNoMoreEvents(t *testing.T) {
	h := newHosting(t, nothing,
		func(co *Coroutine) { co.Interrupt(context.Canceled) },
		func(co *Coroutine) { require.NoError(t, co.Interrupted(), "it was not meant for this one") })
	h.RunUntilIdle()
	require.Equal(t, []string{"0", "1", "2"}, h.trace)
}

func TestAPanicOnAHostIsNotItsJobs(t *testing.T) {
	h := newHosting(t, nothing, func(*Coroutine) { panic("boom") }, nothing)
	h.RunUntilIdle()
	require.Equal(t, []string{"0", "2"}, h.trace)
	require.Len(t, h.used, 1)
	require.Empty(t, h.job.panics)
	require.EqualValues(t, 1, h.Reactor.counts.panics)
	require.Nil(t, h.Reactor.Host())
}

func TestGoexitOnAHostCostsItsCoroutine(t *testing.T) {
	h := newHosting(t, nothing, func(*Coroutine) { runtime.Goexit() }, nothing, nothing)
	h.RunUntilIdle()
	require.Equal(t, []string{"0", "2", "3"}, h.trace)
	require.Len(t, h.used, 2)
	require.EqualValues(t, 1, h.Reactor.counts.lost)
	require.Empty(t, h.Reactor.coroutines.live)
}

// What a host resumes runs on a coroutine of its own, and may not suspend the
// host; afterwards that goes on.
func TestWhatAHostResumesIsNotOnIt(t *testing.T) {
	h := newHosting(t, nothing,
		func(co *Coroutine) {
			r := co.Reactor()
			require.Same(t, co, r.Host())
			sleeper := r.Coroutine(&job{run: func(other *Coroutine) {
				require.Nil(t, r.Host())
				other.Suspend()
				require.Nil(t, r.Host())
			}})
			sleeper.Run()
			require.Same(t, co, r.Host())
		},
		nothing)
	h.RunUntilIdle()
	require.Equal(t, []string{"0", "1", "2"}, h.trace)
	require.Len(t, h.used, 1)
}
