package deploy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
)

var update = flag.Bool("update", false, "write the golden files anew")

func shop(t *testing.T) *appinfo.Description {
	t.Helper()
	text, err := os.ReadFile("testdata/shop.json")
	require.NoError(t, err)
	d, err := appinfo.Parse(text)
	require.NoError(t, err)
	return d
}

func shopPlan(t *testing.T, o Options) *Plan {
	t.Helper()
	p, err := NewPlan(shop(t), o)
	require.NoError(t, err)
	return p
}

func render(t *testing.T, p *Plan, k Kind) []byte {
	t.Helper()
	text, err := p.Render(k)
	require.NoError(t, err)
	return text
}

var kinds = []Kind{Dockerfile, Compose, Kubernetes, Systemd, Socket, Nginx, Prometheus, Rules, Grafana}

// common are the files that all services share, by their place in the repository.
var common = map[string]string{"templates/rules.yml": "prometheus/rules.yml", "templates/grafana.json": "grafana/fasterapi.json"}

// TestPrometheusTakesIt: promtool reads the configuration with its rules.
func TestPrometheusTakesIt(t *testing.T) {
	promtool := program(t, "promtool", "prometheus")
	for _, o := range []Options{{}, {MetricsPort: 9100, Replicas: 5}} {
		folder, p := t.TempDir(), shopPlan(t, o)
		for _, k := range []Kind{Prometheus, Rules} {
			require.NoError(t, os.WriteFile(filepath.Join(folder, k.File(p)), render(t, p, k), 0o600))
		}
		out, err := exec.Command(promtool, "check", "config", filepath.Join(folder, "prometheus.yml")).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "SUCCESS")
	}
	text := string(render(t, shopPlan(t, Options{}), Prometheus))
	require.Contains(t, text, `- "app3:8080"`, "the service has the route")
	text = string(render(t, shopPlan(t, Options{MetricsPort: 9100}), Prometheus))
	require.Contains(t, text, `- "app3:9100"`)
	require.Contains(t, text, "ADMIN_ADDR=:9100")
	text = string(render(t, shopPlan(t, Options{Replicas: 4}), Rules))
	require.Contains(t, text, `{job="shop"} == 1) or vector(0)) < 4`)
	require.Contains(t, text, `fasterapi_pool_connections{job="shop"}) > 56`, "4 x 2 x 7")
}

// TestMonitoringNamespace: the port that Prometheus is told to ask is the one that is opened to its namespace, and only that.
func TestMonitoringNamespace(t *testing.T) {
	require.NotContains(t, string(render(t, shopPlan(t, Options{MetricsPort: 9100}), Kubernetes)), "9100")
	text := string(render(t, shopPlan(t, Options{MonitoringNamespace: "watch"}), Kubernetes))
	require.Contains(t, text, "kubernetes.io/metadata.name: watch}\n      ports:\n        - {protocol: TCP, port: 8080}", "the service has the route")
	require.NotContains(t, text, "ADMIN_ADDR")
	text = string(render(t, shopPlan(t, Options{MonitoringNamespace: "watch", MetricsPort: 9100}), Kubernetes))
	require.Contains(t, text, "kubernetes.io/metadata.name: watch}\n      ports:\n        - {protocol: TCP, port: 9100}")
	require.Contains(t, text, `{name: ADMIN_ADDR, value: ":9100"}`)
	_, err := NewPlan(shop(t), Options{MonitoringNamespace: "no name"})
	require.ErrorContains(t, err, `the namespace "no name" is no name of one`)
}

// TestCommonFiles: every metric that the common files name is one of the framework's.
func TestCommonFiles(t *testing.T) {
	if *update {
		for own, theirs := range common {
			text, err := os.ReadFile("../../../../observe/metrics/" + theirs)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(own, text, 0o644))
		}
	}
	page, err := os.ReadFile("../../../../docs/reference/metrics.md")
	require.NoError(t, err)
	for own := range common {
		text, err := os.ReadFile(own)
		require.NoError(t, err)
		names := metricNames.FindAllString(string(text), -1)
		require.Greater(t, len(names), 5)
		for _, name := range names {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				name = strings.TrimSuffix(name, suffix)
			}
			require.Contains(t, string(page), "`"+name, own)
		}
	}
}

var metricNames = regexp.MustCompile(`\b(fasterapi|http_server)_[a-z_]+`)

func TestGolden(t *testing.T) {
	for _, k := range kinds {
		text := render(t, shopPlan(t, Options{Valkey: true}), k)
		file := "testdata/shop." + string(k)
		if *update {
			require.NoError(t, os.WriteFile(file, text, 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err, "go test ./internal/deploy -update writes it")
		require.Equal(t, string(want), string(text), "%s: is it meant so? Then: go test ./internal/deploy -update", file)
	}
}

// program is one that the tests need. They are installed by .ci/run.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed (Debian: %s)", name, pkg)
	return ""
}

// TestNginxTakesIt: nginx itself reads the file, without TLS and with it.
func TestNginxTakesIt(t *testing.T) {
	nginx := program(t, "nginx", "nginx-light")
	for _, tls := range []bool{false, true} {
		folder := shortTempDir(t)
		var o Options
		if tls {
			o.Certificate, o.CertificateKey = certificate(t, folder)
			o.Server = "shop.example.org www.shop.example.org"
		}
		p := shopPlan(t, o)
		file := nginxFile(t, p, folder)
		out, err := exec.Command(nginx, "-t", "-p", folder, "-c", file, "-e", p.ErrorLog).CombinedOutput()
		logged, _ := os.ReadFile(p.ErrorLog)
		require.NoError(t, err, "%s%s", out, logged)
		require.NotContains(t, string(out), "[warn]")
	}
}

// nginxFile writes the file of p for an nginx whose other files are all in folder. The names of
// the instances are known to Compose only, and port 80 is not ours.
func nginxFile(t *testing.T, p *Plan, folder string) string {
	t.Helper()
	for i := range p.Upstreams {
		p.Upstreams[i] = fmt.Sprintf("127.0.0.%d:%d", i+1, p.Port)
	}
	p.ListenHTTP, p.ListenTLS, p.TempDir = "unix:"+filepath.Join(folder, "http"), "unix:"+filepath.Join(folder, "https"), folder
	p.PIDFile, p.AccessLog, p.ErrorLog = filepath.Join(folder, "pid"), filepath.Join(folder, "access.log"), filepath.Join(folder, "error.log")
	file := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(file, render(t, p, Nginx), 0o600))
	return file
}

// shortTempDir is a folder whose path leaves room for sockets, which have 108 bytes.
func shortTempDir(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "ng")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// TestNginxServes: through a real nginx, bodies are bounded as the service bounds them, events
// arrive before the next is there, WebSockets may upgrade, and health is not for everybody.
func TestNginxServes(t *testing.T) {
	next := make(chan struct{})
	var upgrade, connection, other atomic.Value
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/orders/events":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: first\n\n")
			_ = http.NewResponseController(w).Flush()
			<-next
			_, _ = io.WriteString(w, "data: second\n\n")
		case "/rooms/blue/talk.ws":
			upgrade.Store(r.Header.Get("Upgrade"))
			connection.Store(r.Header.Get("Connection"))
		default:
			other.Store(r.URL.Path)
			_, _ = io.Copy(io.Discard, r.Body)
		}
	}))
	t.Cleanup(service.Close)
	d := shop(t)
	d.Config.MaxBody = 1000
	d.Routes[1].MaxBody = 0 // that of the photos
	_, port, err := net.SplitHostPort(service.Listener.Addr().String())
	require.NoError(t, err)
	d.Config.Port, err = strconv.Atoi(port)
	require.NoError(t, err)
	p, err := NewPlan(d, Options{Replicas: 1})
	require.NoError(t, err)

	folder := shortTempDir(t)
	file := nginxFile(t, p, folder)
	server := exec.Command(program(t, "nginx", "nginx-light"), "-p", folder, "-c", file, "-e", p.ErrorLog, "-g", "daemon off; master_process off;")
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", filepath.Join(folder, "http"))
	}}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	require.Eventually(t, func() bool {
		response, err := client.Get("http://shop/ask")
		return err == nil && response.Body.Close() == nil && response.StatusCode == 200
	}, 20*time.Second, 10*time.Millisecond)

	answer := func(request *http.Request) *http.Response {
		response, err := client.Do(request)
		require.NoError(t, err)
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}
	get := func(path string) *http.Request {
		request, err := http.NewRequest(http.MethodGet, "http://shop"+path, nil)
		require.NoError(t, err)
		return request
	}
	post := func(size int) *http.Request {
		request, err := http.NewRequest(http.MethodPost, "http://shop/photos", strings.NewReader(strings.Repeat("x", size)))
		require.NoError(t, err)
		return request
	}
	require.Equal(t, 200, answer(post(1000)).StatusCode)
	require.Equal(t, 413, answer(post(1001)).StatusCode)
	require.Equal(t, 403, answer(get("/health")).StatusCode, "who comes by a socket has no address of ours")
	require.NotEqual(t, "/health", other.Load())

	ws := get("/rooms/blue/talk.ws")
	ws.Header.Set("Connection", "Upgrade")
	ws.Header.Set("Upgrade", "websocket")
	require.Equal(t, 200, answer(ws).StatusCode)
	require.Equal(t, "websocket", upgrade.Load())
	require.Equal(t, "upgrade", connection.Load())

	events := bufio.NewReader(answer(get("/orders/events")).Body)
	line, err := events.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "data: first\n", line, "the second is not written yet")
	close(next)
	rest, err := io.ReadAll(events)
	require.NoError(t, err)
	require.Equal(t, "\ndata: second\n\n", string(rest))
}

// TestSystemdTakesIt: systemd's own check of the unit finds nothing.
func TestSystemdTakesIt(t *testing.T) {
	analyze := program(t, "systemd-analyze", "systemd")
	folder, p := t.TempDir(), shopPlan(t, Options{Binary: "/bin/true"})
	var units []string
	for _, k := range []Kind{Systemd, Socket} {
		units = append(units, filepath.Join(folder, k.File(p)))
		require.NoError(t, os.WriteFile(units[len(units)-1], render(t, p, k), 0o600))
	}
	out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, units...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotContains(t, string(out), "shop.")
}

// TestComposeHasTheService reads the file as YAML: the sum of the pools fits Postgres, the
// instances have the time that they need, and what Compose would replace is what is meant.
func TestComposeHasTheService(t *testing.T) {
	var file struct {
		Services map[string]struct {
			Command     []string
			Environment map[string]string
			StopGrace   string         `yaml:"stop_grace_period"`
			ReadOnly    bool           `yaml:"read_only"`
			DependsOn   map[string]any `yaml:"depends_on"`
		}
	}
	require.NoError(t, yaml.Unmarshal(render(t, shopPlan(t, Options{Replicas: 4, Valkey: true}), Compose), &file))
	for i := range 4 {
		app := file.Services[fmt.Sprintf("app%d", i+1)]
		require.Equal(t, "40s", app.StopGrace, "4.5 s and 24.5 s rounded up, and 10")
		require.True(t, app.ReadOnly)
		require.Equal(t, "8080", app.Environment["PORT"])
		require.Equal(t, "4", app.Environment["WORKERS"])
		require.Equal(t, `say "hi": $$name`, app.Environment["GREETING"])
		require.Equal(t, "${MAIL_TOKEN:-}", app.Environment["MAIL_TOKEN"])
		require.Contains(t, app.Environment["DATABASE_URL"], "@postgres:5432/app")
		require.Contains(t, app.DependsOn, "valkey")
	}
	require.Contains(t, file.Services["postgres"].Command, "max_connections=66", "4 x 2 x 7 and 10")
	require.Len(t, file.Services["nginx"].DependsOn, 4)
}

// TestWhatIsWrongIsSaidAtOnce: the service and the options together.
func TestWhatIsWrongIsSaidAtOnce(t *testing.T) {
	d := shop(t)
	d.Config.Host = "127.0.0.1"
	_, err := NewPlan(d, Options{Name: "The Shop", Replicas: 200, Server: "a; evil", Certificate: "/a", Rate: -1})
	for _, want := range []string{"127.0.0.1 only", `"The Shop"`, "replicas", "server name", "key come together", "rate"} {
		require.ErrorContains(t, err, want)
	}
	d.Config.Host, d.Config.Port = "", 0
	_, err = NewPlan(d, Options{})
	require.ErrorContains(t, err, "any free port")
}

func TestLocations(t *testing.T) {
	for pattern, want := range map[string]string{
		"/events":              "= /events",
		"/rooms/{room}":        `~ "^/rooms/[^/]+$"`,
		"/a.b/{x}/c/{rest...}": `~ "^/a\.b/[^/]+/c/.*$"`,
		"/with blank":          `~ "^/with blank$"`,
		`/quote"d`:             `~ "^/quote\"d$"`,
	} {
		require.Equal(t, want, location(pattern))
	}
}

// TestRoundedUp: what waits for the service never gives up first.
func TestRoundedUp(t *testing.T) {
	p := shopPlan(t, Options{})
	require.Equal(t, 5, p.Delay)
	require.Equal(t, 25, p.Drain)
	require.Equal(t, 40, p.TerminationGrace)
	d := shop(t)
	d.Config.DrainDelay = 0
	without, err := NewPlan(d, Options{})
	require.NoError(t, err)
	require.Equal(t, 40, without.TerminationGrace, "Kubernetes waits in its place")
	require.Contains(t, string(render(t, without, Kubernetes)), "sleep: {seconds: 5}")
	require.Equal(t, 35, without.StopGrace)
	require.Equal(t, 35, p.UpstreamIdle, "less than the 40 s of the service")
	require.Equal(t, 90, p.SendTimeout, "not the 60 s of the guide")
	require.EqualValues(t, 33554432, p.BodyLimit, "the longest of all routes")
	require.Equal(t, "./cmd/shop", p.BuildPackage)
	require.Equal(t, 2*(20000+7)+1024, p.NoFile)
	require.True(t, bytes.Contains(render(t, p, Kubernetes), []byte("max_connections >= 150")), "10 x 2 x 7 and 10")
	require.Equal(t, "shop:1.2.0", p.Image)
}

// certificate writes one, and its key.
func certificate(t *testing.T, folder string) (file, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"shop.example.org"}, NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	file, keyFile = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return file, keyFile
}
