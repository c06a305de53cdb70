package reactor

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
)

// whereabouts finds what the reactor of a core is doing: file:line of the
// innermost call outside the standard library, and the calls around it.
//
// It reads the goroutine profile, whose entries carry the label that the
// reactor's goroutine and its coroutines bear. In the text form an entry is
//
//	1 @ 0x4801b1 0x47e5a5 ...
//	# labels: {"reactor":"0"}
//	#	0x480450	time.Sleep+0xf0		/usr/lib/go/src/runtime/time.go:300
//	#	0x51cd32	main.slow+0x12		/home/me/app/main.go:17
func whereabouts(core int) (site, stack string) {
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		return "unknown", ""
	}
	label := fmt.Sprintf("%q:\"%d\"", coreLabel, core)
	var best []string
	for entry := range strings.SplitSeq(text.String(), "\n\n") {
		head, _, _ := strings.Cut(entry, "\n#\t")
		if !strings.Contains(head, label) {
			continue
		}
		frames := calls(entry)
		if is(frames, coroutineWork) && !is(frames, coroutineRest) {
			best = frames // a coroutine that runs: the loop waits for it
			break
		}
		if is(frames, loopTop) {
			best = frames
		}
	}
	return describe(best)
}

// The functions by which a stack is recognised.
var (
	home          = reflect.TypeFor[Reactor]().PkgPath()
	coroutineWork = home + ".(*Coroutine).runJob"
	coroutineRest = home + ".(*Coroutine).Suspend"
	loopTop       = home + ".(*Reactor).cycle"
)

func is(frames []string, function string) bool {
	for _, f := range frames {
		if strings.HasPrefix(f, function) {
			return true
		}
	}
	return false
}

// calls extracts "function file:line" of each frame, innermost first.
func calls(entry string) []string {
	var frames []string
	lines := bufio.NewScanner(strings.NewReader(entry))
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), "#\t")
		if !ok {
			continue
		}
		fields := strings.Fields(rest) // address, function+offset, file:line
		if len(fields) < 3 {
			continue
		}
		function := fields[1]
		if i := strings.LastIndex(function, "+0x"); i > 0 {
			function = function[:i]
		}
		frames = append(frames, function+" "+strings.Join(fields[2:], " "))
	}
	return frames
}

// describe picks the innermost frame that is not the standard library's.
func describe(frames []string) (site, stack string) {
	const most = 12
	var shown []string
	for _, f := range frames {
		function, file, _ := strings.Cut(f, " ")
		if strings.HasPrefix(function, home+".(*Reactor).") && len(shown) > 0 {
			break // the loop, and all below it
		}
		if len(shown) < most {
			shown = append(shown, path.Base(function)+" "+file)
		}
		if site == "" && !ofStandardLibrary(function, file) {
			site = file
		}
	}
	if site == "" {
		site = "unknown"
	}
	return site, strings.Join(shown, " <- ")
}

// ofStandardLibrary reports whether a frame is of Go's own source: by its folder, or, in
// a binary built with -trimpath, whose positions begin with import paths, by belonging
// to no module of the build ("tickets" is as good a name of a module as "sync" would be).
func ofStandardLibrary(function, file string) bool {
	function = strings.ReplaceAll(function, "%2e", ".") // so the linker writes the dots of a last path element
	own, _ := runtime.FuncForPC(reflect.ValueOf(runtime.Gosched).Pointer()).FileLine(0)
	if folder, _, found := strings.Cut(own, "/runtime/"); found {
		return strings.HasPrefix(file, folder+"/")
	}
	if strings.HasPrefix(function, "main.") {
		return false
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		first, _, _ := strings.Cut(function, "/")
		return first == function || !strings.Contains(first, ".") // no host, no module
	}
	return !within(function, build.Main.Path) &&
		!slices.ContainsFunc(build.Deps, func(m *debug.Module) bool { return within(function, m.Path) })
}

// within reports whether a function is of a package of the module.
func within(function, module string) bool {
	rest, ok := strings.CutPrefix(function, module)
	return ok && module != "" && rest != "" && strings.ContainsRune("./_", rune(rest[0])) // _test: the package beside it
}
