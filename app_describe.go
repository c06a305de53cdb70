package fasterapi

import (
	"cmp"
	"encoding/json/v2"
	"fmt"
	"net"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/eventstream"
	"github.com/fasterapi/fasterapi/internal/settings"
	"github.com/fasterapi/fasterapi/openapi"
)

// describeVariable is the variable of the environment that makes Run and Serve describe the
// app instead of serving it: they write its description, as JSON, to the file that the
// variable names. Nothing is started or listened on. An argument would be one that an
// app with flags of its own refuses: docs/decisions/0022-an-app-describes-itself.md.
const describeVariable = "FASTERAPI_DESCRIBE"

// describeFormat is raised when a reader of an older format would read something wrong.
const describeFormat = 1

// description is what the command fasterapi asks of an app. It has no secrets: of
// settings it knows names, not values.
type description struct {
	Format    int                `json:"format"`
	Title     string             `json:"title"`
	Version   string             `json:"version"`
	Module    string             `json:"module"` // of the program
	Main      string             `json:"main"`   // package of the program
	Go        string             `json:"go"`
	Framework string             `json:"framework"` // its version, "(devel)" for a working copy
	Config    describedConfig    `json:"config"`
	Paths     describedPaths     `json:"paths"`
	Pools     []describedPool    `json:"pools"`
	Settings  []settings.Setting `json:"settings"`
	Checks    []string           `json:"health_checks"` // given to App.HealthCheck
	Routes    []describedRoute   `json:"routes"`
	OpenAPI   *openapi.Document  `json:"openapi"`
}

// describedConfig is the Config of an app, with its defaults. Times are seconds.
type describedConfig struct {
	Host           string  `json:"host"` // "": all addresses
	Port           int     `json:"port"`
	PortFromEnv    bool    `json:"port_from_environment"` // the variable PORT decides, for Addr is not set
	TLS            bool    `json:"tls"`
	H2C            bool    `json:"h2c"`
	Cores          int     `json:"cores"` // 0: as many as there are
	Pin            bool    `json:"pin"`
	StallThreshold float64 `json:"stall_threshold_seconds"` // 0: the default
	StuckLimit     float64 `json:"stuck_limit_seconds"`     // 0: never
	MaxBody        int64   `json:"max_body_bytes"`
	DrainDelay     float64 `json:"drain_delay_seconds"` // 0: none
	DrainTimeout   float64 `json:"drain_timeout_seconds"`
	HeadTimeout    float64 `json:"head_timeout_seconds"`
	BodyTimeout    float64 `json:"body_timeout_seconds"`
	IdleTimeout    float64 `json:"idle_timeout_seconds"`
	WriteTimeout   float64 `json:"write_timeout_seconds"`
	MaxHead        int     `json:"max_head_bytes"`
	MaxConns       int     `json:"max_connections_per_core"`
}

// describedPaths are the paths of the framework, "" where nothing answers.
type describedPaths struct {
	Live    string `json:"live"`
	Ready   string `json:"ready"`
	Health  string `json:"health"`
	OpenAPI string `json:"openapi"`
	Docs    string `json:"docs"`
}

// describedPool is a pool whose connections belong to cores.
type describedPool struct {
	Name     string `json:"name"` // given to Named
	Type     string `json:"type"`
	MaxConns int    `json:"max_connections_per_core"`
}

type describedRoute struct {
	Method      string            `json:"method"`
	Pattern     string            `json:"pattern"`
	Kind        string            `json:"kind"`  // http, events, stream, websocket or mounted
	Style       string            `json:"style"` // goroutine, coroutine, chain or inline
	Package     string            `json:"package"`
	Handler     string            `json:"handler"`
	File        string            `json:"file"`
	Line        int               `json:"line"`
	OperationID string            `json:"operation_id"`
	Tags        []string          `json:"tags"`
	Hidden      bool              `json:"hidden"`
	Deprecated  bool              `json:"deprecated"`
	MaxBody     int64             `json:"max_body_bytes"` // 0: the route takes no body
	Middleware  []string          `json:"middleware"`     // outermost first
	Steps       []string          `json:"steps"`          // what is done before the handler, in order: providers and functions of Depends
	Priority    string            `json:"priority"`       // when there is too much work
	Inputs      []describedInput  `json:"inputs"`
	Answers     []describedAnswer `json:"answers"`
	Security    []string          `json:"security"` // names of schemes
}

type describedInput struct {
	Name     string `json:"name"` // in the request; "" for a body
	In       string `json:"in"`
	Field    string `json:"field"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	Rules    string `json:"rules,omitempty"` // the tags that say what the value must be like
	Doc      string `json:"doc,omitempty"`
}

type describedAnswer struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type,omitempty"`
	Type        string `json:"type,omitempty"`
}

// describeIfAsked writes the description of the app, when the environment asks for it.
func (a *App) describeIfAsked() (asked bool, err error) {
	file := os.Getenv(describeVariable)
	if file == "" {
		return false, nil
	}
	d, err := a.description()
	if err != nil {
		return true, err
	}
	text, err := json.Marshal(d, json.Deterministic(true))
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return true, fmt.Errorf("fasterapi: describe the app (%s): %w", describeVariable, err)
	}
	return true, nil
}

// Description returns what the app is, as JSON: its configuration with the defaults and without secrets, and each
// route with its compiled plan, for tools. It is what Run writes where the variable FASTERAPI_DESCRIBE names a
// file. Nothing may be registered any more afterwards. The error lists what is wrong with the
// app, like that of Start.
func (a *App) Description() ([]byte, error) {
	d, err := a.description()
	if err != nil {
		return nil, err
	}
	return json.Marshal(d, json.Deterministic(true))
}

func (a *App) description() (*description, error) {
	if err := a.compile(); err != nil {
		return nil, err
	}
	d := &description{Format: describeFormat, Title: a.cfg.Title, Version: a.cfg.Version, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		d.Module, d.Main, d.Framework = info.Main.Path, info.Path, frameworkVersion(info)
	}
	var err error
	if d.OpenAPI, err = a.describe(); err != nil {
		return nil, err
	}
	if d.Config, err = a.describedConfig(); err != nil {
		return nil, err
	}
	d.Paths = a.describedPaths()
	for _, p := range a.providers.list {
		// A driver whose pool is bounded for each core, such as that of db/pg, says so.
		user, _ := userOf(p.values().Value)
		if pool, ok := user.(interface{ MaxConnsPerCore() int }); ok {
			d.Pools = append(d.Pools, describedPool{p.options().name, fmt.Sprintf("%T", user), pool.MaxConnsPerCore()})
		}
	}
	for _, t := range a.settings {
		d.Settings = append(d.Settings, settings.Of(t)...)
	}
	for _, c := range a.probes.listed {
		d.Checks = append(d.Checks, c.Name)
	}
	for _, r := range a.routes {
		d.Routes = append(d.Routes, a.describedRoute(r))
	}
	return d, nil
}

// frameworkVersion is the version of this module in a program.
func frameworkVersion(info *debug.BuildInfo) string {
	const module = "github.com/fasterapi/fasterapi"
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module {
			if m.Replace != nil {
				m = m.Replace
			}
			if m.Version == "" { // a folder
				return "(devel)"
			}
			return m.Version
		}
	}
	return ""
}

func (a *App) describedConfig() (describedConfig, error) {
	c := &a.cfg
	limits, err := c.limits().Resolve()
	if err != nil {
		return describedConfig{}, err
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return describedConfig{}, err
	}
	number, err := net.LookupPort("tcp", port) // it may be the name of a service
	return describedConfig{
		Host: host, Port: number, PortFromEnv: a.anyPort, TLS: c.TLS != nil || c.TLSCert != "", H2C: c.H2C, Cores: c.Cores, Pin: c.Pin,
		StallThreshold: c.StallThreshold.Seconds(), StuckLimit: c.StuckLimit.Seconds(),
		MaxBody: c.MaxBody, DrainDelay: max(0, c.DrainDelay).Seconds(), DrainTimeout: c.DrainTimeout.Seconds(), HeadTimeout: limits.HeadTimeout.Seconds(),
		BodyTimeout: limits.BodyTimeout.Seconds(), IdleTimeout: limits.IdleTimeout.Seconds(), WriteTimeout: limits.WriteTimeout.Seconds(),
		MaxHead: limits.MaxHead, MaxConns: limits.MaxConns,
	}, err
}

func (a *App) describedPaths() (p describedPaths) {
	at := func(path string, own bool) string {
		if own || a.uses(path, false) {
			return path
		}
		return ""
	}
	h := &a.cfg.Health
	own := !h.Off && !a.mountsAll()
	p.Live, p.Ready, p.Health = at(h.Live, own), at(h.Ready, own), at(h.Path, own)
	if !a.cfg.OpenAPI.Off {
		p.OpenAPI = a.cfg.OpenAPI.Path
	}
	p.Docs = a.docs.page
	return p
}

// describedRoute tells what is known of a compiled route.
func (a *App) describedRoute(r *route) describedRoute {
	info := a.info(r)
	d := describedRoute{
		Method: info.Method, Pattern: info.Pattern, Kind: "http", Style: style(r.style.Load()).String(), Package: info.Package, Handler: info.Handler,
		File: info.File, Line: info.Line, OperationID: info.OperationID, Tags: info.Tags, Hidden: info.Hidden, Deprecated: info.Deprecated,
		Priority: r.opts.class.String(),
	}
	for _, m := range r.middleware {
		name := "?"
		if f := runtime.FuncForPC(reflect.ValueOf(m).Pointer()); f != nil {
			pkg, inner := describe.SplitName(f.Name())
			// What a constructor returns has its name: "middleware.CORS".
			constructor, _, _ := strings.Cut(inner, ".func")
			name = pkg[strings.LastIndexByte(pkg, '/')+1:] + "." + constructor
		}
		d.Middleware = append(d.Middleware, name)
	}
	if _, ok := r.endpoint.(*mounted); ok {
		d.Kind, d.MaxBody = "mounted", a.cfg.MaxBody
	}
	if r.facts == nil {
		return d
	}
	if j := r.facts.injected; j != nil {
		d.Steps = j.about
	}
	if r.needsBody {
		d.MaxBody = cmp.Or(r.opts.maxBody, a.cfg.MaxBody)
	}
	doc := a.document(r)
	for _, f := range doc.Fields {
		d.Inputs = append(d.Inputs, describedInput{
			Name: f.Key, In: f.In.String(), Field: f.Name, Type: f.Type.String(), Required: f.Required, Default: f.Default,
			Rules: rulesOf(f), Doc: f.Doc,
		})
		if f.In == bind.Body || f.In == bind.Form {
			d.MaxBody = cmp.Or(r.opts.maxBody, a.cfg.MaxBody) // one that is streamed, too
		}
	}
	for i := range doc.Answers {
		answer := &doc.Answers[i]
		one := describedAnswer{Status: answer.Status, ContentType: answer.ContentType}
		switch {
		case answer.Problem:
			one.Type = "problem"
		case answer.Type != nil:
			one.Type = answer.Type.String()
		case answer.Item != nil:
			one.Type = "stream of " + answer.Item.String()
		}
		d.Answers = append(d.Answers, one)
		switch {
		case answer.ContentType == eventstream.Type:
			d.Kind = "events"
		case answer.Item != nil && d.Kind == "http":
			d.Kind = "stream"
		}
	}
	if doc.Socket != nil {
		d.Kind = "websocket"
	}
	for _, alternatives := range doc.Security {
		for i := range alternatives {
			if name := alternatives[i].Name; !slices.Contains(d.Security, name) {
				d.Security = append(d.Security, name)
			}
		}
	}
	return d
}

// rulesOf are the tags of a field that say what its value must be like.
func rulesOf(f *bind.Field) string {
	if f.Sensitive {
		return "sensitive"
	}
	var list []string
	for _, key := range [...]string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format", "enum", "minItems", "maxItems", "uniqueItems"} {
		if value, ok := f.Tag.Lookup(key); ok {
			list = append(list, key+"="+strconv.Quote(value))
		}
	}
	return strings.Join(list, " ")
}
