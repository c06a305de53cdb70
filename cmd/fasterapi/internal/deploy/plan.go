package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
)

// Options are what the service does not know. The zero value of a field means its default.
type Options struct {
	Name                string // of what is deployed: letters, digits and dashes; default: made of the title
	Image               string // default: the name, and the version as tag
	Replicas            int    // instances; default 3
	MaxReplicas         int    // that the autoscaler may start; default 3 x Replicas
	Cores               int    // of an instance; default: Config.Cores, else 2
	MemoryMiB           int    // that an instance may have; default 1024
	Rate                int    // requests a second of one client; default 50
	Server              string // server_name of nginx; default "_": any
	Certificate         string // file for nginx, with its key in CertificateKey; default: no TLS
	CertificateKey      string
	IngressNamespace    string // of the controller that may connect; default "ingress-nginx"
	MonitoringNamespace string // of the Prometheus that may ask for /metrics; default: none
	Binary              string // path of the program for systemd; default /usr/local/bin/NAME
	PoolPerCore         int    // connections to Postgres of a core, where the service does not say so
	MetricsPort         int    // where /metrics is; default: the port of the service, if it has that route, else 9090, that of package admin
	Postgres, Valkey    bool   // Compose starts them; Postgres by itself where the service has a pool
	Nginx               Placement
}

// Plan has the numbers and names of the files. Times are seconds, sizes bytes unless the name says otherwise.
//
// Owner: any (immutable after NewPlan).
type Plan struct {
	Title, Name, Image, Scheme    string
	GoVersion, BuildPackage       string
	Port                          int
	Listen                        string // address for systemd: "8000", "10.0.0.1:8000"
	PortFromEnv, LowPort, TLS     bool
	Live, Ready                   string
	Replicas, MaxReplicas, Cores  int
	Instances                     []string // names
	Upstreams                     []string // addresses of the instances, for nginx
	Drain, Delay, Margin, PreStop int
	StopGrace, TerminationGrace   int
	MaxConns, NoFile              int
	MemoryLimitMiB                int
	MemoryRequestMiB              int
	GoMemLimit                    int64 // bytes
	CPURequestMilli               int
	CPULimitMilli                 int
	PoolPerCore, Reserved         int
	PoolTotal, MaxConnections     int
	PoolTotalMax                  int
	MaxConnectionsMax             int
	Postgres, Valkey              bool
	OwnDatabaseURL, OwnRedisURL   bool
	Plain, Secrets                []appinfo.Var
	Binary, IngressNamespace      string
	MonitoringNamespace           string
	ServerName, Certificate       string
	CertificateKey                string
	ListenHTTP, ListenTLS         string
	PIDFile, AccessLog, ErrorLog  string
	TempDir                       string // of nginx; "": as it was built
	Rate, Burst                   int
	BodyLimit                     int64
	HeadBuffer                    int // KiB
	HeadTimeout, BodyTimeout      int
	WriteTimeout, Idle            int
	UpstreamIdle                  int
	SendTimeout, ReadTimeout      int
	LongTimeout                   int
	MetricsRoute                  bool // /metrics is a route of the service
	MetricsPort                   int
	Private                       []string
	Streams, Sockets              []Location
}

// Location is a route that nginx must treat in a way of its own.
type Location struct {
	Route    string // "GET /events"
	Location string // as nginx has it: "= /events", "~ ^/rooms/[^/]+$"
}

const (
	// preStop is for a service without Config.DrainDelay: how long it still accepts while the
	// load balancers of Kubernetes hear that it goes.
	preStop = 5
	// margin is for what ends behind the drain: hooks and values get at least 5 s of their own.
	margin = 10
	// reserved are connections of Postgres for people, backups and its own superuser.
	reserved = 10
	// guideRead is proxy_read_timeout of the production guide.
	guideRead = 60
	// long is for streams, which end when their reader goes, and pings notice when it has.
	long = 3600
)

// NewPlan computes what the files need. The error has everything that is wrong.
func NewPlan(d *appinfo.Description, o Options) (*Plan, error) {
	p := &Plan{
		Title: oneLine(cmp.Or(d.Title, "Service")), Scheme: "http", GoVersion: strings.TrimPrefix(cmp.Or(goRelease(d.Go), "1.27"), "go"),
		BuildPackage: buildPackage(d), Port: d.Config.Port, PortFromEnv: d.Config.PortFromEnv, LowPort: d.Config.Port < 1024, TLS: d.Config.TLS,
		Live: d.Paths.Live, Ready: d.Paths.Ready, Replicas: cmp.Or(o.Replicas, 3), Cores: cmp.Or(o.Cores, d.Config.Cores, 2),
		Margin: margin, Reserved: reserved, MaxConns: d.Config.MaxConns, MemoryLimitMiB: cmp.Or(o.MemoryMiB, 1024),
		MonitoringNamespace: o.MonitoringNamespace,
		IngressNamespace:    cmp.Or(o.IngressNamespace, "ingress-nginx"), ServerName: cmp.Or(o.Server, "_"), Certificate: o.Certificate, CertificateKey: o.CertificateKey,
		ListenHTTP: "80", ListenTLS: "443", AccessLog: "/dev/stdout", ErrorLog: "/dev/stderr", Rate: cmp.Or(o.Rate, 50),
	}
	if p.TLS {
		p.Scheme = "https"
	}
	p.Listen = strconv.Itoa(p.Port)
	if d.Config.Host != "" {
		p.Listen = net.JoinHostPort(d.Config.Host, p.Listen)
	}
	p.Name = cmp.Or(o.Name, nameOf(p.Title))
	p.Image = cmp.Or(o.Image, p.Name+":"+cmp.Or(tagOf(d.Version), "latest"))
	p.Binary = cmp.Or(o.Binary, "/usr/local/bin/"+p.Name)
	p.MaxReplicas = cmp.Or(o.MaxReplicas, 3*p.Replicas)
	p.Burst = 2 * p.Rate
	for i := range p.Replicas {
		p.Instances = append(p.Instances, fmt.Sprintf("app%d", i+1))
	}
	if err := p.check(d, &o); err != nil {
		return nil, err
	}
	p.times(&d.Config)
	p.sizes(d, &o)
	p.routes(d)
	p.metrics(o.MetricsPort)
	p.variables(d, &o)
	return p, nil
}

var (
	dnsLabel    = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$`)
	notInName   = regexp.MustCompile(`[^a-z0-9]+`)
	notInTag    = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)
	release     = regexp.MustCompile(`^go[0-9]+\.[0-9]+(\.[0-9]+)?$`)
	imageName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:@-]*$`)
	serverNames = regexp.MustCompile(`^[A-Za-z0-9_*.-]+( [A-Za-z0-9_*.-]+)*$`)
	fileName    = regexp.MustCompile(`^/[A-Za-z0-9_./-]*$`)
)

// check returns everything that the files could not say. It has decided where nginx is.
func (p *Plan) check(d *appinfo.Description, o *Options) error {
	errs := p.place(&o.Nginx)
	unless := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	unless(dnsLabel.MatchString(p.Name), "the name %q must be lower-case letters, digits and dashes, at most 52, and begin with a letter", p.Name)
	unless(imageName.MatchString(p.Image), "the image %q is no reference of one", p.Image)
	unless(serverNames.MatchString(p.ServerName), "the server name %q must be host names", p.ServerName)
	for _, namespace := range []string{p.IngressNamespace, cmp.Or(p.MonitoringNamespace, "none")} {
		unless(dnsLabel.MatchString(namespace), "the namespace %q is no name of one", namespace)
	}
	unless(fileName.MatchString(p.Binary), "the program %q must be an absolute path without blanks", p.Binary)
	unless((p.Certificate == "") == (p.CertificateKey == ""), "a certificate and its key come together")
	for _, file := range []string{p.Certificate, p.CertificateKey} {
		unless(file == "" || fileName.MatchString(file), "%q must be an absolute path without blanks", file)
	}
	unless(o.MetricsPort >= 0 && o.MetricsPort <= 65535, "the port of /metrics must be 1 to 65535, not %d", o.MetricsPort)
	unless(p.Replicas >= 1 && p.Replicas <= 100, "replicas must be 1 to 100, not %d", p.Replicas)
	unless(p.MaxReplicas >= p.Replicas && p.MaxReplicas <= 1000, "the most replicas must be %d (replicas) to 1000, not %d", p.Replicas, p.MaxReplicas)
	unless(p.Cores >= 1 && p.Cores <= 256, "cores must be 1 to 256, not %d", p.Cores)
	unless(p.MemoryLimitMiB >= 64, "memory must be at least 64 MiB, not %d", p.MemoryLimitMiB)
	unless(p.Rate >= 1 && p.Rate <= 100_000, "the rate must be 1 to 100000 requests a second, not %d", p.Rate)
	if len(o.Nginx.Instances) > 0 {
		return errors.Join(errs...) // they say where they are, also on this machine only
	}
	unless(p.Port >= 1, "the service listens on any free port (Config.Addr), so nothing can be sent to it")
	switch d.Config.Host {
	case "127.0.0.1", "::1", "localhost":
		unless(false, "the service listens on %s only (Config.Addr), where nothing outside of its container reaches it", d.Config.Host)
	}
	return errors.Join(errs...)
}

func (p *Plan) times(c *appinfo.Config) {
	p.Drain = seconds(c.DrainTimeout)
	p.Delay = seconds(c.DrainDelay)
	if c.DrainDelay == 0 {
		p.Delay, p.PreStop = 0, preStop
	}
	p.StopGrace = p.Delay + p.Drain + margin
	p.TerminationGrace = p.PreStop + p.StopGrace
	p.HeadTimeout, p.BodyTimeout, p.WriteTimeout = seconds(c.HeadTimeout), seconds(c.BodyTimeout), seconds(c.WriteTimeout)
	p.Idle = seconds(c.IdleTimeout)
	p.UpstreamIdle = max(1, p.Idle-5)
	// nginx waits no shorter than the service itself does for a body, or for the client to read.
	p.SendTimeout = max(guideRead, p.BodyTimeout)
	p.ReadTimeout = max(guideRead, p.WriteTimeout)
	p.LongTimeout = long
}

// seconds rounds up: what waits for something must not give up first.
func seconds(s float64) int { return max(1, int(math.Ceil(s))) }

func (p *Plan) sizes(d *appinfo.Description, o *Options) {
	p.MemoryRequestMiB = p.MemoryLimitMiB / 2
	p.GoMemLimit = int64(p.MemoryLimitMiB) << 20 / 10 * 9
	p.CPULimitMilli = p.Cores * 1000
	p.CPURequestMilli = p.CPULimitMilli / 2
	p.BodyLimit = d.Config.MaxBody
	for i := range d.Routes {
		p.BodyLimit = max(p.BodyLimit, d.Routes[i].MaxBody)
	}
	p.HeadBuffer = max(1, (d.Config.MaxHead+1023)/1024)
	for i := range d.Pools {
		p.PoolPerCore += d.Pools[i].MaxConns
	}
	p.PoolPerCore = cmp.Or(p.PoolPerCore, o.PoolPerCore)
	p.Postgres, p.Valkey = o.Postgres || p.PoolPerCore > 0, o.Valkey
	if p.Postgres {
		p.PoolPerCore = cmp.Or(p.PoolPerCore, 10) // what pg.Config.MaxConns is by default
	}
	p.PoolTotal = p.Replicas * p.Cores * p.PoolPerCore
	p.MaxConnections = p.PoolTotal + reserved
	p.PoolTotalMax = (p.MaxReplicas + 1) * p.Cores * p.PoolPerCore
	p.MaxConnectionsMax = p.PoolTotalMax + reserved
	// Clients, pools, and 1024 for files and connections to others; the kernel's usual bound is 1,048,576.
	p.NoFile = min(1<<20, p.Cores*(d.Config.MaxConns+p.PoolPerCore)+1024)
}

// routes finds what nginx must not treat like the others.
func (p *Plan) routes(d *appinfo.Description) {
	private := []string{d.Paths.Health, d.Paths.Ready, d.Paths.Live}
	for i := range d.Routes {
		r := &d.Routes[i]
		switch r.Kind {
		case appinfo.Events, appinfo.Stream:
			p.Streams = appendLocation(p.Streams, r)
		case appinfo.WebSocket:
			p.Sockets = appendLocation(p.Sockets, r)
		}
		if r.Pattern == "/metrics" {
			private = append(private, r.Pattern)
		}
	}
	for _, one := range private {
		if one != "" && !slices.Contains(p.Private, one) && !wild.MatchString(one) {
			p.Private = append(p.Private, one)
		}
	}
}

// adminPort is where package admin shows metrics, unless it is told otherwise.
const adminPort = 9090

// metrics finds where Prometheus has to ask. The routes are known.
func (p *Plan) metrics(port int) {
	p.MetricsRoute = slices.Contains(p.Private, "/metrics") && (port == 0 || port == p.Port)
	p.MetricsPort = cmp.Or(port, adminPort)
	if p.MetricsRoute {
		p.MetricsPort = p.Port
	}
}

// AdminOpen tells whether a Prometheus in Kubernetes asks package admin, which other pods reach only if it is told so.
func (p *Plan) AdminOpen() bool { return p.MonitoringNamespace != "" && !p.MetricsRoute }

// appendLocation adds a route, unless another method of the same path is there.
func appendLocation(list []Location, r *appinfo.Route) []Location {
	l := Location{Route: r.String(), Location: location(r.Pattern)}
	if slices.ContainsFunc(list, func(o Location) bool { return o.Location == l.Location }) {
		return list
	}
	return append(list, l)
}

var wild = regexp.MustCompile(`\{[^}]*\}`)

// location is a pattern of the router as nginx has it.
func location(pattern string) string {
	if !wild.MatchString(pattern) && !strings.ContainsAny(pattern, " ;\"'\\#{}") {
		return "= " + pattern
	}
	var b strings.Builder
	rest := pattern
	for {
		at := wild.FindStringIndex(rest)
		if at == nil {
			break
		}
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		if strings.HasSuffix(rest[:at[1]], "...}") {
			b.WriteString(".*")
		} else {
			b.WriteString("[^/]+")
		}
		rest = rest[at[1]:]
	}
	b.WriteString(regexp.QuoteMeta(rest))
	return `~ "^` + strings.ReplaceAll(b.String(), `"`, `\"`) + `$"`
}

// variables sorts what the service reads from its environment.
func (p *Plan) variables(d *appinfo.Description, o *Options) {
	named := map[string]bool{}
	for _, v := range d.Settings {
		if named[v.Name] {
			continue
		}
		named[v.Name] = true
		v.Doc = oneLine(v.Doc)
		switch {
		case p.Postgres && v.Name == "DATABASE_URL":
			p.OwnDatabaseURL = true // Compose knows it; Kubernetes does not
			p.Secrets = append(p.Secrets, v)
		case p.Valkey && v.Name == "REDIS_URL":
			p.OwnRedisURL = true
			p.Secrets = append(p.Secrets, v)
		case v.Secret(), v.Required:
			p.Secrets = append(p.Secrets, v)
		case v.Default != "":
			p.Plain = append(p.Plain, v)
		}
	}
	if o.Valkey || p.Postgres {
		// A service that reads its settings itself says nothing of them.
		p.OwnDatabaseURL = p.OwnDatabaseURL || p.Postgres && len(d.Settings) == 0
		p.OwnRedisURL = p.OwnRedisURL || p.Valkey && len(d.Settings) == 0
	}
}

// ComposeSecrets are the secrets that Compose does not make itself.
func (p *Plan) ComposeSecrets() (list []appinfo.Var) {
	for _, v := range p.Secrets {
		if v.Name == "DATABASE_URL" && p.OwnDatabaseURL || v.Name == "REDIS_URL" && p.OwnRedisURL {
			continue
		}
		list = append(list, v)
	}
	return list
}

// TempKinds are what nginx keeps in files for a moment, where the plan says in which folder.
func (p *Plan) TempKinds() []string {
	if p.TempDir == "" {
		return nil
	}
	return []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}
}

func nameOf(title string) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(title), "-"), "-")
	return strings.TrimRight(name[:min(len(name), 52)], "-")
}

func tagOf(version string) string {
	tag := strings.TrimLeft(notInTag.ReplaceAllString(version, "-"), ".-")
	return tag[:min(len(tag), 128)]
}

// goRelease is a version that an image of Go can have: not one of a development build.
func goRelease(version string) string {
	if release.MatchString(version) {
		return version
	}
	return ""
}

// buildPackage is the package of the program, from the root of its module.
func buildPackage(d *appinfo.Description) string {
	if rest, ok := strings.CutPrefix(d.Main, d.Module+"/"); ok && d.Module != "" {
		return "./" + path.Clean(rest)
	}
	return "."
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
