package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// words are the first columns of what complete prints.
func words(t *testing.T, line ...string) (out []string) {
	t.Helper()
	got := command(t, append([]string{"complete", "--"}, line...)...)
	require.Equal(t, 0, got.code, got.stderr)
	for candidate := range strings.Lines(got.stdout) {
		word, _, _ := strings.Cut(candidate, "\t")
		out = append(out, word)
	}
	return out
}

func TestComplete(t *testing.T) {
	require.Equal(t, []string{"bench"}, words(t, "be"))
	require.NotContains(t, words(t, ""), "complete", "it is hidden")
	require.Contains(t, words(t, ""), "completion")
	require.Equal(t, []string{"systemd"}, words(t, "gen", "s"))
	require.Equal(t, []string{"--rate"}, words(t, "bench", "--ra"))
	require.Equal(t, []string{"--replicas"}, words(t, "gen", "nginx", "--rep"))
	require.Equal(t, []string{"postgres"}, words(t, "new", "shop", "-t", "p"))
	require.Equal(t, []string{"--template=full"}, words(t, "new", "shop", "--template=f"))
	require.Equal(t, []string{"bash", "zsh", "fish"}, words(t, "completion", ""))
	require.Empty(t, words(t, "gen", "nginx", "-o", ""), "files are the shell's")
	require.Empty(t, words(t, "openapi", "--check", "open"))
	require.Equal(t, []string{"nginx"}, words(t, "gen", "--json", "ng"), "a flag that is not there takes nothing")
	require.Empty(t, words(t, "bench", "--nothing="))
	require.Empty(t, words(t))
	require.Equal(t, 2, command(t, "completion", "tcsh").code)
}

// TestShells: each shell reads its script, and gets the candidates from the command.
func TestShells(t *testing.T) {
	tool := tool(t)
	for shell, script := range map[string]string{
		"bash": `source <(fasterapi completion bash); complete -p fasterapi >/dev/null || exit 9
			try() { COMP_LINE="$1" COMP_POINT=${#1}; _fasterapi; echo "${COMPREPLY[@]}"; }
			try "fasterapi gen ng"; COMP_WORDBREAKS='= '; try "fasterapi new x --template=po"; try "fasterapi new x "`,
		"zsh": `compdef() { [[ $2 == fasterapi ]] || exit 9 }; source <(fasterapi completion zsh)
			_describe() { echo ${${(P)2}%%:*} }; _files() { echo }
			words=(fasterapi gen ng); CURRENT=3; _fasterapi
			words=(fasterapi new x --template=po); CURRENT=4; _fasterapi
			words=(fasterapi new x ''); CURRENT=4; _fasterapi`,
		"fish": `fasterapi completion fish | source
			complete -C 'fasterapi gen ng' | cut -f1; complete -C 'fasterapi new x --template=po' | cut -f1; echo`,
	} {
		t.Run(shell, func(t *testing.T) {
			run := exec.Command(shellPath(t, shell), "-c", script)
			run.Dir = t.TempDir()
			run.Env = append(run.Environ(), "PATH="+filepath.Dir(tool)+":"+"/usr/bin:/bin", "HOME="+t.TempDir())
			out, err := run.CombinedOutput()
			require.NoError(t, err, "%s", out)
			want := map[string]string{"bash": "nginx\npostgres\n\n", "zsh": "nginx\n--template=postgres\n\n", "fish": "nginx\n--template=postgres\n\n"}[shell]
			require.Equal(t, want, string(out))
		})
	}
}

func shellPath(t *testing.T, shell string) string {
	t.Helper()
	path, err := exec.LookPath(shell)
	require.NoError(t, err, "Debian: %s", shell)
	return path
}
