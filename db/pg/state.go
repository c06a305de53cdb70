package pg

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/jackc/pgx/v5/pgconn"
)

// database sends each query to the core of its caller.
//
// Owner: any (atomic). cfg, target, free, dialing, stopDialing: immutable. first: mu.
type database struct {
	cfg    Config
	target *pgconn.Config

	bound  atomic.Pointer[binding]
	cores  atomic.Pointer[[]*core] // of all bindings ever, by id-1
	turn   atomic.Uint32           // for callers without a reactor
	closed atomic.Bool

	free int // connections that the server had left when the pool opened; 0: unknown

	dropsNames   atomic.Bool // the user has statements that drop prepared ones
	limitRefused atomic.Bool // a pooler does not take statement_timeout in the startup message
	namesUnsafe  atomic.Bool // stopNaming was called: nothing is named any more
	namesLogged  sync.Once   // it has been logged
	poolerLogged sync.Once   // so has a pooler

	notices notices

	dialing     context.Context // ends with the pool
	stopDialing context.CancelFunc

	mu      sync.Mutex // serializes binding and closing
	first   *link      // made by Open, for the first core
	retired sync.WaitGroup
}

// log is where warnings go.
func (d *database) log() *slog.Logger {
	if d.cfg.Logger != nil {
		return d.cfg.Logger
	}
	if b := d.bound.Load(); b != nil {
		return b.group.Logger()
	}
	return safelog.Of(nil)
}

// binding is the cores over one group of reactors.
//
// Owner: any (atomic). drained: closed by whoever leaves last.
type binding struct {
	d       *database
	group   *reactor.Group
	own     bool // the group was started by the pool
	cores   []*core
	active  atomic.Int64 // queries and sessions that have not ended
	ending  atomic.Bool
	once    sync.Once
	drained chan struct{}
}

// core is the pool of one reactor: its connections, its statements, and the
// calls that wait for a connection.
//
// Owner: reactor. inbox, counts: any (atomic). d, b, r, id, index, cfg: immutable.
type core struct {
	d     *database
	b     *binding
	r     *reactor.Reactor
	id    int32 // in database.cores, from 1
	index int   // in binding.cores
	cfg   *Config
	inbox inbox

	shares bool // short reads may share a transaction: immutable

	conns      []*conn
	slots      uint64        // bit i: slot i is taken
	opening    int           // connections that are being made
	failures   int           // to connect, in a row
	connectErr error         // of the last try, nil after a success
	failedAt   time.Time     // when the last one did
	pause      time.Duration // until the next one

	waiting    driver.Queue // for any connection
	exclusive  driver.Queue // for a connection of their own
	statements statements
	pinned     map[*driver.Query][]*statement // see pin
	types      *wire.Types
	sessions   int

	read       []byte // lent to the connection that reads
	cipher     []byte // the same for TLS, once there is a connection with it
	buffers    stream.Buffers
	dirty      []*conn
	spareDirty []*conn

	spareGroups []*group

	keeper    reactor.Timer // calls tick
	keepAt    time.Time
	resting   bool // tick is called late: nothing goes on
	lostConns int  // broken, not yet replaced
	closing   bool
	counts    counts
}

// conn is one connection to the server: what has been sent on it and not been
// answered, and the bytes on their way.
//
// Owner: reactor.
type conn struct {
	core   *core
	link   *link
	socket stream.Socket
	tls    *tls.Conn
	slot   int
	life   connLife

	plain []byte // TLS: what is still to be encrypted
	rest  []byte // the start of a message whose end has not come yet
	dirty bool   // in core.dirty: something waits to be written

	sending units        // what has not been answered, in order
	head    pipelineHead // when the first of them became the first
	ended   unit         // the one whose ReadyForQuery is being handled
	group   *group       // open: more queries may share its Sync
	extra   int          // queries in groups, beyond one per unit
	unsent  int          // how many units, the last ones, are not written yet
	parked  int          // calls that wait for a statement to be prepared here
	slow    int          // units whose statement is slow
	unknown int          // units whose statement has not been measured
	locks   int          // units whose statement may wait for a lock of a row
	status  byte         // of the last ReadyForQuery: I, T or E

	held         *session // the user who has it alone
	reserve      bool     // for a call that needs it alone, once it is empty
	foreignLimit bool     // a statement has changed the time limit here
	unnamed      bool     // behind a pooler: statements have no names here

	health connHealth
	report serverReport

	writeCheck   *writeCheck // it is being asked whether it takes writes
	askOnRelease bool        // a write was refused: it is asked about that when it is given back

	copying copying

	lastTook  time.Duration // how long the last unit took
	roundTrip time.Duration // the least that a fresh one took: a round trip, at most

	cancels    int           // cancel requests on their way
	lastCancel time.Time     // when the last one was done
	timer      reactor.Timer // gives an abandoned head a moment
	splitter   reactor.Timer // stops a group that is the head for too long
}

// connLife is how far the life of a connection has come.
type connLife uint8

const (
	connOpen     connLife = iota
	connRetiring          // takes nothing new, and is closed once it is empty
	connClosed
)

func (cn *conn) closed() bool { return cn.life == connClosed }

// pipelineHead is what is known of the first unit of a pipeline.
//
// Owner: reactor.
type pipelineHead struct {
	since time.Time // when it became the first
	fresh bool      // it was the first from the start
}

// connHealth is when something was heard of a connection, and how long it may live.
//
// Owner: reactor.
type connHealth struct {
	expires  time.Time // end of life; zero: none
	usedAt   time.Time // when it last had something to do for a caller
	heardAt  time.Time // when the server last answered, health checks included
	checking bool      // a health check is under way
}

// serverReport is what a server has told about itself, see lostWrites.
//
// Owner: reactor.
type serverReport struct {
	standby  bool // it is one
	readOnly bool // default_transaction_read_only is on
}

// copying is the COPY that is under way; the zero value: none.
//
// Owner: reactor.
type copying struct {
	copier    *copier
	unwritten bool // a chunk of its rows is in the buffer
}

// session is a connection that one user holds: a transaction, a stream, or a
// batch whose rows decide about its success. Its queries run one after another.
//
// Owner: reactor.
type session struct {
	core         *core
	cn           *conn
	tx           bool         // a transaction of the user; else one statement's own
	queue        driver.Queue // what comes next
	busy         bool         // something is on its way
	over         bool         // the connection has been given back
	lost         error        // why there is nothing left to commit
	result       error        // how the query that ends the session ends
	cursor       *cursor      // of the portion that is on its way
	cursors      int          // portal names given out
	foreignLimit bool         // one of its statements has changed the time limit
	marked       bool         // the savepoint of a batch is set, or on its way

	readOnly bool            // its user wants no writes
	entry    *entry          // it is in a hook
	ctx      context.Context // of its user, for AfterUse; nil: there is no such hook

	since   time.Time // when it last did something
	lastSQL string
	site    *site
	leaked  bool
}

// prepared is a statement on one connection.
//
// Owner: reactor.
type prepared struct {
	cn      *conn
	name    []byte       // on the server, with its final zero byte
	shape   *wire.Shape  // nil while the server is preparing it
	waiting driver.Queue // what runs once it is prepared
}
