package fasterapi

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/internal/certificate"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/internal/settings"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/reactor"
)

// Config describes a service. The zero value is ready for use.
type Config struct {
	// Title, Version and Description are for the service's documents.
	Title, Version, Description string
	// OpenAPI is about the document that describes the routes, and Docs about the
	// page that shows it.
	OpenAPI OpenAPIConfig
	Docs    DocsConfig
	// Health is about the paths for those who watch the service.
	Health HealthConfig

	// Observe is about what is kept of requests, see [App.Recorder]. It is on by default.
	Observe observe.Config

	// Addr is the address to listen on, "host:port", or "unix:/path" for a unix socket. Default ":8000"; the
	// environment variable PORT replaces the port of the default.
	Addr string
	// TLS serves HTTPS: HTTP/1.1, or HTTP/2, as clients choose in the handshake.
	TLS *tls.Config
	// TLSCert and TLSKey are the files (PEM) of the certificate, with its chain, and of its
	// key: HTTPS and HTTP/2 as with TLS, which may say everything else. They may change while
	// the service runs: a handshake looks at them, at most once a second. Files that cannot
	// be read then leave the old certificate in use, and the log says so.
	TLSCert, TLSKey string
	// TLSMore are the files of more certificates, each with that of its key behind it, for other names or of another
	// algorithm. A client gets the first one that it can use for the name that it asks for (SNI), beginning with TLSCert;
	// if there is none, that of TLSCert. They may change in the same way.
	TLSMore [][2]string
	// H2C serves HTTP/2 without TLS, too, to clients that begin with it.
	H2C bool
	// NetHTTP serves through package net/http in place of the sockets of the reactors, where
	// handlers run all the same: slower, and the way out of what is wrong with the latter. Over
	// HTTP/1.1 it waits for what a handler has left of a body, up to 256 KiB and HTTP.BodyTimeout,
	// before it answers. It is chosen where a platform has neither epoll nor kqueue.
	NetHTTP bool

	// Cores is the number of reactors. Default: the environment variable
	// REACTOR_CORES, else GOMAXPROCS.
	Cores int
	// Pin locks every reactor to a thread and a processor: for NUMA machines
	// and services whose handlers all run on reactors. Handing work to
	// goroutines then costs microseconds instead of nanoseconds.
	Pin bool
	// StallThreshold is how long a task may hold its reactor before it is
	// named in the log: then, at 1 s, at 10 s, and every minute. Default 25 ms;
	// negative: never.
	StallThreshold time.Duration
	// StuckLimit is how long a task may hold its reactor before the process ends,
	// because nothing but a restart ends an endless loop or a deadlock: it logs what
	// holds the reactor, and the stacks of all goroutines on standard error, and exits
	// with status 2. OnStop hooks do not run. Default: the environment variable
	// REACTOR_STUCK_LIMIT, such as "30s", else never; at least 1 s.
	StuckLimit time.Duration

	// MaxBody is the largest request body in bytes that a route accepts unless it
	// says otherwise (the option MaxBody). Default 4 MiB.
	MaxBody int64
	// StrictQuery refuses query parameters that the route does not know, with 422; the option
	// StrictQuery says so, or the contrary, of routes and groups. Default false: they are ignored.
	StrictQuery bool
	// HTTP holds the timeouts and limits of both engines.
	HTTP HTTPConfig
	// Overload is about requests that come while there is more work than can be done: they
	// are refused with 503, unless it is Off.
	Overload OverloadConfig

	// DrainDelay is how long the service goes on accepting after SIGTERM, or the end of
	// the context of [App.Serve]: /ready answers 503, and each response closes its
	// connection, so that load balancers and clients go elsewhere before anything is
	// closed. SIGINT, from a terminal, does not wait. Default 5 s; negative: none.
	DrainDelay time.Duration
	// DrainTimeout is how long requests in flight may take after DrainDelay. Default
	// 20 s; Kubernetes kills 30 s after SIGTERM, Docker after 10 s unless told otherwise.
	DrainTimeout time.Duration
	// RestartTimeout is how long a new process of the program, which SIGUSR2 starts to
	// take over the listeners, may take until it serves; then it is killed, and the old one
	// goes on. Default 60 s.
	RestartTimeout time.Duration
	// Clock replaces the real clock in tests, see fasterapitest.NewClock. Default:
	// the real one.
	Clock *reactor.ManualClock
	// Logger receives everything that the framework logs, also what is to be said of
	// futures on its reactors (see async.Logged). Default slog.Default().
	Logger *slog.Logger
}

// HTTPConfig holds limits and timeouts; a zero field means its default. They hold
// for both engines; behind [App.Handler], MaxHead, MaxConns and the times of head
// and idle connections are those of the http.Server around it.
type HTTPConfig struct {
	HeadTimeout  time.Duration // for a request head to arrive; default 10 s
	BodyTimeout  time.Duration // for a request body to make progress; default 30 s
	IdleTimeout  time.Duration // between two requests of a connection; default 75 s
	WriteTimeout time.Duration // for a response to make progress, else it is broken off and logged; default 30 s
	MaxHead      int           // bytes of a request head; default 32 KiB
	MaxHeaders   int           // header fields of a request; default 100
	StreamAbove  int64         // bytes; larger bodies stream to handlers that read c.Body(); default 256 KiB
	MaxConns     int           // open connections of each reactor; default 65,536; a WebSocket is one, and what Ctx.Hijack took
	// MaxHandshakes bounds the TLS handshakes that compute at a time on each reactor; more
	// wait for their turn, up to HeadTimeout. One that waits for its client takes no place, nor does
	// TLS.GetCertificate or TLS.GetConfigForClient, which may have to get a certificate first; default 256.
	MaxHandshakes int
	// MaxStreams bounds the requests that a connection of HTTP/2 may have at a time; more are
	// refused in a way that lets the client send them again; default 250.
	MaxStreams int
	// MaxUseless bounds the frames of a connection of HTTP/2 that bring nothing (resets, pings, settings, empty
	// frames, window updates without data): its client may send so many at once, and a tenth of them a second;
	// then the connection ends; default 1000, at least 10.
	MaxUseless int
	// MaxUnsent bounds the bytes of responses that wait for clients who do not read, for
	// each reactor; default 256 MiB. Above it those connections are cut off whose clients
	// have taken nothing for the longest time; refusing new responses would let clients
	// who do not read keep out those who do. A slice that responses share counts once,
	// and the newest response may wait however long it is, so the bound should be
	// several times the longest one. What the kernel has in its buffers is not counted.
	MaxUnsent  int64
	ServerName string // value of the Server response field; default none
}

const (
	defaultAddr         = ":8000"
	defaultMaxBody      = 4 << 20
	defaultRestart      = 60 * time.Second
	defaultDrainDelay   = 5 * time.Second
	defaultDrainTimeout = 20 * time.Second
)

// resolve returns c with every zero field set, and every mistake in it.
func (c Config) resolve() (Config, error) {
	var errs []error
	if c.Addr == "" {
		c.Addr = defaultAddr
		if port := os.Getenv("PORT"); port != "" {
			if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
				errs = append(errs, fmt.Errorf("the environment variable PORT must be a port number, not %q", port))
			}
			c.Addr = ":" + port
		}
	}
	if err := c.checkAddr(); err != nil {
		errs = append(errs, fmt.Errorf("Config.Addr: %w", err))
	}
	c.MaxBody = cmp.Or(c.MaxBody, defaultMaxBody)
	c.RestartTimeout = cmp.Or(c.RestartTimeout, defaultRestart)
	c.DrainDelay = cmp.Or(c.DrainDelay, defaultDrainDelay)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, defaultDrainTimeout)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.OpenAPI.Path = cmp.Or(c.OpenAPI.Path, defaultOpenAPIPath)
	c.OpenAPI.Path30 = cmp.Or(c.OpenAPI.Path30, strings.TrimSuffix(c.OpenAPI.Path, ".json")+"-3.0.json")
	c.Docs.Path = cmp.Or(c.Docs.Path, defaultDocsPath)
	errs = append(errs, c.checkDocuments(), c.checkHealth(), c.loadCertificate(), c.Overload.resolve())
	kept, err := c.Observe.Resolve()
	c.Observe, errs = kept, append(errs, err)
	limit, err := c.stuckLimit()
	c.StuckLimit, errs = limit, append(errs, err)
	if c.MaxBody < 0 || c.DrainTimeout < 0 || c.RestartTimeout < 0 {
		errs = append(errs, errors.New("Config.MaxBody, Config.DrainTimeout and Config.RestartTimeout must not be negative"))
	}
	_, err = c.limits().Resolve() // the engines set what is zero
	errs = append(errs, err)
	return c, errors.Join(errs...)
}

// loadCertificate makes TLS serve the certificates of the files.
func (c *Config) loadCertificate() error {
	if c.TLSCert == "" && c.TLSKey == "" {
		if len(c.TLSMore) > 0 {
			return errors.New("Config.TLSMore needs Config.TLSCert: the certificate for names that none has")
		}
		return nil
	}
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	switch {
	case c.TLSCert == "" || c.TLSKey == "":
		return errors.New("Config.TLSCert and Config.TLSKey need each other")
	case len(config.Certificates) > 0 || config.GetCertificate != nil || config.GetConfigForClient != nil:
		return errors.New("Config.TLS has a certificate already: leave it to Config.TLSCert and Config.TLSKey")
	}
	pairs, err := c.loadPairs()
	if err != nil {
		return err
	}
	config.GetCertificate = pairs.Certificate
	c.TLS = config
	return nil
}

// loadPairs reads all files. The error has each pair that cannot be read.
func (c *Config) loadPairs() (pairs certificate.Pairs, err error) {
	load := func(field, cert, key string) {
		files, failed := certificate.Load(cert, key, safelog.Of(c.Logger))
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", field, failed))
		}
		pairs = append(pairs, files)
	}
	load("Config.TLSCert and Config.TLSKey", c.TLSCert, c.TLSKey)
	for i, files := range c.TLSMore {
		load(fmt.Sprintf("Config.TLSMore[%d]", i), files[0], files[1])
	}
	return pairs, err
}

// limits are those of the engines, which have the same fields.
func (c Config) limits() exchange.Limits { return exchange.Limits(c.HTTP) }

func (c Config) reactors(log *slog.Logger) reactor.Config {
	return reactor.Config{Cores: c.Cores, Pin: c.Pin, StallThreshold: c.StallThreshold, Clock: c.Clock, Logger: log}
}

// alarm is a timer of the app's clock.
type alarm interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// now is the time of day by the app's clock.
func (a *App) now() time.Time {
	if a.cfg.Clock != nil {
		return a.cfg.Clock.Now()
	}
	return time.Now()
}

// afterFunc calls fn on a goroutine of its own once d has passed by the app's clock.
func (a *App) afterFunc(d time.Duration, fn func()) alarm {
	if a.cfg.Clock != nil {
		return a.cfg.Clock.AfterFunc(d, fn)
	}
	return time.AfterFunc(d, fn)
}

// longestPath is how many bytes the path of a unix socket may have: sockaddr_un has 108 on Linux and 104 on the
// BSDs, with a zero at the end.
const longestPath = 103

// checkAddr tells what is wrong with Addr.
func (c *Config) checkAddr() error {
	path, isUnix := strings.CutPrefix(c.Addr, "unix:")
	switch {
	case !isUnix:
		_, _, err := net.SplitHostPort(c.Addr)
		return err
	case c.NetHTTP:
		return errors.New("NetHTTP does not serve unix sockets: give it a port, or leave it out")
	case path == "":
		return errors.New(`"unix:" needs a path: "unix:/run/shop/http"`)
	case len(path) > longestPath:
		return fmt.Errorf("the path of a unix socket has at most %d bytes, and this one %d", longestPath, len(path))
	}
	return nil
}

// Settings reads a struct from the environment. Tags say which variable a field
// has, and what it must be like, as they do for inputs:
//
//	type Config struct {
//		DatabaseURL string        `env:"DATABASE_URL" doc:"postgres://…"`
//		Workers     int           `env:"WORKERS" default:"4" minimum:"1" maximum:"64"`
//		Timeout     time.Duration `env:"TIMEOUT" default:"5s" maximum:"1m"`
//		Token       string        `env:"TOKEN_FILE,file"` // the variable names a file
//		Mail        struct {
//			Host string   `env:"HOST" format:"hostname"`
//			To   []string `env:"TO"` // separated by commas
//		} `envPrefix:"MAIL_"`
//	}
//
// A field is required unless it is a pointer, has a default or says
// required:"false"; a variable that is empty counts as not set. The options of
// the tag env are those of github.com/caarlos0/env, which parses the values.
//
// The error is a [*SettingsError]. To inject settings give them to
// [App.Provide], or leave reading them to [App.ProvideSettings].
func Settings[T any]() (T, error) {
	var read, none T
	if mistakes := settings.Read(&read, os.Environ()); len(mistakes) > 0 {
		return none, &SettingsError{Mistakes: mistakes}
	}
	return read, nil
}

// ProvideSettings makes the [Settings] T available to input fields tagged
// `inject:""`, one value for the app. They are read when the app starts, which
// fails with a [*SettingsError] when something is wrong with them. A T given to
// [App.Override] replaces them, and then the environment is not looked at.
func (a *App) ProvideSettings[T any](opts ...ProvideOption) {
	a.settings = append(a.settings, reflect.TypeFor[T]())
	read := func(*Ctx, None) (T, error) { return Settings[T]() }
	a.provide(&funcProvider[None, T]{Values: inject.ValuesOf[T](), plain: read}, append([]ProvideOption{PerApp()}, opts...), false)
}

// LoadDotEnv sets the variables of files that the environment of the process does not
// have: what is set outside stays, also when it is empty, and of several files the first
// that has a variable counts. Without a name it reads ".env" if there is one; a file that
// is named must exist. Call it first in main: [New] and [Settings] see what it sets, and
// so do other libraries.
//
//	# a comment
//	export HOST=db.local
//	URL="postgres://${HOST}/shop"   # escapes are \n \r \t \" \\ \$; lines may break
//	PASSWORD='a$b#c'                # as it is
//
// ${NAME} stands for a variable that is set outside or above. The error is a
// [*SettingsError], which names file and line of everything that is wrong but repeats no
// value; nothing is set then.
func LoadDotEnv(files ...string) error {
	optional := len(files) == 0
	if optional {
		files = []string{".env"}
	}
	found := map[string]string{}
	lookup := func(name string) (string, bool) {
		if value, ok := os.LookupEnv(name); ok {
			return value, true
		}
		value, ok := found[name]
		return value, ok
	}
	bad := &SettingsError{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		switch {
		case optional && errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			bad.Mistakes = append(bad.Mistakes, err.Error())
			continue
		}
		list, mistakes := settings.ParseDotEnv(file, string(text), lookup)
		bad.Mistakes = append(bad.Mistakes, mistakes...)
		for _, v := range list {
			if _, ok := lookup(v.Name); !ok {
				found[v.Name] = v.Value
			}
		}
	}
	if len(bad.Mistakes) > 0 {
		return bad
	}
	for name, value := range found {
		if err := os.Setenv(name, value); err != nil {
			return err // not reached: the parser lets names and values pass that can be set
		}
	}
	return nil
}

// SettingsError lists everything that is wrong with the environment. It names
// variables but repeats no value: those may be secrets.
type SettingsError struct {
	Mistakes []string // "WORKERS must be at most 64"
}

// Error puts each mistake on a line of its own.
func (e *SettingsError) Error() string {
	return "fasterapi: the settings in the environment have mistakes:\n  " + strings.Join(e.Mistakes, "\n  ")
}

const (
	// stuckEnv is the variable of Config.StuckLimit.
	stuckEnv = "REACTOR_STUCK_LIMIT"
	// minStuckLimit is what Config.StuckLimit is at least: a second is what a core
	// without a processor of its own may wait for one.
	minStuckLimit = time.Second
)

// stuckLimit is the limit of c, or that of the environment; 0: none.
func (c Config) stuckLimit() (time.Duration, error) {
	if text := os.Getenv(stuckEnv); c.StuckLimit == 0 && text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < minStuckLimit {
			return 0, fmt.Errorf("the environment variable %s must be a duration of at least %v, such as 30s, not %q", stuckEnv, minStuckLimit, text)
		}
		return d, nil
	}
	if c.StuckLimit != 0 && c.StuckLimit < minStuckLimit {
		return 0, errors.New("Config.StuckLimit must be at least 1s, or 0")
	}
	return c.StuckLimit, nil
}
