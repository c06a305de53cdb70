package layers

// Project returns the rules of this repository. The layers are those of the
// design: 0 bits and system calls, 1 plain values, 2 futures and pure wire
// formats, 3 the reactor and the pure tables, 4 bytes of a connection and
// values of a request, 5 protocols and drivers, 6 the root package, 7 its users.
func Project() Rules {
	return Rules{
		Module:   "github.com/fasterapi/fasterapi",
		Packages: packages(),
		Peers: map[string]string{
			"internal/invariant internal/goroutine": "telling goroutines apart is below everything",
			"internal/poll internal/invariant":      "the debug checks are below everything",
			"internal/poll/... internal/invariant":  "the debug checks are below everything",
			"internal/ring internal/invariant":      "the debug checks are below everything",
			"internal/poll/... internal/poll":       "the simulated poller implements the interface",
			"cache reactor":                         "time, and entries of a core, are the reactor's",
			"cache resilience":                      "a store that caches share has a breaker, whose numbers are among its own",
			"db async":                              "the pool's methods return futures",
			"db db/driver":                          "a pool hands its calls to a driver",
			"db/driver async":                       "a query knows where its caller runs",
			"db/dbtest db":                          "the conformance suite of the drivers",
			"db/dbtest async":                       "as db",
			"db/pg/internal/wire db/driver":         "parameters and rows are package driver's",
			"reactor/virtual reactor":               "a reactor with a manual clock",
			"internal/bind internal/codec":          "a body is decoded by the compiled codec",
			"internal/bind internal/check":          "what was bound is checked",
			"internal/bridge internal/reply":        "what net/http handlers write is a reply",
			"examples/... fasterapitest":            "examples show how to test",
			"examples/... admin":                    "examples use it",
			"examples/... middleware":               "examples use it",
			"examples/... middleware/redisrate":     "examples use it",
			"examples/... broadcast":                "examples use it",
			"examples/... broadcast/...":            "examples use it",
			"examples/... observe/metrics":          "examples use it",
			"examples/... security":                 "examples use it",
			"examples/... examples/...":             "an example may be an app in packages",
			"internal/test/txapp fasterapitest":     "a suite of whole apps",
			"internal/test/secrets fasterapitest":   "a suite of whole apps",
			"internal/test/secrets middleware":      "whose log is looked through",
			"internal/test/secrets admin":           "whose pages are looked through",
			"internal/test/secrets observe/metrics": "which are looked through",
			"middleware/redisrate middleware":       "implements its Limiter",
			"broadcast/redislink broadcast":         "implements its Link",
			"observe/metrics broadcast":             "shows what topics count",
			"admin broadcast":                       "shows what topics count",
			"observe/metrics idempotency":           "shows what keys count",
			"admin idempotency":                     "shows what keys count",
			"broadcast/pglink broadcast":            "implements its Link",
			"internal/test/links broadcast":         "the suite of its Links",
			"idempotency/redisstore idempotency":    "implements its Store",
			"schedule leader":                       "jobs run on the leader",
			"examples/... leader":                   "examples use it",
			"examples/... schedule":                 "examples use it",
			"internal/test/keys idempotency":        "the suite of its Stores",
			"internal/test/keys fasterapitest":      "a suite of whole apps",
			"examples/... idempotency":              "examples use it",
			"examples/... idempotency/...":          "examples use it",
		},
		TestModules: []string{
			"github.com/stretchr/testify", "github.com/google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak",
			"github.com/google/uuid", "github.com/coder/websocket", "github.com/santhosh-tekuri/jsonschema/v6", "golang.org/x/sys",
			"github.com/getkin/kin-openapi", "go.yaml.in/yaml/v3",
		},
		Owned: []string{
			"async", "broadcast/...", "idempotency/...", "client/redisclient", "leader", "schedule", "cache/...", "client", "resilience", "reactor/...", "internal/stream", "internal/http1", "internal/http2/...", "internal/websocket", "db/pg", "db/pg/internal/wire", "db/sqlite",
			"internal/reply", "internal/bridge", "internal/overload",
		},
		Tagged: []string{"tools", "examples/production/shop", "health", "internal/restart", "internal/poll/...", "internal/invariant", "internal/goroutine"},
		Clockless: []string{
			"problem", "internal/field", "internal/http1/wire", "internal/http2/frame", "internal/router", "internal/schema", "internal/bind", "internal/codec",
			"internal/inject", "openapi", "internal/describe", "db/internal/sqltext", "db/pg/internal/wire", "internal/eventstream",
			"internal/overload",
		},
		Skips:  "internal/test/needs",
		Unread: []string{"bench", "cmd", "examples", "tools"},
		Exports: map[string]Exports{
			".":     {103, "the verbs, the responses (a type for each number of alternatives), their options, the configuration (also of the protection from overload, its option and what it has seen), and what middleware says of itself, belong to the types that are here"},
			"async": {62, "the clock of a place, and the alarms that are set by it, belong to the sites that are here"},
		},
		Twins:  []Twins{{Dir: ".", Whole: "App", Part: "Group"}},
		Limits: Limits{FileLines: 800, FuncLines: 80, Params: 5, Results: 3, Exports: 60},
	}
}

// packages is the import graph. To add a package, find its layer first.
func packages() map[string]Package {
	const (
		xsys   = "golang.org/x/sys"
		pgx    = "github.com/jackc/pgx/v5"
		sqlite = "modernc.org/sqlite"
		libc   = "modernc.org/libc" // what modernc.org/sqlite stands on
	)
	// Swagger UI as embedded files.
	const swgui = "github.com/swaggest/swgui"
	// What stands on a reactor's sockets needs these.
	socket := []string{"async", "reactor", "metric", "internal/poll", "internal/ring", "internal/invariant"}
	with := func(more ...string) []string { return append(more, socket...) }

	return map[string]Package{
		// Layer 0: bits and system calls.
		"internal/goroutine": {Layer: 0},
		"internal/invariant": {Layer: 0, Imports: []string{"internal/goroutine"}},
		"internal/noescape":  {Layer: 0},
		"internal/mistake":   {Layer: 0},
		"internal/safelog":   {Layer: 0},
		"internal/ring":      {Layer: 0, Imports: []string{"internal/invariant"}},
		"internal/poll":      {Layer: 0, Imports: []string{"internal/invariant"}, Modules: []string{xsys}},
		"internal/restart":   {Layer: 0, Modules: []string{xsys}},
		"internal/poll/...":  {Layer: 0, Imports: []string{"internal/poll", "internal/invariant"}, Modules: []string{xsys}},

		// Layer 1: plain values.
		"metric":         {Layer: 1},
		"problem":        {Layer: 1},
		"health":         {Layer: 1, Imports: []string{"internal/safelog"}},
		"secret":         {Layer: 1},
		"logs":           {Layer: 1, Imports: []string{"internal/safelog"}, Modules: []string{"github.com/lmittmann/tint", "github.com/mattn/go-isatty"}},
		"openapi":        {Layer: 1},
		"internal/field": {Layer: 1},
		// What databases, caches, policies and clients tell the record of a request.
		"internal/note":     {Layer: 1},
		"internal/timeouts": {Layer: 1},
		// What an app is made of, for those who look after it.
		"internal/parts": {Layer: 1, Imports: []string{"internal/goroutine"}},
		// A certificate in files that change.
		"internal/certificate": {Layer: 1},
		// What a text of SQL is, for the drivers.
		"db/internal/sqltext": {Layer: 1},
		// Rigs of tests; fasterapitest is one.
		"tools":                   {Layer: 0, Modules: []string{"golang.org/x/tools"}}, // of tools/tools.mod: a program that the Makefile builds by itself
		"internal/test/needs":     {Layer: 0},
		"internal/test/leaks":     {Layer: 0, Modules: []string{"go.uber.org/goleak"}},
		"internal/test/layers":    {Layer: 0},
		"internal/test/ports":     {Layer: 0},
		"internal/test/pgtest":    {Layer: 1, Imports: []string{"internal/test/needs", "internal/test/ports"}},
		"internal/test/redistest": {Layer: 1, Imports: []string{"internal/test/needs"}},
		"internal/test/contract":  {Layer: 0, Modules: []string{"github.com/getkin/kin-openapi", "github.com/santhosh-tekuri/jsonschema/v6"}},
		"internal/test/app":       {Layer: 0, Modules: []string{"golang.org/x/net"}}, // WebSockets over HTTP/2, which net/http has no client for
		"internal/test/flood":     {Layer: 0, Modules: []string{"golang.org/x/net"}}, // frames of HTTP/2 in an order that is known
		"internal/test/logged":    {Layer: 0},
		"internal/test/sealed":    {Layer: 5, Imports: []string{"internal/poll", "internal/poll/sim", "internal/stream"}},
		"internal/test/reference": {Layer: 0},
		"internal/test/onefield":  {Layer: 2, Imports: []string{"internal/field"}},
		"internal/test/idle":      {Layer: 0, Modules: []string{"golang.org/x/net"}},
		"internal/test/held":      {Layer: 6, Imports: []string{"async", "internal/exchange", "internal/http1/wire", "internal/reply"}},

		// Layer 2: futures know no reactor; the wire format knows no socket.
		"async":                {Layer: 2, Imports: []string{"internal/invariant", "internal/safelog"}},
		"internal/http2/frame": {Layer: 2},
		"internal/http1/wire":  {Layer: 2, Imports: []string{"internal/field"}},
		"db/driver":            {Layer: 2, Imports: []string{"async", "internal/noescape", "internal/note"}},
		"db":                   {Layer: 2, Imports: []string{"async", "db/driver", "health", "metric", "problem", "internal/invariant"}},
		"db/pg/internal/wire":  {Layer: 2, Imports: []string{"db/driver"}, Modules: []string{pgx}},
		"db/dbtest":            {Layer: 2, Imports: []string{"db", "async"}, Modules: []string{"github.com/stretchr/testify"}},

		// Layer 3: the event loop, and tables compiled once.
		"reactor":         {Layer: 3, Imports: []string{"async", "metric", "internal/poll", "internal/ring", "internal/invariant", "internal/goroutine", "internal/safelog"}},
		"resilience":      {Layer: 3, Imports: []string{"async", "health", "metric", "internal/mistake", "internal/note", "internal/safelog"}},
		"reactor/virtual": {Layer: 3, Imports: []string{"reactor", "internal/poll/sim"}},
		"cache":           {Layer: 3, Imports: []string{"async", "metric", "reactor", "resilience", "internal/mistake", "internal/note", "internal/safelog"}, Modules: []string{"github.com/maypok86/otter/v2"}},
		"internal/router": {Layer: 3, Imports: []string{"internal/field"}},
		"internal/schema": {Layer: 3, Imports: []string{"openapi", "secret"}},
		// Formats and files of the root that are pure.
		"internal/eventstream": {Layer: 3},
		// Rules that are told the time.
		"internal/overload": {Layer: 3},

		// Layer 4: the bytes of a connection; the values of a request; what is kept of it.
		"client/redisclient": {Layer: 4, Modules: []string{"github.com/redis/rueidis"}},
		"observe":            {Layer: 4, Imports: []string{"metric"}},
		"internal/stream":    {Layer: 4, Imports: socket},
		"internal/exchange":  {Layer: 4, Imports: []string{"async", "reactor", "internal/field", "internal/http1/wire", "internal/invariant"}},
		"internal/check":     {Layer: 4, Imports: []string{"problem", "internal/schema"}},
		"internal/bind":      {Layer: 4, Imports: []string{"problem", "internal/check", "internal/field", "internal/schema", "internal/codec", "internal/noescape"}},
		"internal/codec":     {Layer: 4, Imports: []string{"problem", "secret", "internal/schema", "internal/noescape"}},
		"internal/inject":    {Layer: 4, Imports: []string{"internal/noescape"}},
		"internal/docspage":  {Layer: 4, Imports: []string{"openapi", "internal/field"}, Modules: []string{swgui}},
		"internal/webfile":   {Layer: 4, Imports: []string{"problem"}},
		"internal/result":    {Layer: 4, Imports: []string{"internal/field", "internal/schema"}},
		"internal/failure":   {Layer: 4, Imports: []string{"problem"}},
		// Signals, the memory of a container, and the end of a process that is stuck.
		"internal/process":  {Layer: 4, Imports: []string{"reactor", "internal/restart"}, Modules: []string{"github.com/KimMachineGun/automemlimit"}},
		"internal/settings": {Layer: 4, Imports: []string{"internal/schema", "secret"}, Modules: []string{"github.com/caarlos0/env/v11"}},

		// Layer 5: protocols, drivers, and the pure parts that the root wires up.
		"internal/http1": {Layer: 5, Imports: with("internal/stream", "internal/exchange", "internal/http1/wire", "problem")},
		"internal/http2": {
			Layer: 5, Imports: with("internal/stream", "internal/exchange", "internal/field", "internal/http1/wire", "internal/http2/frame", "problem"),
			Modules: []string{"golang.org/x/net"},
		},
		"internal/nethttp": {Layer: 5, Imports: with("internal/exchange", "internal/http1/wire", "problem")},
		"internal/reply":   {Layer: 5, Imports: []string{"async", "internal/exchange", "internal/field", "internal/http1/wire", "internal/invariant"}},
		"internal/bridge":  {Layer: 5, Imports: []string{"async", "internal/exchange", "internal/field", "internal/http1/wire", "internal/reply", "problem"}},
		"db/pg":            {Layer: 5, Imports: with("db", "db/driver", "db/internal/sqltext", "db/pg/internal/wire", "internal/safelog", "internal/stream"), Modules: []string{pgx}},
		"client":           {Layer: 5, Imports: []string{"async", "resilience", "internal/codec", "internal/field", "internal/mistake", "internal/note"}},
		"db/sqlite":        {Layer: 5, Imports: []string{"db", "db/driver", "db/internal/sqltext", "async", "reactor", "metric", "internal/ring", "internal/invariant"}, Modules: []string{sqlite, libc}},

		"internal/background": {Layer: 5, Imports: []string{"internal/exchange"}},
		"internal/describe":   {Layer: 5, Imports: []string{"problem", "openapi", "internal/router", "internal/schema", "internal/bind", "internal/codec", "internal/eventstream"}},

		"internal/websocket": {Layer: 5, Imports: with("internal/stream", "internal/exchange", "internal/field", "internal/http1/wire"), Modules: []string{"github.com/gobwas/ws", "github.com/gobwas/httphead"}},

		// Layer 6: the root package. It imports no database driver.
		".": {Layer: 6, Modules: []string{"github.com/KimMachineGun/automemlimit"}, Imports: with("problem", "db", "health", "observe", "openapi",
			"internal/exchange", "internal/field", "internal/http1", "internal/http1/wire", "internal/http2", "internal/nethttp", "internal/stream",
			"internal/reply", "internal/goroutine", "internal/bridge", "internal/failure", "internal/mistake", "internal/parts", "internal/restart", "internal/process", "internal/background", "internal/certificate", "internal/note", "internal/overload", "resilience", "internal/result", "internal/safelog", "internal/timeouts",
			"internal/websocket", "internal/router", "internal/webfile", "internal/docspage", "internal/schema", "internal/bind", "internal/check", "internal/codec", "internal/inject", "internal/eventstream", "internal/settings", "internal/describe")},

		// Layer 7: its users.
		"fasterapitest": {
			Layer: 7, Imports: []string{".", "openapi", "async", "reactor", "reactor/virtual", "problem", "db", "internal/codec", "internal/eventstream", "internal/exchange", "internal/nethttp", "internal/test/onefield"},
			Modules: []string{"github.com/coder/websocket"},
		},
		// A suite of whole apps, which drivers run.
		"internal/test/txapp": {Layer: 7, Imports: []string{".", "async", "db", "fasterapitest", "observe", "problem"}, Modules: []string{"github.com/stretchr/testify"}},
		"middleware": { // docs/decisions/0009
			Layer: 7, Imports: []string{".", "async", "cache", "reactor", "problem", "resilience", "openapi", "observe", "internal/describe", "internal/field", "internal/mistake", "internal/parts", "internal/safelog"},
			Modules: []string{"github.com/andybalholm/brotli", "github.com/klauspost/compress"},
		},
		"observe/metrics": {
			Layer: 7, Imports: []string{".", "broadcast", "cache", "client", "db", "idempotency", "metric", "observe", "reactor", "resilience", "internal/mistake"},
			// client_model and common are client_golang's own message types and formats.
			Modules: []string{"github.com/prometheus/client_golang", "github.com/prometheus/client_model", "github.com/prometheus/common"},
		},
		"cache/redis":            {Layer: 5, Imports: []string{"async", "cache", "metric", "client/redisclient", "resilience", "secret", "internal/mistake", "internal/safelog"}, Modules: []string{"github.com/redis/rueidis"}},
		"middleware/redisrate":   {Layer: 7, Imports: []string{"middleware", "async", "internal/mistake"}, Modules: []string{"github.com/redis/rueidis"}},
		"broadcast":              {Layer: 7, Imports: []string{".", "async", "resilience", "secret", "internal/mistake", "internal/safelog"}},
		"broadcast/redislink":    {Layer: 7, Imports: []string{"broadcast"}, Modules: []string{"github.com/redis/rueidis"}},
		"broadcast/pglink":       {Layer: 7, Imports: []string{"broadcast", "db", "db/pg"}},
		"internal/test/links":    {Layer: 7, Imports: []string{"broadcast"}, Modules: []string{"github.com/stretchr/testify"}},
		"idempotency":            {Layer: 7, Imports: []string{".", "async", "db", "openapi", "problem", "internal/describe", "internal/field", "internal/mistake"}},
		"idempotency/redisstore": {Layer: 7, Imports: []string{"idempotency", "async"}, Modules: []string{"github.com/redis/rueidis"}},
		"internal/test/keys":     {Layer: 7, Imports: []string{".", "async", "fasterapitest", "idempotency", "problem"}, Modules: []string{"github.com/stretchr/testify"}},
		"leader":                 {Layer: 7, Imports: []string{".", "db", "db/pg", "observe", "internal/mistake", "internal/safelog"}, Modules: []string{pgx}},
		"schedule":               {Layer: 7, Imports: []string{".", "db", "leader", "observe", "internal/mistake", "internal/safelog"}},
		"security": { // docs/decisions/0009
			Layer: 7, Imports: []string{".", "async", "problem", "openapi", "internal/codec", "internal/field", "internal/inject", "internal/mistake", "internal/safelog"}, Modules: []string{"github.com/golang-jwt/jwt/v5"},
		},
		"admin":                 {Layer: 7, Imports: []string{".", "broadcast", "cache", "client", "db", "health", "idempotency", "logs", "observe", "reactor", "resilience", "secret", "internal/eventstream", "internal/mistake", "internal/parts", "internal/safelog"}},
		"internal/test/secrets": {Layer: 7, Imports: []string{".", "admin", "client", "db", "db/sqlite", "fasterapitest", "health", "logs", "middleware", "observe", "observe/metrics", "problem", "secret"}},
		"internal/test/console": {Layer: 7, Imports: []string{".", "internal/test/needs"}},
		"examples/...": {Layer: 7, Modules: []string{sqlite, "github.com/redis/rueidis"}, Imports: []string{
			".", "admin", "async", "broadcast", "broadcast/...", "cache", "cache/...", "client", "reactor", "metric", "problem",
			"db", "db/pg", "db/sqlite", "health", "idempotency", "idempotency/...", "leader", "logs", "middleware", "middleware/redisrate", "schedule", "security", "secret", "resilience", "openapi", "observe", "observe/metrics", "client/redisclient", "fasterapitest", "examples/...",
		}},
	}
}
