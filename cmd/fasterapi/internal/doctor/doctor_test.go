package doctor

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/checklist"
)

// healthy is a machine with which nothing is wrong; port 0 is always free.
func healthy(t *testing.T) *machine {
	m := &machine{
		Options: Options{Dir: t.TempDir(), Connections: 10_000, Timeout: 30 * time.Second}, root: t.TempDir(), dotEnv: map[string]string{"PORT": "0"},
		environ: func(string) string { return "" }, now: time.Now(), synced: func() (bool, bool) { return true, true },
		run: func(_ context.Context, _ string, _ []string, args ...string) (string, error) {
			return map[string]string{"go env GOVERSION": "go1.27.4", "sh -c ulimit -Hn": "1048576"}[strings.Join(args, " ")], nil
		},
	}
	m.kernel(t, "proc/sys/net/core/somaxconn", "4096")
	m.kernel(t, "proc/sys/fs/inotify/max_user_watches", "65536")
	return m
}

// kernel writes a file of the kernel.
func (m *machine) kernel(t *testing.T, name, text string) {
	file := filepath.Join(m.root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text+"\n"), 0o600))
}

func (m *machine) says(variables map[string]string) { m.dotEnv = variables }

// TestHealthy: every line is well, and there is one for each thing that the machine has.
func TestHealthy(t *testing.T) {
	var names []string
	m := healthy(t)
	require.NoError(t, os.WriteFile(filepath.Join(m.Dir, ".env"), []byte("PORT=0\n"), 0o600))
	for _, item := range m.look(t.Context()) {
		names = append(names, item.Name)
		require.Equal(t, checklist.OK, item.Level, item)
		require.Empty(t, item.Remedy)
	}
	require.Equal(t, []string{"go", "files", "cores", "memory", "backlog", "watches", "port", "clock"}, names)
	require.NotEmpty(t, Look(t.Context(), Options{Dir: t.TempDir(), Port: 1 << 17}), "this machine, whatever it is")
}

// TestLimits: what the kernel and the environment say.
func TestLimits(t *testing.T) {
	type look func(*machine, context.Context) *checklist.Item
	for name, c := range map[string]struct {
		look      look
		kernel    map[string]string
		variables map[string]string
		want      string
	}{
		"backlog":     {(*machine).backlog, map[string]string{"proc/sys/net/core/somaxconn": "128"}, nil, "warn net.core.somaxconn is 128"},
		"watches":     {(*machine).watches, map[string]string{"proc/sys/fs/inotify/max_user_watches": "100"}, nil, "warn fs.inotify"},
		"quota":       {(*machine).cores, map[string]string{"sys/fs/cgroup/cpu.max": "50000 100000"}, nil, "may use 0.5: a burst"},
		"quota 1":     {(*machine).cores, map[string]string{"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, nil, "may use 0.5: a burst"},
		"no quota":    {(*machine).cores, map[string]string{"sys/fs/cgroup/cpu.max": "max 100000"}, nil, fmt.Sprintf("ok %d cores", runtime.NumCPU())},
		"procs":       {(*machine).cores, nil, map[string]string{"GOMAXPROCS": "1000"}, "warn " + fmt.Sprint(runtime.NumCPU()) + " cores, and GOMAXPROCS is 1000"},
		"reactors":    {(*machine).cores, map[string]string{"sys/fs/cgroup/cpu.max": "200000 100000"}, map[string]string{"REACTOR_CORES": "9999"}, "REACTOR_CORES is 9999"},
		"memory":      {(*machine).memory, map[string]string{"sys/fs/cgroup/memory.max": "536870912"}, nil, "ok the container may have 512 MiB"},
		"memory 1":    {(*machine).memory, map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"}, nil, "ok no limit"},
		"little":      {(*machine).memory, map[string]string{"sys/fs/cgroup/memory.max": "33554432"}, nil, "warn the container may have 32 MiB"},
		"go limit":    {(*machine).memory, map[string]string{"sys/fs/cgroup/memory.max": "536870912"}, map[string]string{"GOMEMLIMIT": "1GiB"}, "fail the container may have 512 MiB, and GOMEMLIMIT is 1024 MiB"},
		"go nonsense": {(*machine).memory, nil, map[string]string{"GOMEMLIMIT": "1GB"}, `fail GOMEMLIMIT is "1GB"`},
		"port":        {(*machine).port, nil, map[string]string{"PORT": "http"}, `fail PORT is "http"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := healthy(t)
			for file, text := range c.kernel {
				m.kernel(t, file, text)
			}
			m.says(c.variables)
			item := c.look(m, t.Context())
			require.Contains(t, string(item.Level)+" "+item.Text, c.want)
			require.Equal(t, item.Level != checklist.OK, item.Remedy != "")
		})
	}
	m := healthy(t)
	m.run = func(context.Context, string, []string, ...string) (string, error) { return "1024", nil }
	require.Equal(t, checklist.Warn, m.files(t.Context()).Level)
	require.Contains(t, m.files(t.Context()).Remedy, "LimitNOFILE=11024")
	m.synced = func() (bool, bool) { return false, true }
	require.Equal(t, checklist.Warn, m.clock(t.Context()).Level)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	m.Port = listener.Addr().(*net.TCPAddr).Port
	require.Contains(t, m.port(t.Context()).Text, "is in use")
}

// TestToolchain: an older Go is well as long as it may fetch the one that is needed.
func TestToolchain(t *testing.T) {
	for _, c := range []struct{ installed, setting, environ, fetched, want, remedy string }{
		{"go1.27.4", "local", "", "", "ok go1.27.4, and go.mod needs go1.27.4", ""},
		{"go1.28.0", "auto", "", "", "ok go1.28.0, and", ""},
		{"go1.26.8", "auto", "", "go1.27.4", "ok go1.26.8 is installed, and uses go1.27.4", ""},
		{"go1.26.8", "go1.27.4", "", "go1.27.4", "ok go1.26.8", ""},
		{"go1.26.8", "local", "local", "", "fail go1.26.8 is installed, go.mod needs go1.27.4, and GOTOOLCHAIN=local keeps", "unset GOTOOLCHAIN"},
		{"go1.26.8", "go1.27.0", "", "", "fail go1.26.8 is installed, go.mod needs go1.27.4, and GOTOOLCHAIN=go1.27.0 keeps", "go env -w GOTOOLCHAIN=auto"},
		{"go1.26.8", "auto", "", "", "fail go1.26.8 is installed, go.mod needs go1.27.4, and it cannot be had: no network", "a network"},
		{"go1.19", "", "", "", "fail go1.19 is installed, which cannot fetch", "go.dev"},
		{"", "", "", "", "fail there is no go command", "go.dev"},
	} {
		m := healthy(t)
		require.NoError(t, os.WriteFile(filepath.Join(m.Dir, "go.mod"), []byte("module x\n\ngo 1.27.0\n\ntoolchain go1.27.4\n"), 0o600))
		m.environ = func(name string) string { return map[string]string{"GOTOOLCHAIN": c.environ}[name] }
		m.run = func(_ context.Context, dir string, _ []string, args ...string) (string, error) {
			switch {
			case args[2] == "GOTOOLCHAIN":
				return c.setting, nil
			case dir == m.Dir && c.fetched == "":
				return "", errors.New("no network")
			case dir == m.Dir:
				return c.fetched, nil
			case c.installed == "":
				return "", errors.New("not found")
			}
			return c.installed, nil
		}
		item := m.toolchain(t.Context())
		require.Contains(t, string(item.Level)+" "+item.Text, c.want)
		require.Contains(t, item.Remedy, c.remedy)
	}
}

// TestDatabase: a server that lets us in, one that does not, and none; the password is never said.
func TestDatabase(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go postgres(conn)
		}
	}()
	m := healthy(t)
	ask := func(address string) checklist.Item {
		m.says(map[string]string{"DATABASE_URL": address})
		item := m.database(t.Context())
		require.NotContains(t, fmt.Sprint(item), "hidden")
		return *item
	}
	base := listener.Addr().String()
	item := ask("postgres://app:hidden@" + base + "/shop?sslmode=disable")
	require.Equal(t, checklist.OK, item.Level, item)
	require.Contains(t, item.Text, "PostgreSQL 17.2, with max_connections 100")
	item = ask("postgres://nobody:hidden@" + base + "/shop?sslmode=disable")
	require.Contains(t, item.Text, "does not let us in: who are you (28P01)")
	require.NoError(t, listener.Close())
	require.Contains(t, ask("postgres://app:hidden@"+base+"/shop?sslmode=disable").Text, "cannot be reached")
	require.Contains(t, ask("postgres://app:hidden@:x/").Text, "is no address")
	m.says(nil)
	require.Nil(t, m.database(t.Context()), "nobody has said that there is one")
}

// postgres lets everybody in but nobody.
func postgres(conn net.Conn) {
	defer conn.Close()
	b := pgproto3.NewBackend(conn, conn)
	first, err := b.ReceiveStartupMessage()
	if err != nil {
		return
	}
	if start, ok := first.(*pgproto3.StartupMessage); !ok || start.Parameters["user"] == "nobody" {
		b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: "who are you"})
		_ = b.Flush()
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.ParameterStatus{Name: "server_version", Value: "17.2"})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for b.Flush() == nil {
		message, err := b.Receive()
		if err != nil {
			return
		}
		if _, ok := message.(*pgproto3.Query); ok {
			b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("max_connections"), DataTypeOID: 25}}})
			b.Send(&pgproto3.DataRow{Values: [][]byte{[]byte("100")}})
			b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SHOW")})
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		}
	}
}

func TestRedis(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	answers := make(chan string, 2)
	go func() {
		for answer := range answers {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(conn).ReadString('\n')
			_, _ = conn.Write([]byte(answer))
			_ = conn.Close()
		}
	}()
	defer close(answers)
	m := healthy(t)
	m.says(map[string]string{"REDIS_URL": "redis://:hidden@" + listener.Addr().String()})
	answers <- "-NOAUTH Authentication required.\r\n"
	require.Equal(t, checklist.OK, m.redis(t.Context()).Level)
	answers <- "HTTP/1.1 400 Bad Request\r\n"
	require.Contains(t, m.redis(t.Context()).Text, "it is no Redis")
	require.NoError(t, listener.Close())
	item := m.redis(t.Context())
	require.Equal(t, checklist.Warn, item.Level)
	require.NotContains(t, item.Text, "hidden")
	m.says(map[string]string{"REDIS_URL": "localhost"})
	require.Equal(t, checklist.Fail, m.redis(t.Context()).Level)
}

func TestCertificate(t *testing.T) {
	m := healthy(t)
	m.Cert, m.Key = certificate(t, m.now.Add(90*24*time.Hour), "shop.example.org")
	require.Equal(t, checklist.OK, m.certificate(t.Context()).Level)
	require.NoError(t, os.Chmod(m.Key, 0o644))
	require.Contains(t, m.certificate(t.Context()).Remedy, "chmod 600")
	_, m.Key = certificate(t, m.now.Add(time.Hour), "shop.example.org")
	require.Equal(t, checklist.Fail, m.certificate(t.Context()).Level, "the key of another one")
	m.Cert, m.Key = certificate(t, m.now.Add(time.Hour), "shop.example.org")
	require.Equal(t, checklist.Warn, m.certificate(t.Context()).Level)
	m.now = m.now.Add(2 * time.Hour)
	require.Contains(t, m.certificate(t.Context()).Text, "has ended")
	m.now = m.now.Add(-1000 * 24 * time.Hour)
	require.Contains(t, m.certificate(t.Context()).Text, "begins on")
	m = healthy(t)
	m.Cert, m.Key = certificate(t, m.now.Add(90*24*time.Hour))
	require.Contains(t, m.certificate(t.Context()).Text, "names no host")
	m.Key = "/no/such/file"
	require.Equal(t, checklist.Fail, m.certificate(t.Context()).Level)
}

// certificate writes one, and its key.
func certificate(t *testing.T, until time.Time, hosts ...string) (file, keyFile string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: hosts, NotBefore: until.Add(-100 * 24 * time.Hour), NotAfter: until}
	made, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	folder := t.TempDir()
	file, keyFile = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return file, keyFile
}
