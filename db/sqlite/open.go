package sqlite

import (
	"errors"
	"fmt"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// Memory is the path of a database that lives in memory and ends with its pool.
const Memory = ":memory:"

// Open opens, or creates, the database file at path and returns a pool for it.
// The folder must exist. The file is switched to write-ahead logging, which it
// stays in, and which keeps two more files beside it (path-wal, path-shm) while
// it is open. It fails with a *db.Error when the file cannot be opened, is
// damaged, is no database, or may not be written.
func Open(path string, cfg Config) (*db.Pool, error) {
	cfg, err := cfg.resolve(path)
	if err != nil {
		return nil, err
	}
	d := &database{
		path: path, memory: path == Memory, cfg: cfg,
		drained: make(chan struct{}), kill: make(chan struct{}), stop: make(chan struct{}),
		write: &lane{},
	}
	d.read = d.write
	err = d.addWorker(d.write, false)
	if err == nil && !d.memory {
		d.read = &lane{}
		for range cfg.Readers {
			if err = d.addWorker(d.read, true); err != nil {
				break
			}
		}
	}
	if err != nil {
		for _, w := range d.all {
			w.conn.close()
		}
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	for _, w := range d.all {
		d.workers.Add(1)
		go w.run()
	}
	return db.New(d, d.Stats), nil
}

// addWorker opens a connection for a lane.
func (d *database) addWorker(l *lane, reader bool) error {
	c, err := openConn(d, reader)
	if err != nil {
		return err
	}
	w := &worker{driver: d, lane: l, conn: c, wake: make(chan *driver.Query, 1)}
	d.all = append(d.all, w)
	l.idle = append(l.idle, w)
	return nil
}

// join adds a second error, if there is one.
func join(err, second error) error {
	if second == nil {
		return err
	}
	return errors.Join(err, second)
}
