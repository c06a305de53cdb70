package cache

import (
	"sync"
	"sync/atomic"
)

// mark is what an entry is to the tags it bears.
//
// Owner: any (atomic). tags: mu of the table.
type mark struct {
	dead   atomic.Bool // invalidated, replaced or evicted
	tagged bool        // immutable after it is stored
	tags   []string
}

func (m *mark) ended() bool { return m.dead.Load() }

// remembered is how many invalidations of tags are remembered one by one.
const remembered = 1024

// tags knows which entries bear which tag.
//
// Loads learn the tags of a value when they are over, and a tag may have been invalidated meanwhile. So invalidations
// are counted, a load remembers the count at which it began, and what it brings is over already when one of
// its tags was invalidated after that. The last 1024 are remembered; a load that began before the
// oldest of them is not kept if it has tags.
//
// Owner: mu; count: any (atomic).
type tags struct {
	mu     sync.Mutex
	byName map[string]map[*mark]struct{}
	count  atomic.Uint64
	when   map[string]uint64 // of those remembered: the count
	ring   [remembered]string
}

// bear makes m bear names, unless one of them was invalidated after the count born.
func (t *tags) bear(m *mark, names []string, born uint64) bool {
	if len(names) == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count.Load() > born+remembered {
		return false
	}
	for _, name := range names {
		if t.when[name] > born {
			return false
		}
	}
	if t.byName == nil {
		t.byName = map[string]map[*mark]struct{}{}
	}
	m.tagged, m.tags = true, names
	for _, name := range names {
		of := t.byName[name]
		if of == nil {
			of = map[*mark]struct{}{}
			t.byName[name] = of
		}
		of[m] = struct{}{}
	}
	return true
}

// end says that m is over.
func (t *tags) end(m *mark) {
	m.dead.Store(true)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(m)
}

func (t *tags) forget(m *mark) {
	for _, name := range m.tags {
		if of := t.byName[name]; of != nil {
			if delete(of, m); len(of) == 0 {
				delete(t.byName, name)
			}
		}
	}
	m.tags = nil
}

// invalidate ends the entries that bear name, and returns how many.
func (t *tags) invalidate(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := t.count.Load() + 1
	if t.when == nil {
		t.when = map[string]uint64{}
	}
	slot := &t.ring[count%remembered]
	if old := *slot; old != "" && t.when[old] == count-remembered {
		delete(t.when, old)
	}
	*slot, t.when[name] = name, count
	t.count.Store(count)
	n := 0
	for m := range t.byName[name] {
		m.dead.Store(true)
		t.forget(m)
		n++
	}
	return n
}

// len is how many tags have entries.
func (t *tags) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byName)
}
