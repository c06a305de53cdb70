package dbtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// Model runs random programs against a database and holds what their callers were
// told against what is stored. A program is one statement, a batch, a script or a
// transaction with savepoints; it may fail, be cancelled at any moment, or meet
// whatever the test does to the database meanwhile. Three rules decide:
//
//   - what was told to have succeeded is stored, whole, and seen by the next reader;
//   - what was told to have failed for certain is not stored, nor any part of it:
//     db.SafeToRetry, an error of the statement itself, a transaction whose closure
//     failed, a call whose context was over before;
//   - of what may have happened either all is stored or nothing.
//
// Owner: mu. The exported fields: immutable after Prepare.
type Model struct {
	Pool *db.Pool
	// Fails tells whether a program's failure is one to be expected under what
	// the test does. Nil: only those that the model itself provokes.
	Fails func(error) bool
	// Journal gets a line per step, before and after it, for the test of a
	// process that is killed: see Replay. Nil: none.
	Journal func(line string)

	mu       sync.Mutex
	programs map[int64]*program
	last     int64 // the number of the newest program
	wrong    []error
	verdicts [3]int
	unlike   error // an error that nobody expects
}

// program is one program and what its caller was told.
type program struct {
	planned bool    // its closure has come to its end, so it may be stored
	effects effects // if it is
	told    verdict
}

// effects are what a program, or a savepoint in it, has done if it counts.
type effects struct {
	steps []int64         // its rows of table log
	adds  [counters]int64 // what it has added to the rows of table counters
}

const counters = 3

// verdict is what a caller was told. The zero value: nothing yet, as of a process
// that was killed.
type verdict uint8

const (
	perhaps verdict = iota
	stored
	failed
)

// Prepare makes the tables, empty.
func (m *Model) Prepare(t testing.TB) {
	t.Helper()
	m.programs = map[int64]*program{}
	for _, sql := range []string{
		"DROP TABLE IF EXISTS log",
		"DROP TABLE IF EXISTS counters",
		"CREATE TABLE log (op BIGINT NOT NULL, step BIGINT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (op, step))",
		"CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
		"INSERT INTO counters (id, n) VALUES (0, 0), (1, 0), (2, 0)",
	} {
		exec(t, &m.Pool.Querier, sql)
	}
}

// Run runs programs in so many workers until ctx ends, and awaits them.
func (m *Model) Run(ctx context.Context, workers int, seed uint64) {
	loop := NewLoop()
	defer loop.Stop()
	var all sync.WaitGroup
	for i := range workers {
		w := &worker{m: m, loop: loop, rng: rand.New(rand.NewPCG(seed, uint64(i)))}
		all.Go(func() {
			for ctx.Err() == nil && m.Err() == nil {
				w.program()
			}
		})
	}
	all.Wait()
}

// Err is the first thing that was wrong, before Check.
func (m *Model) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.wrong) > 0 {
		return m.wrong[0]
	}
	return m.unlike
}

func (m *Model) fail(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong = append(m.wrong, fmt.Errorf(format, args...))
}

// begin makes a program.
func (m *Model) begin() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.programs == nil {
		m.programs = map[int64]*program{}
	}
	m.last++
	m.programs[m.last] = &program{}
	return m.last
}

// forget takes back the plan of a transaction that begins anew.
func (m *Model) forget(id int64) {
	m.mu.Lock()
	m.programs[id].planned = false
	m.mu.Unlock()
	m.write("anew %d", id)
}

// plan says what will be stored if the program succeeds.
func (m *Model) plan(id int64, e effects) {
	m.mu.Lock()
	p := m.programs[id]
	p.planned, p.effects = true, effects{slices.Clone(e.steps), e.adds}
	m.mu.Unlock()
	m.write("plan %d %s %s", id, list(e.steps), list(e.adds[:]))
}

// end says what the caller was told.
func (m *Model) end(id int64, v verdict, err error) {
	m.write("told %d %d", id, v)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.programs[id].told = v
	m.verdicts[v]++
	if m.Journal != nil {
		delete(m.programs, id) // the journal has it
	}
	if err != nil && !expected(err) && (m.Fails == nil || !m.Fails(err)) && m.unlike == nil {
		m.unlike = fmt.Errorf("program %d failed as nothing explains: %w", id, err)
	}
}

// expected tells whether the model provokes err itself.
func expected(err error) bool {
	switch db.KindOf(err) {
	case db.UniqueViolation, db.Deadlock, db.Serialization, db.Busy:
		return true
	}
	text := err.Error()
	return errors.Is(err, errTest) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, db.ErrTooManyRows) || strings.Contains(text, "the transaction is rolled back")
}

func (m *Model) write(format string, args ...any) {
	if m.Journal != nil {
		m.Journal(fmt.Sprintf(format, args...))
	}
}

// Replay reads what a killed process has written to its journal.
func (m *Model) Replay(t testing.TB, journal string) {
	t.Helper()
	m.programs = map[int64]*program{}
	whole, _, _ := cutLast(journal, "\n") // the last line may be torn
	for line := range strings.SplitSeq(whole, "\n") {
		words := strings.Fields(line)
		require.GreaterOrEqual(t, len(words), 2, "line %q", line)
		id := number(t, words[1])
		m.last = max(m.last, id)
		p := m.programs[id]
		if p == nil {
			p = &program{}
			m.programs[id] = p
		}
		switch words[0] {
		case "anew":
			p.planned = false
		case "plan":
			p.planned = true
			p.effects.steps = numbers(t, words[2])
			copy(p.effects.adds[:], numbers(t, words[3]))
		case "told":
			p.told = verdict(number(t, words[2]))
			m.verdicts[p.told]++
		default:
			require.Fail(t, "strange line", line)
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(s, sep); at >= 0 {
		return s[:at], s[at+len(sep):], true
	}
	return "", s, false
}

// list writes numbers as one word.
func list(numbers []int64) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.FormatInt(n, 10)
	}
	return "[" + strings.Join(words, ",") + "]"
}

func numbers(t testing.TB, word string) []int64 {
	word = strings.Trim(word, "[]")
	if word == "" {
		return nil
	}
	var all []int64
	for text := range strings.SplitSeq(word, ",") {
		all = append(all, number(t, text))
	}
	return all
}

func number(t testing.TB, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}

// Check holds the tables against what the callers were told. Nothing may be on
// its way any more.
func (m *Model) Check(t testing.TB) {
	t.Helper()
	require.NoError(t, m.Err())
	type row struct {
		Op, Step int64
		Tag      string
	}
	found := map[int64][]int64{}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rows, err := m.Pool.Query[row](ctx, "SELECT op, step, tag FROM log ORDER BY op, step").Await(ctx)
	require.NoError(t, err)
	for _, r := range rows {
		require.Equal(t, tag(r.Op, r.Step), r.Tag, "a row of program %d holds another's values", r.Op)
		found[r.Op] = append(found[r.Op], r.Step)
	}
	var sums [counters]int64
	for id, p := range m.programs {
		steps := found[id]
		delete(found, id)
		require.NoError(t, p.check(steps), "program %d", id)
		if len(steps) > 0 {
			for i, n := range p.effects.adds {
				sums[i] += n
			}
		}
	}
	require.Empty(t, found, "rows that no program has written")
	for i, n := range sums {
		require.Equal(t, n, one[int64](t, &m.Pool.Querier, "SELECT n FROM counters WHERE id = $1", i), "counter %d", i)
	}
}

// check holds the rows of a program against what its caller was told.
func (p *program) check(steps []int64) error {
	want := slices.Sorted(slices.Values(p.effects.steps))
	switch {
	case !p.planned && len(steps) > 0:
		return fmt.Errorf("steps %v are stored of a program that did not come to its end", steps)
	case p.told == failed && len(steps) > 0:
		return fmt.Errorf("it was told that it had failed, and steps %v are stored", steps)
	case p.told == stored && !slices.Equal(steps, want):
		return fmt.Errorf("it was told that steps %v are stored, and %v are", want, steps)
	case len(steps) > 0 && !slices.Equal(steps, want):
		return fmt.Errorf("of steps %v only %v are stored", want, steps)
	}
	return nil
}

// Counts returns how many programs were told to be stored, to have failed for
// certain, and that nobody knows.
func (m *Model) Counts() (yes, no, unknown int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.verdicts[stored], m.verdicts[failed], m.verdicts[perhaps]
}

// Settle waits until nothing of the pool's is on its way.
func (m *Model) Settle(t testing.TB) {
	t.Helper()
	idle(t, m.Pool)
}

// Seed is a new seed, and tells which.
func Seed(t testing.TB) uint64 {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return seed
}
