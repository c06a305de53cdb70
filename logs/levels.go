package logs

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// Levels are the levels of loggers by name. A name without a level of its own has that of the
// longest name above it, "db" for "db/pg", and "" is above all. The zero value has INFO
// for all. Any goroutine may use it.
//
// Owner: mu; what level returns is atomic.
type Levels struct {
	mu    sync.Mutex
	set   map[string]slog.Level
	vars  map[string]*slog.LevelVar // of each name that is set or that a logger has
	base  slog.LevelVar
	known bool // base is in vars
}

// NamedLevel is the level of one name.
type NamedLevel struct {
	Name  string     `json:"name"` // "" is above all names
	Level slog.Level `json:"level"`
	// Own: it was set for this name. Else it is that of a name above.
	Own bool `json:"own"`
}

// maxNames bounds the names with a variable of their own. Loggers beyond it share that of the
// name above.
const maxNames = 1000

// ParseLevels reads levels as LOG_LEVEL has them, "info,db=debug,db/pg=warn": one for all, and
// those of names. Levels are DEBUG, INFO, WARN and ERROR in either case, with an offset if
// need be: "debug-4". The error lists everything that is wrong.
func ParseLevels(text string) (*Levels, error) {
	l := &Levels{}
	var errs []error
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, word, named := strings.Cut(part, "=")
		if !named {
			name, word = "", part
		}
		var level slog.Level
		if err := level.UnmarshalText([]byte(strings.TrimSpace(word))); err != nil {
			errs = append(errs, fmt.Errorf("logs: %q is no level: DEBUG, INFO, WARN and ERROR are", part))
			continue
		}
		l.Set(strings.TrimSpace(name), level)
	}
	return l, errors.Join(errs...)
}

// above is the name above name.
func above(name string) string {
	at := strings.LastIndexByte(name, '/')
	return name[:max(at, 0)]
}

// ready makes the maps; mu is held.
func (l *Levels) ready() {
	if !l.known {
		l.set, l.vars, l.known = map[string]slog.Level{}, map[string]*slog.LevelVar{"": &l.base}, true
	}
}

// find returns the level that holds for name, and whether it is its own; mu is held.
func (l *Levels) find(name string) (level slog.Level, own bool) {
	for at := name; ; at = above(at) {
		if level, ok := l.set[at]; ok {
			return level, at == name
		}
		if at == "" {
			return slog.LevelInfo, false
		}
	}
}

// refresh writes the variables of name and of what is below it; mu is held.
func (l *Levels) refresh(name string) {
	for at, v := range l.vars {
		if name == "" || at == name || strings.HasPrefix(at, name+"/") {
			level, _ := l.find(at)
			v.Set(level)
		}
	}
}

// level returns the variable of name, which follows what is set.
func (l *Levels) level(name string) *slog.LevelVar {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready()
	for {
		if v, ok := l.vars[name]; ok {
			return v
		}
		if len(l.vars) < maxNames {
			break
		}
		name = above(name)
	}
	v := &slog.LevelVar{}
	level, _ := l.find(name)
	v.Set(level)
	l.vars[name] = v
	return v
}

// Set sets the level of name and of all names below it that have none of their own; "" is
// above all. It holds for the next line. It returns false, and does nothing, when there are 1,000 names
// already.
func (l *Levels) Set(name string, level slog.Level) bool {
	name = strings.Trim(name, "/")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready()
	if _, known := l.set[name]; !known && name != "" && len(l.set) >= maxNames {
		return false
	}
	l.set[name] = level
	l.refresh(name)
	return true
}

// Clear takes the level of name away, so that it has that of the name above.
func (l *Levels) Clear(name string) {
	name = strings.Trim(name, "/")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready()
	delete(l.set, name)
	l.refresh(name)
}

// Of returns the level of name.
func (l *Levels) Of(name string) slog.Level {
	l.mu.Lock()
	defer l.mu.Unlock()
	level, _ := l.find(strings.Trim(name, "/"))
	return level
}

// All returns the names that are set or that a logger has, in their order, and "" first.
func (l *Levels) All() []NamedLevel {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready()
	var list []NamedLevel
	add := func(name string) {
		level, own := l.find(name)
		list = append(list, NamedLevel{name, level, own})
	}
	for name := range l.vars {
		add(name)
	}
	for name := range l.set {
		if l.vars[name] == nil {
			add(name)
		}
	}
	slices.SortFunc(list, func(a, b NamedLevel) int { return strings.Compare(a.Name, b.Name) })
	return list
}
