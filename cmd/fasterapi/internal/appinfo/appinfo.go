// Package appinfo asks a service what it is: it builds the service, starts it with the
// variable FASTERAPI_DESCRIBE, and reads what App.Run writes then.
//
//	d, err := appinfo.Load(ctx, appinfo.Source{Package: "./cmd/shop"})
//
// The types here are the JSON that the root package of the framework writes, which this
// module does not import: docs/decisions/0022-an-app-describes-itself.md. Values are read
// once and not changed; any goroutine may read them.
package appinfo

import (
	"encoding/json"
	"strings"
)

// Format is the newest format of a description that this package reads.
const Format = 1

// Description is a service.
type Description struct {
	Format    int      `json:"format"`
	Title     string   `json:"title"`
	Version   string   `json:"version"`
	Module    string   `json:"module"`    // of the program
	Main      string   `json:"main"`      // package of the program
	Go        string   `json:"go"`        // version, such as "go1.27.4"
	Framework string   `json:"framework"` // its version
	Config    Config   `json:"config"`
	Paths     Paths    `json:"paths"`
	Pools     []Pool   `json:"pools"`
	Settings  []Var    `json:"settings"`
	Checks    []string `json:"health_checks"`
	Routes    []Route  `json:"routes"`
	// OpenAPI is the document of the service.
	OpenAPI json.RawMessage `json:"openapi"`
}

// Config is the configuration with its defaults. Times are seconds.
type Config struct {
	Host           string  `json:"host"` // "": all addresses
	Port           int     `json:"port"`
	PortFromEnv    bool    `json:"port_from_environment"` // the variable PORT decides
	TLS            bool    `json:"tls"`
	H2C            bool    `json:"h2c"`
	Cores          int     `json:"cores"` // 0: as many as there are
	Pin            bool    `json:"pin"`
	StallThreshold float64 `json:"stall_threshold_seconds"`
	StuckLimit     float64 `json:"stuck_limit_seconds"` // 0: never
	MaxBody        int64   `json:"max_body_bytes"`
	DrainDelay     float64 `json:"drain_delay_seconds"` // while it goes on accepting; 0: none
	DrainTimeout   float64 `json:"drain_timeout_seconds"`
	HeadTimeout    float64 `json:"head_timeout_seconds"`
	BodyTimeout    float64 `json:"body_timeout_seconds"`
	IdleTimeout    float64 `json:"idle_timeout_seconds"`
	WriteTimeout   float64 `json:"write_timeout_seconds"`
	MaxHead        int     `json:"max_head_bytes"`
	MaxConns       int     `json:"max_connections_per_core"`
}

// Paths are those of the framework, "" where nothing answers.
type Paths struct {
	Live    string `json:"live"`
	Ready   string `json:"ready"`
	Health  string `json:"health"`
	OpenAPI string `json:"openapi"`
	Docs    string `json:"docs"`
}

// Pool is a pool whose connections belong to cores.
type Pool struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	MaxConns int    `json:"max_connections_per_core"`
}

// Var is a variable of the environment that the service reads.
type Var struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	Doc      string `json:"doc,omitempty"`
	File     bool   `json:"file"` // it names a file with the value
}

// Secret tells whether the name of a variable says that its value is a secret. A URL may
// have a password in it.
func (v *Var) Secret() bool {
	for part := range strings.SplitSeq(strings.ToUpper(v.Name), "_") {
		switch part {
		case "URL", "DSN", "URI", "PASSWORD", "PASS", "SECRET", "TOKEN", "KEY", "CREDENTIALS":
			return !v.File
		}
	}
	return false
}

// Kinds of routes.
const (
	HTTP      = "http"
	Events    = "events" // server-sent events
	Stream    = "stream"
	WebSocket = "websocket"
	Mounted   = "mounted" // an http.Handler, about which nothing is known
)

// Route is a route of the service.
type Route struct {
	Method      string   `json:"method"`
	Pattern     string   `json:"pattern"`
	Kind        string   `json:"kind"`
	Style       string   `json:"style"` // goroutine, coroutine, chain or inline
	Package     string   `json:"package"`
	Handler     string   `json:"handler"`
	File        string   `json:"file"`
	Line        int      `json:"line"`
	OperationID string   `json:"operation_id"`
	Tags        []string `json:"tags"`
	Hidden      bool     `json:"hidden"`
	Deprecated  bool     `json:"deprecated"`
	MaxBody     int64    `json:"max_body_bytes"` // 0: the route takes no body
	Middleware  []string `json:"middleware"`     // outermost first
	Steps       []string `json:"steps"`          // what is done before the handler, in order: providers and functions of Depends
	Priority    string   `json:"priority"`       // when there is too much work: critical, normal, batch or exempt
	Inputs      []Input  `json:"inputs"`
	Answers     []Answer `json:"answers"`
	Security    []string `json:"security"`
}

// String is how a route is named: "GET /users/{id}".
func (r *Route) String() string { return r.Method + " " + r.Pattern }

// Input is a field of what a handler gets.
type Input struct {
	Name     string `json:"name"`
	In       string `json:"in"`
	Field    string `json:"field"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	Rules    string `json:"rules,omitempty"`
	Doc      string `json:"doc,omitempty"`
}

// Answer is one way in which a route answers.
type Answer struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type,omitempty"`
	Type        string `json:"type,omitempty"`
}
