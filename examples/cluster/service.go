package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/broadcast/redislink"
	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/leader"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
	"github.com/fasterapi/fasterapi/observe/metrics"
	"github.com/fasterapi/fasterapi/schedule"
	"github.com/fasterapi/fasterapi/secret"
)

// settings are what the cluster tells an instance.
type settings struct {
	Database secret.String `env:"DATABASE_URL"`
	Redis    secret.String `env:"REDIS_URL"`
	Port     int           `env:"CLUSTER_PORT"`
	PidFile  string        `env:"CLUSTER_PID"`
}

// prepare makes the tables: once, before the instances start.
func (c *cluster) prepare(ctx context.Context) error {
	pool, err := pg.Open(ctx, pg.Config{URL: c.databaseURL()})
	if err != nil {
		return err
	}
	_, err = pool.Exec(ctx, schema).Await(ctx)
	return cmpErr(err, pool.Close(ctx))
}

// cmpErr is the first error.
func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

const schema = idempotency.Schema + leader.Schema + ";" + schedule.Schema + `;
CREATE TABLE IF NOT EXISTS orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL, made_by text NOT NULL, key text NOT NULL UNIQUE)`

// runInstance serves as one of the instances.
func runInstance(name string) error {
	s, err := fasterapi.Settings[settings]()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// While PostgreSQL is away, clients are told so after two seconds.
	pool, err := pg.Open(ctx, pg.Config{URL: s.Database.Reveal(), MaxConns: 4, AcquireTimeout: 2 * time.Second})
	if err != nil {
		return err
	}
	// snippet: redis
	client, err := redisclient.Open(s.Redis.Reveal()) // "redis://cache.internal:6379", which need not be there yet
	if err != nil {
		return err
	}
	// end snippet
	app := newApp(fasterapi.Config{
		Title: "Cluster", Addr: "127.0.0.1:" + strconv.Itoa(s.Port), DrainDelay: time.Second, DrainTimeout: 10 * time.Second,
	}, name, pool, client)
	app.OnStart(func(context.Context) error { return os.WriteFile(s.PidFile, []byte(strconv.Itoa(os.Getpid())), 0o600) })
	app.Run()
	return nil
}

// News is what happens.
type News struct {
	Instance string `json:"instance"`
	Text     string `json:"text"`
}

// Order is what clients order.
type Order struct {
	Item string `json:"item" minLength:"1" maxLength:"100"`
}

// Ordered is an order that is in the database.
type Ordered struct {
	ID int64 `json:"id"`
}

// Who says which instance answers.
type Who struct {
	Instance string `json:"instance"`
	PID      int    `json:"pid"`
	Leader   bool   `json:"leader"`
	Orders   int64  `json:"orders"`
}

// instance is what the handlers share.
type instance struct {
	name string
	role *leader.Role
}

// newApp is the app of an instance.
func newApp(cfg fasterapi.Config, name string, pool *db.Pool, client rueidis.Client) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.OnStop(func(context.Context) error { client.Close(); return nil })
	app.Provide(pool, fasterapi.CloseOnStop())

	// snippet: limits
	app.Use(middleware.RateLimit(middleware.RateLimitConfig{
		Limit:   middleware.Limit{Requests: 100_000, Window: time.Minute, Burst: 20_000},
		Limiter: redisrate.NewLeased(client, redisrate.LeasedConfig{}),
	}))
	// end snippet

	// snippet: broadcast
	news := broadcast.New("news", broadcast.Config[News]{Link: redislink.New(client, redislink.Config{})})
	app.Provide(news, fasterapi.CloseOnStop())
	app.Get("/events", followNews)
	// end snippet

	// snippet: leader
	role := leader.New(pool, "ticker", leader.Config{})
	role.Attach(app)
	jobs := schedule.New(schedule.Config{Leader: role, Pool: pool})
	jobs.Add(schedule.Job{Name: "tick", Every: 2 * time.Second, Run: func(ctx context.Context, run schedule.Run) error {
		_, err := news.Publish(ctx, News{name, fmt.Sprintf("tick of term %d", run.Term.Number)}).Await(ctx)
		return err
	}})
	jobs.Attach(app)
	// end snippet

	// snippet: orders-route
	keys := idempotency.New(idempotency.InDatabase(pool), idempotency.Config{Lease: 2 * time.Second})
	app.Post("/orders", order, keys.Route())
	// end snippet

	// snippet: watch
	m := metrics.New(app)
	m.Pool("main", pool)
	m.Topic(news)
	m.Keys(keys)
	m.Role(role)
	m.Schedule(jobs)
	app.Mount("/metrics", m.Handler()) // which nginx keeps from strangers
	// end snippet

	app.Provide(&instance{name, role})
	app.Get("/whoami", whoami)
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return page, nil }, fasterapi.Hidden())
	return app
}

// snippet: follow
// followNews tells a browser what happens in all instances, also what it has missed while it was not connected.
func followNews(c *fasterapi.Ctx, in struct {
	News *broadcast.Topic[News] `inject:""`
},
) (fasterapi.SSE[News], error) {
	return in.News.SSE(c, broadcast.Subscription[News]{})
}

// end snippet

// snippet: order
// order puts an order into the database, and tells all who listen. A client that does not know what became of its request sends it again with the same key,
// which stands in the row, too: what was committed just before an instance or the database died is found, and not made twice.
func order(c *fasterapi.Ctx, in struct {
	Body Order                  `body:""`
	DB   *db.Pool               `inject:""`
	News *broadcast.Topic[News] `inject:""`
	Here *instance              `inject:""`
},
) (fasterapi.Created[Ordered], error) {
	const insert = `INSERT INTO orders (item, made_by, key) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id`
	id, err := in.DB.One[int64](c, insert, in.Body.Item, in.Here.name, c.Header(idempotency.Header)).Await(c)
	if err != nil {
		return fasterapi.Created[Ordered]{}, err
	}
	in.News.Publish(c, News{in.Here.name, fmt.Sprintf("order %d: %s", id, in.Body.Item)}) // if it fails, that is logged
	return fasterapi.Created[Ordered]{Body: Ordered{id}}, nil
}

// end snippet

func whoami(c *fasterapi.Ctx, in struct {
	DB   *db.Pool  `inject:""`
	Here *instance `inject:""`
},
) (Who, error) {
	orders, err := in.DB.One[int64](c, `SELECT count(*) FROM orders`).Await(c)
	_, leads := in.Here.role.Term()
	return Who{Instance: in.Here.name, PID: os.Getpid(), Leader: leads, Orders: orders}, err
}
