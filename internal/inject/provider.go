package inject

import (
	"fmt"
	"reflect"
)

// Scope says how often a provider makes its value.
type Scope uint8

// The scopes, from the widest to the narrowest.
const (
	App     Scope = iota // once
	Core                 // once for each reactor
	Request              // once for each request that needs it
)

// String returns the word for s.
func (s Scope) String() string { return [...]string{"app", "core", "request"}[s] }

// Need is a field that asks for a value.
//
// Owner: any (a plain value).
type Need struct {
	Field string       // Go name of the field, for messages
	Type  reflect.Type // what it holds
	Name  string       // the name in its tag; "" asks for a value without a name
}

func (n Need) String() string {
	if n.Name != "" {
		return fmt.Sprintf("%s named %q", n.Type, n.Name)
	}
	return n.Type.String()
}

// Provider is a source of values of one type.
//
// Owner: any (a plain value).
type Provider struct {
	Type     reflect.Type
	Name     string // "" for the usual one of its type
	Scope    Scope
	Site     string // file:line where it was registered
	Needs    []Need // inject fields of its input
	Override bool   // takes the place of others; the last one wins
}

func (p *Provider) String() string {
	return fmt.Sprintf("%s (%s)", Need{Type: p.Type, Name: p.Name}, p.Site)
}

// gives tells whether p meets n, and whether it is of exactly that type.
func (p *Provider) gives(n Need) (meets, exactly bool) {
	switch {
	case p.Name != n.Name:
		return false, false
	case p.Type == n.Type:
		return true, true
	}
	return n.Type.Kind() == reflect.Interface && p.Type.Implements(n.Type), false
}
