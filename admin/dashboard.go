package admin

import (
	"embed"
	"mime"
	"net/http"
	"path"
	"strings"
)

// dashboardFiles are the page: HTML, CSS and JavaScript as they were written, without a build step.
//
//go:embed dashboard
var dashboardFiles embed.FS

// dashboardPolicy lets the page load its own files and ask its own origin, and lets no text become markup or code.
const dashboardPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// isShell tells whether r asks for a file of the page, which is the same for everybody.
func isShell(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	if r.URL.Path == "/dashboard/" || r.URL.Path == "/" && strings.Contains(r.Header.Get("Accept"), "text/html") {
		return true
	}
	name, found := strings.CutPrefix(r.URL.Path, "/dashboard/")
	_, err := dashboardFiles.ReadFile("dashboard/" + name)
	return found && err == nil
}

func (l *Listener) dashboard(w http.ResponseWriter, _ *http.Request) { sendFile(w, "index.html") }

func (l *Listener) dashboardFile(w http.ResponseWriter, r *http.Request) {
	sendFile(w, r.PathValue("file"))
}

func sendFile(w http.ResponseWriter, name string) {
	text, err := dashboardFiles.ReadFile("dashboard/" + name)
	if err != nil {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Content-Security-Policy", dashboardPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(text)
}
