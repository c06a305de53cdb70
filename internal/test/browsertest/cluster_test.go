package browsertest

import (
	"fmt"
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

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/internal/test/ports"
)

// TestClusterPage: the page of the cluster shows who answers and what happens in all instances, and goes on when the
// instance that answered is killed: nobody touches the browser.
func TestClusterPage(t *testing.T) {
	url := startCluster(t)
	b := open(t)
	b.do(t, chromedp.Navigate(url))
	b.waitFor(t, `/^pid \d+/.test(document.querySelector("#more").innerText)`)

	b.do(t, chromedp.Click("#order"))
	b.waitForText(t, "#said", "order ")
	b.waitFor(t, `document.querySelectorAll("#events li").length > 0`)

	pid, err := strconv.Atoi(regexp.MustCompile(`pid (\d+)`).FindStringSubmatch(b.text(t, "#more"))[1])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	b.waitFor(t, fmt.Sprintf(`/^pid \d+/.test(document.querySelector("#more").innerText) && !document.querySelector("#more").innerText.startsWith("pid %d")`, pid))

	said := b.text(t, "#said")
	b.do(t, chromedp.Click("#order"))
	b.waitFor(t, fmt.Sprintf(`document.querySelector("#said").innerText !== %q`, said))
	b.requireLocal(t, url)
}

// startCluster starts the command as a user does, and returns the address of its page.
func startCluster(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"initdb", "redis-server", "nginx"} {
		needs.Program(t, program)
	}
	repository, err := filepath.Abs("../../..")
	require.NoError(t, err)
	program := filepath.Join(t.TempDir(), "cluster")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-w", "-o", program, "./examples/cluster")
	build.Dir = repository
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	port := ports.Free(t)
	folder, err := os.MkdirTemp("", "cluster") // user postgres may enter it, unlike t.TempDir
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o755))

	var said strings.Builder
	service := exec.Command(program, "--port", strconv.Itoa(port))
	service.Env = append(os.Environ(), "TMPDIR="+folder, "OVERLOAD_PROTECTION=off")
	service.Dir = repository
	service.Stdout, service.Stderr = &said, &said
	require.NoError(t, service.Start())
	t.Cleanup(func() {
		_ = service.Process.Signal(os.Interrupt)
		if err := service.Wait(); err != nil {
			t.Error(err, said.String())
		}
	})
	url := fmt.Sprintf("http://127.0.0.1:%d/cluster", port)
	require.Eventually(t, func() bool {
		response, err := http.Get(url)
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, 2*time.Minute, 50*time.Millisecond)
	return url
}
