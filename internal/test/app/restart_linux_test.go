package app_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/health"
)

// generation is set where the service was started by an older one.
const generation = "FASTERAPI_TEST_GENERATION"

// restartDelay is how long a process goes on accepting that has handed over.
const restartDelay = 500 * time.Millisecond

// restartService tells its number. What is started in its place is as kind says.
func restartService(kind string) {
	cfg := fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, DrainDelay: restartDelay, H2C: kind == "h2c", NetHTTP: kind == "net http"}
	if kind == "TLS" {
		cfg.TLS = &tls.Config{Certificates: testCertificates}
	}
	cfg.Overload.Off = true // no request may fail on a busy machine
	later := os.Getenv(generation) != ""
	if err := os.Setenv(generation, "later"); err != nil {
		panic(err)
	}
	if kind == "unhealthy" {
		cfg.RestartTimeout = time.Second
	}
	if later && kind == "fewer cores" {
		cfg.Cores = 1
	}
	app := fasterapi.New(cfg)
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		return fasterapi.Text(strconv.Itoa(os.Getpid())), nil
	})
	app.OnStart(func(context.Context) error {
		if later && kind == "broken" {
			return errors.New("no such table")
		}
		return nil
	})
	app.HealthCheck(health.Check{Name: "lake", Critical: true, Run: func(context.Context) error {
		if later && kind == "unhealthy" {
			return errors.New("it is dry")
		}
		return nil
	}})
	if kind == "admin" {
		operated(app)
	}
	app.Run()
}

// adminAddr is the second address of the service, where an older one had it.
const adminAddr = "FASTERAPI_TEST_ADMIN"

// operated gives app a second address, which stays the same over restarts.
func operated(app *fasterapi.App) {
	panel := admin.Attach(app, admin.Config{
		Addr: cmp.Or(os.Getenv(adminAddr), "127.0.0.1:0"), Flight: admin.FlightConfig{Off: true},
		Pages: map[string]http.Handler{"/pid": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })},
	})
	app.OnStart(func(context.Context) error { return os.Setenv(adminAddr, panel.Addr().String()) })
}

// TestRestartKeepsTheSecondAddress: the listener of package admin is handed over as well, and no request to it fails.
func TestRestartKeepsTheSecondAddress(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		restartService(kind)
		return
	}
	p := family(t, "admin", func(*exec.Cmd) {})
	_, addr, _ := strings.Cut(p.line("administering"), "address=")
	p.serving()
	url := "http://" + strings.Fields(addr)[0] + "/pid"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	var over atomic.Bool
	var failed atomic.Value
	var last atomic.Value
	var asking sync.WaitGroup
	asking.Go(func() {
		for !over.Load() {
			body, err := fetch(client, url)
			if err != nil {
				failed.Store(err.Error())
				continue
			}
			last.Store(body)
			time.Sleep(time.Millisecond)
		}
	})
	pid := p.command.Process.Pid
	for range 2 {
		pid = p.restart(pid)
		require.Eventually(t, func() bool { return last.Load() == strconv.Itoa(pid) }, 30*time.Second, 5*time.Millisecond)
	}
	over.Store(true)
	asking.Wait()
	require.Nil(t, failed.Load())
	require.NoError(t, syscall.Kill(pid, syscall.SIGINT))
	status, log := p.end()
	require.Zero(t, status, log)
	_, err := fetch(client, url)
	require.Error(t, err, "nobody has the address any more")
}

// family starts a process with all that it starts in a group, which ends with the test.
func family(t *testing.T, kind string, prepare func(*exec.Cmd)) *process {
	p := startProcess(t, kind, func(command *exec.Cmd) {
		command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		prepare(command)
	})
	t.Cleanup(func() { _ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) })
	return p
}

// restart makes the process with this number start another one, and returns its number.
func (p *process) restart(pid int) int {
	p.t.Helper()
	require.NoError(p.t, syscall.Kill(pid, syscall.SIGUSR2))
	_, number, _ := strings.Cut(p.line("handed over"), "pid=")
	next, err := strconv.Atoi(number)
	require.NoError(p.t, err)
	return next
}

// clientOf is how the n-th client of a process of this kind connects: the first of them for each request
// anew, and half of those over TLS with HTTP/2.
func clientOf(kind string, n int) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(kind != "h2c")
	protocols.SetUnencryptedHTTP2(kind == "h2c")
	protocols.SetHTTP2(n%2 == 1)
	return &http.Transport{
		DisableKeepAlives: n == 0, Protocols: &protocols, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // each process has a certificate of its own
	}
}

// TestRestartLosesNoRequest: clients that keep their connections, and some that do not,
// see one process after the other, and no failure. Several drain at a time.
func TestRestartLosesNoRequest(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		restartService(kind)
		return
	}
	for kind, restarts := range map[string]int{"http1": 3, "h2c": 2, "TLS": 2, "net http": 2, "fewer cores": 1} {
		t.Run(kind, func(t *testing.T) {
			p := family(t, kind, func(*exec.Cmd) {})
			p.serving()
			if kind == "TLS" {
				p.url = "https" + strings.TrimPrefix(p.url, "http")
			}
			pid := p.command.Process.Pid
			seen := []int{pid}
			var over atomic.Bool
			var answered, failed, late atomic.Int64
			var why atomic.Value
			var answers sync.Map
			var clients sync.WaitGroup
			for n := range 6 {
				clients.Go(func() {
					transport := clientOf(kind, n)
					defer transport.CloseIdleConnections()
					client := &http.Client{Transport: transport, Timeout: time.Minute}
					for !over.Load() {
						begin := time.Now()
						body, err := fetch(client, p.url)
						switch {
						case err != nil && time.Since(begin) >= restartDelay*3/4:
							late.Add(1) // who connects and says nothing for the whole delay is idle
							continue
						case err != nil:
							failed.Add(1)
							why.Store(err.Error())
							continue
						}
						answered.Add(1)
						answers.Store(body, true)
						time.Sleep(time.Millisecond)
					}
				})
			}
			for range restarts {
				pid = p.restart(pid)
				seen = append(seen, pid)
				wanted := strconv.Itoa(pid)
				require.Eventually(t, func() bool { _, ok := answers.Load(wanted); return ok }, 30*time.Second, 5*time.Millisecond)
			}
			over.Store(true)
			clients.Wait()
			require.Zero(t, failed.Load(), "of %d: %v", failed.Load()+answered.Load(), why.Load())
			require.LessOrEqual(t, late.Load(), int64(6), "each client may stand still once")
			t.Logf("%d answers of %d processes", answered.Load(), len(seen))
			require.NoError(t, syscall.Kill(pid, syscall.SIGINT))
			status, log := p.end()
			require.Zero(t, status, log)
			require.Equal(t, 1+restarts, strings.Count(log, "INFO draining"), log)
		})
	}
}

func fetch(client *http.Client, url string) (string, error) {
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	return string(body), err
}

// TestRestartFails: the old process goes on, says why, and restarts another time.
func TestRestartFails(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		restartService(kind)
		return
	}
	for kind, want := range map[string]string{"broken": "has ended: exit status 1", "unhealthy": "was not ready in time"} {
		t.Run(kind, func(t *testing.T) {
			p := family(t, kind, func(*exec.Cmd) {})
			p.serving()
			for again := kind == "broken"; ; again = false {
				require.NoError(t, p.command.Process.Signal(syscall.SIGUSR2))
				require.Contains(t, p.line("the restart has failed"), want)
				body, err := fetch(http.DefaultClient, p.url)
				require.NoError(t, err)
				require.Equal(t, strconv.Itoa(p.command.Process.Pid), body)
				if !again {
					break
				}
			}
			require.NoError(t, p.command.Process.Signal(os.Interrupt))
			status, log := p.end()
			require.Zero(t, status, log)
		})
	}
}

// TestSocketActivation: a socket that the service manager has opened is served, what
// has waited in its queue first, and handed on by a restart. The service manager
// hears what happens.
func TestSocketActivation(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		restartService(kind)
		return
	}
	for _, kind := range []string{"http1", "h2c"} {
		t.Run(kind, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			file, err := listener.(*net.TCPListener).File()
			require.NoError(t, err)
			waiting := dial(t, service{url: "http://" + listener.Addr().String()})
			_, err = io.WriteString(waiting, "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			folder, err := os.MkdirTemp("", "sd") // the path of a socket is short
			require.NoError(t, err)
			defer os.RemoveAll(folder)
			manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: folder + "/notify", Net: "unixgram"})
			require.NoError(t, err)
			defer manager.Close()
			var said sync.Map
			go func() { // its queue is short
				text := make([]byte, 200)
				for {
					n, err := manager.Read(text)
					if err != nil {
						return // closed
					}
					what, _, _ := strings.Cut(string(text[:n]), "_USEC=") // which is a time
					said.Store(what, true)
				}
			}()
			hears := func(want string) {
				t.Helper()
				require.Eventually(t, func() bool { _, ok := said.Load(want); return ok }, 30*time.Second, 5*time.Millisecond, want)
			}
			p := family(t, kind, func(command *exec.Cmd) {
				args := append([]string{"sh", "-c", `export LISTEN_PID=$$; exec "$0" "$@"`}, command.Args...)
				shell, err := exec.LookPath("sh")
				require.NoError(t, err)
				command.Path, command.Args = shell, args
				command.ExtraFiles = []*os.File{file}
				command.Env = append(command.Env, "LISTEN_FDS=1", "NOTIFY_SOCKET="+folder+"/notify", "WATCHDOG_USEC=200000")
			})
			p.serving()
			hears("READY=1")
			hears("WATCHDOG=1")
			require.NoError(t, errors.Join(file.Close(), listener.Close()))
			require.Equal(t, "http://"+listener.Addr().String(), p.url)
			answer, err := io.ReadAll(waiting)
			require.NoError(t, err)
			require.Contains(t, string(answer), "200 OK")

			pid := p.restart(p.command.Process.Pid)
			hears("RELOADING=1\nMONOTONIC")
			hears(fmt.Sprintf("MAINPID=%d\nREADY=1", pid))
			require.Eventually(t, func() bool {
				body, err := fetch(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, p.url)
				return err == nil && body == strconv.Itoa(pid)
			}, 30*time.Second, 5*time.Millisecond)
			require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
			hears("STOPPING=1")
			status, log := p.end()
			require.Zero(t, status, log)
		})
	}
}

// TestSocketsOfSeveralAddresses: of the sockets that the service manager has opened, in any order, those of Config.Addr and of App.Listen are
// served, what has waited in their queues first; one that nobody wants is closed, and so is what does not listen.
func TestSocketsOfSeveralAddresses(t *testing.T) {
	if os.Getenv("FASTERAPI_TEST_STUCK") != "" {
		main, second, _ := strings.Cut(os.Getenv("TEST_ADDRESSES"), " ")
		app := fasterapi.New(fasterapi.Config{Addr: main, Cores: 2, DrainDelay: -1, NetHTTP: os.Getenv("FASTERAPI_TEST_STUCK") == "net http"})
		app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "main", nil })
		app.OnStart(func(ctx context.Context) error {
			l, err := app.Listen(ctx, second)
			if err != nil {
				return err
			}
			go func() { // ends with the process
				_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "second") }))
			}()
			return nil
		})
		app.Run()
		return
	}
	for _, kind := range []string{"reactors", "net http"} {
		for _, order := range [][]string{{"main", "second", "nobody", "datagrams"}, {"datagrams", "nobody", "second", "main"}} {
			t.Run(kind+" "+strings.Join(order, " "), func(t *testing.T) {
				address, waiting := map[string]string{}, map[string]net.Conn{}
				var files []*os.File
				for _, name := range order {
					var file *os.File
					if name == "datagrams" {
						packets, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
						require.NoError(t, err)
						file, err = packets.File()
						require.NoError(t, errors.Join(err, packets.Close()))
					} else {
						listener, err := net.Listen("tcp", "127.0.0.1:0")
						require.NoError(t, err)
						address[name] = listener.Addr().String()
						waiting[name] = dial(t, service{url: "http://" + address[name]})
						_, err = io.WriteString(waiting[name], "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
						require.NoError(t, err)
						file, err = listener.(*net.TCPListener).File()
						require.NoError(t, errors.Join(err, listener.Close()))
					}
					files = append(files, file)
				}
				p := startProcess(t, kind, func(command *exec.Cmd) {
					args := append([]string{"sh", "-c", `export LISTEN_PID=$$; exec "$0" "$@"`}, command.Args...)
					shell, err := exec.LookPath("sh")
					require.NoError(t, err)
					command.Path, command.Args = shell, args
					command.ExtraFiles = files
					command.Env = append(command.Env, "LISTEN_FDS="+strconv.Itoa(len(files)), "TEST_ADDRESSES="+address["main"]+" "+address["second"])
				})
				for _, file := range files {
					require.NoError(t, file.Close())
				}
				warned := p.line("nor was it taken by an App.Listen") + p.line("nor was it taken by an App.Listen")
				require.Contains(t, warned, address["nobody"])
				require.Contains(t, warned, "no listening socket")
				p.serving()
				for name, want := range map[string]string{"main": `"main"`, "second": "second"} {
					answer, err := io.ReadAll(waiting[name])
					require.NoError(t, err)
					require.Contains(t, string(answer), "200 OK")
					require.True(t, strings.HasSuffix(string(answer), "\r\n\r\n"+want), "%s", answer)
				}
				_, err := waiting["nobody"].Read(make([]byte, 1))
				require.ErrorIs(t, err, syscall.ECONNRESET, "it has no listener any more")
				require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
				status, log := p.end()
				require.Zero(t, status, log)
			})
		}
	}
}

// TestListenersOfDev: a server that stands before the service has its address, and hands it another one.
func TestListenersOfDev(t *testing.T) {
	if os.Getenv("FASTERAPI_TEST_STUCK") != "" {
		if os.Getenv("FASTERAPI_DEV") == "" {
			panic("the variable is gone before Run")
		}
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.2:0", Cores: 1, DrainDelay: -1})
		app.OnStart(func(context.Context) error {
			if os.Getenv("FASTERAPI_DEV") != "" {
				return errors.New("children would take it for theirs")
			}
			return nil
		})
		app.Run()
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	defer file.Close()
	p := startProcess(t, "dev", func(command *exec.Cmd) {
		args := append([]string{"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}, command.Args...)
		shell, err := exec.LookPath("sh")
		require.NoError(t, err)
		command.Path, command.Args = shell, args
		command.ExtraFiles = []*os.File{file}
		command.Env = append(command.Env, "LISTEN_FDS=1", "FASTERAPI_DEV=1")
	})
	p.serving()
	require.Equal(t, "http://"+listener.Addr().String(), p.url)
	require.NoError(t, p.command.Process.Signal(syscall.SIGINT))
	status, log := p.end()
	require.Zero(t, status, log)
}

// TestListenersOfAnotherAddress are closed, and the right one is opened.
func TestListenersOfAnotherAddress(t *testing.T) {
	if os.Getenv("FASTERAPI_TEST_STUCK") != "" {
		fasterapi.New(fasterapi.Config{Addr: "127.0.0.2:0", Cores: 1, DrainDelay: -1}).Run()
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	defer file.Close()
	ready, tells, err := os.Pipe()
	require.NoError(t, err)
	defer ready.Close()
	defer tells.Close()
	p := startProcess(t, "other", func(command *exec.Cmd) {
		command.ExtraFiles = []*os.File{file, tells}
		command.Env = append(command.Env, "FASTERAPI_LISTENERS=1")
	})
	p.line("not for Config.Addr")
	p.serving()
	require.Contains(t, p.url, "127.0.0.2")
	require.NoError(t, tells.Close())
	said, err := io.ReadAll(ready)
	require.NoError(t, err)
	require.Equal(t, "ready\n", string(said))
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	status, log := p.end()
	require.Zero(t, status, log)
}
