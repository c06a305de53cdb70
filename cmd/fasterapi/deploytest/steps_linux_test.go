package deploytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
)

// image is the root of a container, made by the steps of a Dockerfile without a builder of images.
type image struct {
	root       string
	env        []string
	entrypoint string
	health     []string
	bytes      int64
}

// build follows the Dockerfile that the command writes for a package of the repository. What its build stage
// does is done in the repository itself, with /out elsewhere and these build tags; the stage of BusyBox is left out but for
// the folder /tmp.
func build(t testing.TB, pkg, tags string) *image {
	t.Helper()
	repository, err := filepath.Abs("../../..")
	require.NoError(t, err)
	gen := exec.Command("go", "run", ".", "gen", "dockerfile", "-C", repository, "-p", pkg) // the command is a module of its own
	gen.Dir = ".."
	gen.Env = append(os.Environ(), "DB="+filepath.Join(t.TempDir(), "asked.db"))
	gen.Stderr = os.Stderr
	text, err := gen.Output()
	require.NoError(t, err)
	parsed, err := parser.Parse(bytes.NewReader(text))
	require.NoError(t, err)

	out, stage := t.TempDir(), ""
	im := &image{root: t.TempDir()}
	require.NoError(t, os.Chmod(im.root, 0o755))
	var arguments []string
	host := strings.NewReplacer("/out/", out+"/", "/usr/local/go/", goroot(t)+"/")
	for _, node := range parsed.AST.Children {
		words := wordsOf(node.Next)
		switch strings.ToUpper(node.Value) {
		case "FROM":
			if stage = words[0]; len(words) == 3 {
				stage = words[2]
			}
		case "RUN":
			if strings.Contains(words[0], "mod download") {
				continue // the cache of modules is there
			}
			run := exec.Command("sh", "-ec", host.Replace(words[0]))
			run.Dir, run.Env = repository, append(os.Environ(), arguments...)
			out, err := run.CombinedOutput()
			require.NoError(t, err, "%s\n%s", words[0], out)
		case "ARG":
			name, preset, _ := strings.Cut(words[0], "=")
			given := map[string][2]string{"VERSION": {"dev", "1.2.3-test"}, "TAGS": {"", tags}}
			require.Contains(t, given, name)
			require.Equal(t, given[name][0], preset)
			arguments = append(arguments, name+"="+given[name][1])
		case "COPY":
			im.copy(t, stage, node.Flags, words, host)
		case "ENV":
			for i := 0; i+1 < len(words); i += 3 { // name, value, "="
				im.env = append(im.env, words[i]+"="+words[i+1])
			}
		case "HEALTHCHECK":
			im.health = words
		case "ENTRYPOINT":
			im.entrypoint = words[0]
		}
	}
	return im
}

func wordsOf(node *parser.Node) (out []string) {
	for ; node != nil; node = node.Next {
		out = append(out, node.Value)
	}
	return out
}

func goroot(t testing.TB) string {
	t.Helper()
	text, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

// copy does a COPY of the last stage.
func (im *image) copy(t testing.TB, stage string, flags, words []string, host *strings.Replacer) {
	t.Helper()
	if stage == "build" {
		return // into /src, which is the repository
	}
	from, to := host.Replace(words[0]), filepath.Join(im.root, words[1])
	if strings.Contains(strings.Join(flags, " "), "--from=tools") {
		if words[1] == "/tmp" {
			require.NoError(t, os.Mkdir(to, 0o777))
			require.NoError(t, os.Chmod(to, 0o777))
		}
		return
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
	source, err := os.Open(from)
	require.NoError(t, err)
	defer source.Close()
	info, err := source.Stat()
	require.NoError(t, err)
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, info.Mode()|0o444)
	require.NoError(t, err)
	n, err := io.Copy(target, source)
	require.NoError(t, err)
	require.NoError(t, target.Close())
	im.bytes += n
}

// start starts the image as a container would: in its root, as nobody, as the first process of a namespace.
func (im *image) start(t testing.TB) (process *exec.Cmd, url string) {
	t.Helper()
	process = exec.Command(im.entrypoint)
	process.Env = append(append([]string{}, im.env...), "PORT=0", "DB=/tmp/shop.db", "ADMIN_ADDR=off")
	process.Dir = "/"
	log := &portLog{port: make(chan string, 1)}
	process.Stderr = log
	process.SysProcAttr = &syscall.SysProcAttr{Chroot: im.root, Cloneflags: syscall.CLONE_NEWPID}
	if os.Geteuid() == 0 {
		process.SysProcAttr.Credential = &syscall.Credential{Uid: 65532, Gid: 65532}
	} else {
		process.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		process.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Getuid(), Size: 1}}
		process.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Getgid(), Size: 1}}
	}
	require.NoError(t, process.Start())
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	select {
	case port := <-log.port:
		return process, "http://127.0.0.1:" + port
	case <-time.After(time.Minute):
		t.Fatal("it does not say where it serves")
		return nil, ""
	}
}

// portLog passes on what a service logs, and tells on which port it serves.
//
// Owner: the goroutine that copies the log; port: any (channel).
type portLog struct {
	text []byte
	told bool
	port chan string
}

var servingAt = regexp.MustCompile(`\bserving\b.*\baddress"?[=:]"?\S*?:(\d+)[\s"]`)

// Write implements [io.Writer].
func (l *portLog) Write(p []byte) (int, error) {
	if !l.told {
		l.text = append(l.text, p...)
		if m := servingAt.FindSubmatch(l.text); m != nil {
			l.told = true
			l.port <- string(m[1])
		}
	}
	return os.Stderr.Write(p)
}

// answers waits until path is answered with 200.
func answers(t testing.TB, url string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		response, err := http.Get(url)
		if err == nil {
			text, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err == nil && response.StatusCode == http.StatusOK {
				return string(text)
			}
		}
		require.True(t, time.Now().Before(deadline), "%s does not answer: %v", url, err)
		time.Sleep(time.Millisecond)
	}
}

// TestImage: the steps of the Dockerfile make a root in which the service runs with nothing else: no libraries, no shell, no
// writable place but /tmp, not root, as PID 1. It is small, and SIGTERM ends it.
func TestImage(t *testing.T) {
	im := build(t, "./examples/hello", "")
	process, url := im.start(t)
	probe, err := http.NewRequest(http.MethodGet, im.health[len(im.health)-1], http.NoBody)
	require.NoError(t, err)
	answers(t, url+probe.URL.Path)
	var greeting struct{ Message string }
	require.NoError(t, json.Unmarshal([]byte(answers(t, url+"/hello/you")), &greeting))
	require.Contains(t, greeting.Message, "you")
	require.Less(t, im.bytes, int64(25<<20))
	status := readStatus(t, process.Process.Pid)
	require.Equal(t, "1", status["NSpid"][len(status["NSpid"])-1])
	if os.Geteuid() == 0 {
		require.Equal(t, "65532", status["Uid"][0])
	}
	require.NoError(t, process.Process.Signal(syscall.SIGINT))
	require.NoError(t, process.Wait(), "exit status 0")
}

// readStatus reads /proc/PID/status: the words behind each name.
func readStatus(t testing.TB, pid int) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	out := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		out[name] = strings.Fields(rest)
	}
	return out
}

// BenchmarkImage is how long the production example needs from its start to its first answer, with a database that is there, how much memory it
// has after that and a second of idleness, and how large its image is without BusyBox: with SQLite, and as it is for Postgres
// alone. bench/RESULTS.md.
func BenchmarkImage(b *testing.B) {
	im := build(b, "./examples/production", "")
	first, url := im.start(b)
	answers(b, url+"/ready") // makes the database
	_ = first.Process.Signal(syscall.SIGINT)
	_ = first.Wait()
	var cold time.Duration
	var resident float64
	for b.Loop() {
		begin := time.Now()
		process, url := im.start(b)
		answers(b, url+"/user/7")
		cold += time.Since(begin)
		time.Sleep(time.Second) // idle
		kib, err := strconv.Atoi(readStatus(b, process.Process.Pid)["VmRSS"][0])
		require.NoError(b, err)
		resident = max(resident, float64(kib)/1024)
		_ = process.Process.Signal(syscall.SIGINT)
		_ = process.Wait()
	}
	b.ReportMetric(float64(cold.Milliseconds())/float64(b.N), "ms-cold")
	b.ReportMetric(resident, "MiB-idle")
	b.ReportMetric(float64(im.bytes)/(1<<20), "MiB-image")
	b.ReportMetric(float64(build(b, "./examples/production", "nosqlite").bytes)/(1<<20), "MiB-image-nosqlite")
}

// TestSocketActivate: systemd's own program listens, and starts the service when the first client comes.
func TestSocketActivate(t *testing.T) {
	activate, err := exec.LookPath("systemd-socket-activate")
	require.NoError(t, err, "Debian: systemd")
	program := filepath.Join(t.TempDir(), "hello")
	build := exec.Command("go", "build", "-o", program, "./examples/hello")
	build.Dir = "../../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	listener, err := net.Listen("tcp", "[::]:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, listener.Close())
	var log strings.Builder
	service := exec.Command(activate, "--listen="+port, "--setenv=PORT="+port, program)
	service.Stderr = &log
	require.NoError(t, service.Start())
	t.Cleanup(func() { _ = service.Process.Kill(); _ = service.Wait() })
	require.Contains(t, answers(t, "http://127.0.0.1:"+port+"/hello/you"), "you")
	// It has become the service, and ends as that does.
	require.NoError(t, service.Process.Signal(syscall.SIGINT))
	require.NoError(t, service.Wait(), log.String())
	require.NotContains(t, log.String(), "address already in use")
}

// TestSystemdSecurity: what systemd thinks of the unit, from 0 (locked up) to 10 (open); a unit with nothing in it has 9.6.
func TestSystemdSecurity(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	require.NoError(t, err, "Debian: systemd")
	unit := filepath.Join(t.TempDir(), "shop.service")
	text := bytes.ReplaceAll(golden(t, "shop.systemd"), []byte("/usr/local/bin/shop"), []byte("/bin/true"))
	require.NoError(t, os.WriteFile(unit, text, 0o600))
	check := func() ([]byte, error) {
		return exec.Command(analyze, "security", "--offline=true", "--no-pager", "--threshold=14", unit).CombinedOutput()
	}
	out, err := check()
	require.NoError(t, err, "more than 1.4\n%s", out)
	require.NoError(t, os.WriteFile(unit, bytes.ReplaceAll(text, []byte("PrivateUsers=yes"), nil), 0o600))
	out, err = check()
	require.Error(t, err, "one line less is noticed\n%s", out)
}
