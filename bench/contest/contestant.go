package contest

import (
	"fmt"
	"slices"
	"strings"
)

// Contestant is one server command measured on its own. Several may run the
// same program and differ in the routes they are asked for.
type Contestant struct {
	Name    string
	Label   string   // in tables; empty: the name
	Column  string   // heads the ratios to it; empty: the name
	Program string   // in the folder of binaries
	Prefix  string   // of every path
	Ours    bool     // this framework
	Port    int      // of 127.0.0.1
	Secure  bool     // over TLS, with the certificate of [Certificate]
	Env     []string // of its server
}

func (c *Contestant) scheme() string {
	if c.Secure {
		return "https"
	}
	return "http"
}

// Address is where the server listens.
func (c *Contestant) Address() string { return fmt.Sprintf("127.0.0.1:%d", c.Port) }

// Title is how the contestant is called in tables.
func (c *Contestant) Title() string {
	switch {
	case c.Ours:
		return "**FasterAPI**, " + c.Name
	case c.Label != "":
		return c.Label
	}
	return c.Name
}

func (c *Contestant) column() string {
	if c.Column != "" {
		return c.Column
	}
	return c.Name
}

// Scenario is one table: a request, and how many of them are in flight on each
// connection.
type Scenario struct {
	Name  string
	Path  string
	Body  string // JSON; the request is then a POST
	Depth int
	About string // opens the table
}

// Choose keeps the named ones of all, by comma, in the order of all; no names
// keeps all. A name that is not there is an error.
func Choose[T any](all []T, names string, nameOf func(T) string) ([]T, error) {
	if names == "" {
		return all, nil
	}
	wanted := strings.Split(names, ",")
	var out []T
	for _, item := range all {
		if i := slices.Index(wanted, nameOf(item)); i >= 0 {
			out = append(out, item)
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	if len(wanted) > 0 {
		return nil, fmt.Errorf("unknown: %s", strings.Join(wanted, ", "))
	}
	return out, nil
}

// ByName returns the contestant of that name. For one that is unknown it is a
// contestant with nothing but the name.
func ByName(all []*Contestant, name string) *Contestant {
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	return &Contestant{Name: name}
}
