package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/leader"
)

// Schema makes the table of the times that jobs have run for, where it is missing, in PostgreSQL.
const Schema = `CREATE TABLE IF NOT EXISTS schedule_runs (job text PRIMARY KEY, due bigint NOT NULL)`

// Config configures New. The zero value is ready for jobs of each instance.
//
// Owner: any (a plain value).
type Config struct {
	// Leader is who runs the jobs OnLeader.
	Leader *leader.Role
	// Pool keeps the times that jobs OnLeader have run for, in the table of Schema. Default: they are not kept.
	Pool *db.Pool
	// Late is how long after its time a run may begin without being a misfire. Default 10 s.
	Late time.Duration
	// Logger takes failures and misfires. Default: that of the app that the jobs are attached to, else slog.Default().
	Logger *slog.Logger
}

// Where says which instances run a job.
type Where uint8

const (
	// OnLeader runs it on the leader of Config.Leader.
	OnLeader Where = iota
	// OnEach runs it in each instance.
	OnEach
)

// Misfire says what becomes of times that have passed without a run.
type Misfire uint8

const (
	// Skip waits for the next time.
	Skip Misfire = iota
	// RunOnce runs at once, once for all of them.
	RunOnce
)

// Run is what a job knows of its run.
//
// Owner: any (a plain value).
type Run struct {
	// Due is the time that it is for.
	Due time.Time
	// Term is that of the leader; the zero value in jobs OnEach.
	Term leader.Term
}

// Job is work that is done again and again. One of Every and Cron is set.
//
// Owner: any (a plain value).
type Job struct {
	// Name is unique among the jobs of a service.
	Name string
	// Every is the period: the job runs at its multiples since 1970, in UTC. At least 1 ms.
	Every time.Duration
	// Cron is five fields: minute, hour, day, month, weekday, such as "*/10 8-18 * * mon-fri"; or @hourly, @daily, @weekly, @monthly, @yearly. Where both
	// day and weekday are limited, one of them is enough.
	Cron string
	// Location is the place whose clock Cron means. Default UTC. When that clock is changed the job does not run for a time that is left out, and runs twice for one that comes twice.
	Location *time.Location
	// Where says which instances run the job. Default OnLeader.
	Where Where
	// Misfire says what becomes of times that have passed. Default Skip.
	Misfire Misfire
	// Run does the work. Its context ends when the app cannot wait any longer, and when the role is lost.
	Run func(ctx context.Context, run Run) error
}

// Schedule is the jobs of an instance. Any goroutine may use it.
//
// Owner: mu; cfg: immutable after Start.
type Schedule struct {
	cfg Config

	mu      sync.Mutex
	wrong   mistake.List
	jobs    []*job
	started bool
	quit    chan struct{} // closed: no job starts
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// job is a Job with its plan and its counts.
//
// Owner: mu of the Schedule; Job, plan, site: immutable after Add.
type job struct {
	Job
	plan  plan
	site  string // of the call of Add
	stats Stats
	// since is when the run began that goes on; zero: none does.
	since time.Time
}

// New returns a schedule without jobs.
func New(cfg Config) *Schedule {
	cfg.Late = cmp.Or(cfg.Late, 10*time.Second)
	s := &Schedule{cfg: cfg, quit: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wrong.Unless(cfg.Late > 0, "schedule.Config.Late must be positive")
	return s
}

// Add adds a job. What is wrong with it keeps the app from starting. Once the schedule has started a job would never run:
// then Add panics with a [fasterapi.RegistrationError].
func (s *Schedule) Add(j Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		late := mistake.New(mistake.Here(), fmt.Sprintf("job %q: the schedule has started, so it would never run", j.Name))
		panic(&fasterapi.RegistrationError{Mistakes: []string{late.Error()}})
	}
	if j.Location == nil {
		j.Location = time.UTC
	}
	added := &job{Job: j, site: mistake.Here().Site, stats: Stats{Job: j.Name, OnLeader: j.Where == OnLeader}}
	wrong := func(ok bool, what string) { s.wrong.Unless(ok, fmt.Sprintf("job %q: %s", j.Name, what)) }
	wrong(j.Name != "", "it needs a Name")
	for _, other := range s.jobs {
		wrong(other.Name != j.Name, "there are two of this name")
	}
	wrong(j.Run != nil, "it needs something to Run")
	wrong((j.Every != 0) != (j.Cron != ""), "it needs Every or Cron, and not both")
	wrong(j.Every == 0 || j.Every >= time.Millisecond, "Every must be at least 1 ms")
	wrong(j.Where == OnEach || s.cfg.Leader != nil, "it runs on the leader, and Config.Leader is not set")
	added.plan = grid(max(j.Every, 1))
	if j.Cron != "" {
		c, err := parseCron(j.Cron, j.Location)
		if err != nil {
			wrong(false, err.Error())
		}
		added.plan = c
	}
	s.jobs = append(s.jobs, added)
}

// Mistake returns what is wrong with the settings and the jobs, nil when nothing is.
func (s *Schedule) Mistake() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong.Err()
}

// Attach starts the jobs with the app, and stops them when it stops. Attach the role before it.
func (s *Schedule) Attach(app *fasterapi.App) {
	s.mu.Lock()
	if !s.started {
		s.cfg.Logger = cmp.Or(s.cfg.Logger, app.Config().Logger)
	}
	s.mu.Unlock()
	app.OnStart(func(context.Context) error { return s.Start() })
	app.OnStop(s.Stop)
}

// Start starts the jobs.
func (s *Schedule) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.wrong.Err(); err != nil {
		return err
	}
	if s.started {
		return errors.New("schedule: it was started already")
	}
	s.started = true
	s.cfg.Logger = safelog.Of(s.cfg.Logger)
	for _, j := range s.jobs {
		s.running.Go(func() { s.loop(j) })
	}
	return nil
}

// lastMoment is for how long Stop waits, once it has ended the contexts of jobs, for those that look at them.
const lastMoment = 50 * time.Millisecond

// Stop starts no more jobs, and waits for those that run. When ctx ends, so do their contexts; one that does not look at its
// context is left behind 50 ms later. The error has the names of all that were not done when ctx ended, and where they were added.
func (s *Schedule) Stop(ctx context.Context) error {
	s.mu.Lock()
	select {
	case <-s.quit:
	default:
		close(s.quit)
	}
	s.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		s.running.Wait()
		close(idle)
	}()
	defer s.cancel()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	cut := s.unfinished()
	s.cancel()
	moment := time.NewTimer(lastMoment)
	defer moment.Stop()
	select {
	case <-idle:
		return fmt.Errorf("schedule: jobs were cut off: %s: %w", cut, context.Cause(ctx))
	case <-moment.C:
		return fmt.Errorf("schedule: jobs still run, though their contexts have ended: %s: %w", s.unfinished(), context.Cause(ctx))
	}
}

// unfinished lists the jobs that run.
func (s *Schedule) unfinished() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, j := range s.jobs {
		if !j.since.IsZero() {
			all = append(all, fmt.Sprintf("%q (%s), for %v", j.Name, j.site, time.Since(j.since).Round(time.Millisecond)))
		}
	}
	if len(all) == 0 {
		return "none of them has begun its work"
	}
	return strings.Join(all, ", ")
}

// do runs the work once. What it fails with is logged.
func (s *Schedule) do(ctx context.Context, j *job, run Run) {
	began := time.Now()
	s.begins(j, began)
	err := guarded(ctx, j, run)
	s.ended(j, run, began, err)
	if err != nil {
		s.cfg.Logger.Error("schedule: a job has failed", slog.String("job", j.Name), slog.Time("due", run.Due), slog.Any("error", err))
	}
}

// guarded makes an error of a panic.
func guarded(ctx context.Context, j *job, run Run) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return j.Run(ctx, run)
}
