package sqlite

import (
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// This file is the only one that calls into SQLite (the C library translated to
// Go, modernc.org/sqlite/lib) and the only one that needs unsafe: addresses
// outside of Go's heap are uintptr there. Names follow the C interface,
// https://www.sqlite.org/c3ref/funclist.html.

// handle is one connection in SQLite's sense.
//
// Owner: the worker goroutine; interrupt: any.
type handle struct {
	tls     *libc.TLS
	db      uintptr
	cell    uintptr // one pointer of C memory, for results by reference
	scratch uintptr // C memory for text and blob parameters
	room    int     // bytes of scratch
	judge   *judge
	pin     runtime.Pinner // judge: SQLite has its address
}

// patch makes SQLite's page size query right on linux/arm64 with 64 KB pages;
// it does nothing elsewhere.
var patch = sync.OnceFunc(lib.PatchIssue199)

const (
	codeOK        = lib.SQLITE_OK
	codeRow       = lib.SQLITE_ROW
	codeDone      = lib.SQLITE_DONE
	codeNoMem     = lib.SQLITE_NOMEM
	codeTooBig    = lib.SQLITE_TOOBIG
	codeBusy      = lib.SQLITE_BUSY
	codeStale     = lib.SQLITE_BUSY_SNAPSHOT
	codeInterrupt = lib.SQLITE_INTERRUPT
	codeAuth      = lib.SQLITE_AUTH

	typeInt   = lib.SQLITE_INTEGER
	typeFloat = lib.SQLITE_FLOAT
	typeText  = lib.SQLITE_TEXT
	typeBlob  = lib.SQLITE_BLOB

	static    = uintptr(0)  // SQLITE_STATIC: the memory stays until the statement is reset
	transient = ^uintptr(0) // SQLITE_TRANSIENT: SQLite copies
)

// open opens path, which is a file name and not a URI. On failure it returns
// SQLite's code and message.
func (h *handle) open(path string, readOnly bool) (code int32, message string) {
	patch()
	h.tls = libc.NewTLS()
	name, err := libc.CString(path)
	h.cell = libc.Xmalloc(h.tls, types.Size_t(unsafe.Sizeof(uintptr(0))))
	if err != nil || h.cell == 0 {
		return codeNoMem, "out of memory"
	}
	defer libc.Xfree(h.tls, name)
	// One goroutine at a time uses a connection, so SQLite needs no mutex of
	// its own around it.
	flags := int32(lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_CREATE | lib.SQLITE_OPEN_NOMUTEX)
	if readOnly {
		flags = lib.SQLITE_OPEN_READONLY | lib.SQLITE_OPEN_NOMUTEX
	}
	code = lib.Xsqlite3_open_v2(h.tls, name, h.cell, flags, 0)
	h.db = h.take()
	if code != codeOK {
		return code, h.message(code)
	}
	lib.Xsqlite3_extended_result_codes(h.tls, h.db, 1)
	h.authorize()
	return codeOK, ""
}

// function returns f as a C function pointer: what a Go func value points to, a
// static object for a function without captured variables
// (https://go.dev/s/go11func).
func function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f})) }

// authorize makes a judge and installs it as SQLite's authorizer
// (https://www.sqlite.org/c3ref/set_authorizer.html): SQLite asks it while it
// compiles a statement, before anything of that has an effect. A PRAGMA that is
// carried out by the compiler is refused in time here, and nowhere else.
func (h *handle) authorize() {
	h.judge = new(judge)
	h.pin.Pin(h.judge)
	ask := func(_ *libc.TLS, arg uintptr, action int32, first, second, schema, inside uintptr) int32 {
		if (*judge)(memory(arg)).allow(question{action, name(first), name(second), name(schema), inside != 0}) {
			return codeOK
		}
		return lib.SQLITE_DENY
	}
	lib.Xsqlite3_set_authorizer(h.tls, h.db, function(ask), uintptr(unsafe.Pointer(h.judge)))
}

// name reads a name of SQLite's; nil for NULL.
func name(p uintptr) func() string {
	if p == 0 {
		return nil
	}
	return func() string { return libc.GoString(p) }
}

// memory views an address of C memory, which lies outside of Go's heap and does
// not move.
func memory(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// take reads the pointer that a call left in the cell.
func (h *handle) take() uintptr { return *(*uintptr)(memory(h.cell)) }

// close releases everything; statements must be finalized before.
func (h *handle) close() int32 {
	var code int32
	if h.db != 0 {
		code = lib.Xsqlite3_close_v2(h.tls, h.db)
	}
	libc.Xfree(h.tls, h.cell)
	libc.Xfree(h.tls, h.scratch)
	h.tls.Close()
	h.pin.Unpin()
	*h = handle{}
	return code
}

// interrupt makes the running statement fail with SQLITE_INTERRUPT. The caller
// makes sure that the handle is open. It uses no state of the handle but its
// address, so it may run beside the worker.
func interrupt(db uintptr) {
	tls := libc.NewTLS() // a libc.TLS belongs to one goroutine at a time
	lib.Xsqlite3_interrupt(tls, db)
	tls.Close()
}

// message is SQLite's text for a code that a call on h has just returned.
func (h *handle) message(code int32) string {
	if h.db != 0 && lib.Xsqlite3_extended_errcode(h.tls, h.db)&0xff == code&0xff {
		return libc.GoString(lib.Xsqlite3_errmsg(h.tls, h.db)) + h.reason(code)
	}
	return libc.GoString(lib.Xsqlite3_errstr(h.tls, code))
}

// reason is what the operating system said, where a failed open or read leaves
// that out: "too many open files".
func (h *handle) reason(code int32) string {
	switch code & 0xff {
	case lib.SQLITE_CANTOPEN, lib.SQLITE_IOERR:
		if errno := lib.Xsqlite3_system_errno(h.tls, h.db); errno != 0 {
			return " (" + syscall.Errno(errno).Error() + ")"
		}
	}
	return ""
}

// readOnlyFile tells whether the database could only be opened for reading.
func (h *handle) readOnlyFile() bool {
	name, err := libc.CString("main")
	if err != nil {
		return false
	}
	defer libc.Xfree(h.tls, name)
	return lib.Xsqlite3_db_readonly(h.tls, h.db, name) == 1
}

// autocommit tells that no transaction is open.
func (h *handle) autocommit() bool { return lib.Xsqlite3_get_autocommit(h.tls, h.db) != 0 }

// flags are the settings of the connection that PRAGMAs turn on and off, as bits.
// SQLite has no call for them, only one PRAGMA for each.
func (h *handle) flags() uint64 { return (*lib.Tsqlite3)(memory(h.db)).Fflags }

// changes returns the rows changed by the last write and the last rowid.
func (h *handle) changes() (rows, rowid int64) {
	return lib.Xsqlite3_changes64(h.tls, h.db), lib.Xsqlite3_last_insert_rowid(h.tls, h.db)
}

// totalChanges counts all rows changed so far: it tells whether a statement
// changed anything at all, which changes does not.
func (h *handle) totalChanges() int64 { return lib.Xsqlite3_total_changes64(h.tls, h.db) }

// prepare compiles the first statement of sql on behalf of by. tail is what
// follows it. With codeAuth h.judge knows why.
func (h *handle) prepare(sql string, by party) (stmt uintptr, tail string, code int32) {
	h.judge.begin(by, !h.autocommit())
	defer h.judge.end()
	text, err := libc.CString(sql)
	if err != nil {
		return 0, "", codeNoMem
	}
	defer libc.Xfree(h.tls, text)
	rest := libc.Xmalloc(h.tls, types.Size_t(unsafe.Sizeof(uintptr(0))))
	if rest == 0 {
		return 0, "", codeNoMem
	}
	defer libc.Xfree(h.tls, rest)
	code = lib.Xsqlite3_prepare_v3(h.tls, h.db, text, int32(len(sql)+1), lib.SQLITE_PREPARE_PERSISTENT, h.cell, rest)
	if code != codeOK {
		return 0, "", code
	}
	used := *(*uintptr)(memory(rest)) - text
	return h.take(), sql[min(int(used), len(sql)):], codeOK
}

// probe judges the first statement of sql as if a transaction were open, without
// compiling it: why it would be refused, "" if it would not.
func (h *handle) probe(sql string, by party) string {
	j := h.judge
	j.begin(by, true)
	j.probe = true
	defer j.end()
	text, err := libc.CString(sql)
	if err != nil {
		return ""
	}
	defer libc.Xfree(h.tls, text)
	if lib.Xsqlite3_prepare_v3(h.tls, h.db, text, -1, 0, h.cell, 0) == codeOK {
		h.finalize(h.take()) // a text without a statement
	}
	return j.refused
}

// tables returns the tables that a statement reads and writes, which compiles.
func (h *handle) tables(sql string) (list []tableName, code int32) {
	j := h.judge
	j.begin(byItself, false)
	j.collect = true
	defer j.begin(byItself, false)
	text, err := libc.CString(sql)
	if err != nil {
		return nil, codeNoMem
	}
	defer libc.Xfree(h.tls, text)
	code = lib.Xsqlite3_prepare_v3(h.tls, h.db, text, -1, 0, h.cell, 0)
	if code == codeOK {
		h.finalize(h.take())
	}
	return j.tables, code
}

func (h *handle) finalize(stmt uintptr)   { lib.Xsqlite3_finalize(h.tls, stmt) }
func (h *handle) step(stmt uintptr) int32 { return lib.Xsqlite3_step(h.tls, stmt) }

// reset ends an execution; the code repeats what the last step returned.
func (h *handle) reset(stmt uintptr) int32 { return lib.Xsqlite3_reset(h.tls, stmt) }

// readOnly tells that the statement writes nothing.
func (h *handle) readOnly(stmt uintptr) bool { return lib.Xsqlite3_stmt_readonly(h.tls, stmt) != 0 }

// reprepared counts how often SQLite has compiled the statement anew because
// the schema had changed.
func (h *handle) reprepared(stmt uintptr) int32 {
	return lib.Xsqlite3_stmt_status(h.tls, stmt, lib.SQLITE_STMTSTATUS_REPREPARE, 0)
}

func (h *handle) paramCount(stmt uintptr) int {
	return int(lib.Xsqlite3_bind_parameter_count(h.tls, stmt))
}

// paramName returns the name of parameter i, from 1: "$2", "" for a plain "?".
func (h *handle) paramName(stmt uintptr, i int) string {
	return libc.GoString(lib.Xsqlite3_bind_parameter_name(h.tls, stmt, int32(i)))
}

func (h *handle) columnCount(stmt uintptr) int {
	return int(lib.Xsqlite3_column_count(h.tls, stmt))
}

func (h *handle) columnName(stmt uintptr, i int) string {
	return libc.GoString(lib.Xsqlite3_column_name(h.tls, stmt, int32(i)))
}

// columnDecl returns the type in the table's declaration; "" for expressions.
func (h *handle) columnDecl(stmt uintptr, i int) string {
	return libc.GoString(lib.Xsqlite3_column_decltype(h.tls, stmt, int32(i)))
}

func (h *handle) columnType(stmt uintptr, i int) int32 {
	return lib.Xsqlite3_column_type(h.tls, stmt, int32(i))
}

func (h *handle) columnInt(stmt uintptr, i int) int64 {
	return lib.Xsqlite3_column_int64(h.tls, stmt, int32(i))
}

func (h *handle) columnFloat(stmt uintptr, i int) float64 {
	return lib.Xsqlite3_column_double(h.tls, stmt, int32(i))
}

// columnText and columnBlob return SQLite's own memory. Lease: until the next
// step, reset, or access to the same column.
func (h *handle) columnText(stmt uintptr, i int) []byte {
	p := lib.Xsqlite3_column_text(h.tls, stmt, int32(i))
	return h.view(p, lib.Xsqlite3_column_bytes(h.tls, stmt, int32(i)))
}

func (h *handle) columnBlob(stmt uintptr, i int) []byte {
	p := lib.Xsqlite3_column_blob(h.tls, stmt, int32(i))
	return h.view(p, lib.Xsqlite3_column_bytes(h.tls, stmt, int32(i)))
}

func (h *handle) view(p uintptr, n int32) []byte {
	if p == 0 || n == 0 {
		return nil
	}
	return (*libc.RawMem)(memory(p))[:n:n]
}

func (h *handle) bindNull(stmt uintptr, i int) int32 {
	return lib.Xsqlite3_bind_null(h.tls, stmt, int32(i))
}

func (h *handle) bindInt(stmt uintptr, i int, v int64) int32 {
	return lib.Xsqlite3_bind_int64(h.tls, stmt, int32(i), v)
}

func (h *handle) bindFloat(stmt uintptr, i int, v float64) int32 {
	return lib.Xsqlite3_bind_double(h.tls, stmt, int32(i), v)
}

// reserve makes scratch at least n bytes long. What was in it is lost.
func (h *handle) reserve(n int) bool {
	if n <= h.room {
		return true
	}
	libc.Xfree(h.tls, h.scratch)
	h.room = max(n, 2*h.room, 512)
	h.scratch = libc.Xmalloc(h.tls, types.Size_t(h.room))
	if h.scratch == 0 {
		h.room = 0
	}
	return h.scratch != 0
}

// put copies v into scratch at offset. Go memory is never handed to SQLite.
func (h *handle) put(offset int, v []byte) {
	p := h.scratch + uintptr(offset)
	copy((*libc.RawMem)(memory(p))[:len(v):len(v)], v)
}

func (h *handle) putText(offset int, v string) {
	p := h.scratch + uintptr(offset)
	copy((*libc.RawMem)(memory(p))[:len(v):len(v)], v)
}

// bindText and bindBlob bind n bytes of scratch.
func (h *handle) bindText(stmt uintptr, i, offset, n int, life uintptr) int32 {
	return lib.Xsqlite3_bind_text(h.tls, stmt, int32(i), h.scratch+uintptr(offset), int32(n), life)
}

func (h *handle) bindBlob(stmt uintptr, i, offset, n int, life uintptr) int32 {
	return lib.Xsqlite3_bind_blob(h.tls, stmt, int32(i), h.scratch+uintptr(offset), int32(n), life)
}
