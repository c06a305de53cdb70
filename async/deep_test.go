package async

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// countTo is a loop written as a recursion.
func countTo(n int) func(int) Future[int] {
	var loop func(int) Future[int]
	loop = func(i int) Future[int] {
		if i == n {
			return Ready(i)
		}
		return Ready(i + 1).ThenFuture(loop)
	}
	return loop
}

// smallStack makes a recursion that grows the stack crash early.
func smallStack(t *testing.T) {
	old := debug.SetMaxStack(4 << 20)
	t.Cleanup(func() { debug.SetMaxStack(old) })
}

func TestAReadyLoopOfTenMillionStepsKeepsTheStack(t *testing.T) {
	smallStack(t)
	n := 10_000_000
	if testing.Short() || raceEnabled {
		n = 300_000
	}
	l := newLab(0)
	f := countTo(n)(0).Via(l)
	l.run()
	want(t, f, n)
	require.Greater(t, l.ran, n/100_000, "the loop gave its scheduler room")

	v, err := countTo(50_000)(0).Then(inc).Await(context.Background())
	require.NoError(t, err)
	require.Equal(t, 50_001, v)

	done := make(chan int)
	countTo(50_000)(0).OnDone(func(v int, err error) { done <- v })
	require.Equal(t, 50_000, <-done)

	g := WhenAll(countTo(50_000)(0), Ready(1))
	got, err := g.Await(context.Background())
	require.NoError(t, err)
	require.Equal(t, []int{50_000, 1}, got)
}

func TestADeepLoopThatIsNotATailCall(t *testing.T) {
	smallStack(t)
	const n = 200_000
	var sum func(int) Future[int]
	sum = func(i int) Future[int] {
		if i == 0 {
			return Ready(0)
		}
		return Ready(i - 1).ThenFuture(sum).Then(func(v int) int { return v + 1 })
	}
	l := newLab(0)
	f := sum(n).Timeout(time.Hour).Via(l)
	l.run()
	want(t, f, n)
}

func TestACancelledLoopStops(t *testing.T) {
	l := newLab(0)
	f := countTo(math.MaxInt)(0)
	g := f.Via(l)
	for range 10 {
		l.step()
	}
	g.Cancel()
	l.run() // ends
	wantErr(t, g, context.Canceled)

	f = countTo(math.MaxInt)(0)
	f.Cancel()
	_, err := f.Await(context.Background())
	require.ErrorIs(t, err, context.Canceled, "never started")
}

func TestAPendingChainOfAMillionSteps(t *testing.T) {
	smallStack(t)
	n := 1_000_000
	if testing.Short() || raceEnabled {
		n = 50_000
	}
	l := newLab(0)
	p, f := NewPromise[int](l)
	for range n {
		f = f.Then(inc)
	}
	p.Resolve(0)
	l.run()
	want(t, f, n)
	require.GreaterOrEqual(t, l.ran, n/chainBudget, "the chain gave its scheduler room")

	p, f = NewPromise[int](l)
	for range n {
		f = f.ThenFuture(Ready[int])
	}
	f.Cancel() // walks up in a loop
	l.run()
	wantErr(t, f, context.Canceled)
	require.False(t, p.Resolve(1))
}

// A loop over futures that are pending each time takes constant memory.
func TestAPendingLoopDoesNotGrow(t *testing.T) {
	l := newLab(0)
	const n = 200_000
	var loop func(int) Future[int]
	loop = func(i int) Future[int] {
		if i == n {
			return Ready(i)
		}
		p, f := NewPromise[int](l)
		l.Schedule(TaskFunc(func() { p.Resolve(i + 1) }))
		return f.ThenFuture(loop)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	f := loop(0).Then(inc)
	before := heap()
	for range n {
		l.step()
	}
	require.False(t, f.Ready())
	require.Less(t, heap(), before+1<<20)
	l.run()
	want(t, f, n+1)
}

// A step that waits in a long-lived chain does not hold the chain before it.
func TestAChainLetsGoOfItsBeginning(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[*[1 << 20]byte](l)
	forever, rest := NewPromise[int](l)
	gone := make(chan struct{})
	g := f.Then(func(b *[1 << 20]byte) int { return int(b[0]) }).
		ThenFuture(func(int) Future[int] { return rest })
	func() {
		big := new([1 << 20]byte)
		runtime.AddCleanup(big, func(c chan struct{}) { close(c) }, gone)
		p.Resolve(big)
	}()
	p, f = Promise[*[1 << 20]byte]{}, Future[*[1 << 20]byte]{}
	l.run()
	for range 10 {
		runtime.GC()
	}
	<-gone
	forever.Resolve(4)
	l.run()
	want(t, g, 4)
	runtime.KeepAlive(p)
	runtime.KeepAlive(f)
}
