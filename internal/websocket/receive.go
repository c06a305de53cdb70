package websocket

import (
	"context"

	"github.com/fasterapi/fasterapi/async"
)

// Err returns why the connection has ended or is about to, nil while it is open.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil
	}
	return c.err
}

// Receive waits for the next message. It fails with ctx, and with a
// [*CloseError] when the connection ends.
func (c *Conn) Receive(ctx context.Context) (Message, error) {
	for {
		c.mu.Lock()
		c.disengage()
		again := c.nc == nil && c.pump(readsPerTurn)
		c.check()
		if c.has {
			m := c.take()
			c.mu.Unlock()
			err := c.unpack(&m)
			return m, err
		}
		if c.err != nil {
			err := c.err
			c.mu.Unlock()
			return Message{}, err
		}
		if again {
			c.mu.Unlock()
			continue
		}
		if c.arrived == nil {
			c.arrived = make(chan struct{})
		}
		arrived := c.arrived
		c.mu.Unlock()
		select {
		case <-arrived:
		case <-ctx.Done():
			c.mu.Lock()
			more := c.has || c.err != nil // ctx may have ended because the connection has
			c.mu.Unlock()
			if !more {
				return Message{}, context.Cause(ctx)
			}
		}
	}
}

// take takes the message that is there, and lets the reading go on.
func (c *Conn) take() Message {
	m := c.message
	c.message, c.has, c.engaged = Message{}, false, true
	c.proceed()
	return m
}

// disengage says that the last message was answered, if it had to be.
func (c *Conn) disengage() {
	c.engaged = false
	c.answerPeer()
}

// unpack decompresses a message; one that cannot be read closes the connection.
func (c *Conn) unpack(m *Message) error {
	err := c.opts.Pools.inflate(m, c.decoder.limit)
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if fault, ok := err.(*CloseError); ok && c.phase == open {
		c.fail(fault)
		c.proceed()
	}
	return err
}

// proceed reads on, up to the next message, after one was taken.
func (c *Conn) proceed() {
	if c.nc != nil {
		c.makeRoom()
	} else if c.pump(readsPerTurn) {
		c.reactor.Post((*resumption)(c))
	}
}

// turn is a connection whose listener takes the messages that are there.
//
// Owner: the goroutine that runs it.
type turn Conn

// startListener reports whether a turn has to be started.
func (c *Conn) startListener() bool {
	if c.listener == nil || !c.has || c.listenerState != waiting {
		return false
	}
	c.listenerState = atWork
	return true
}

// Run implements [async.Task].
func (t *turn) Run() {
	c := (*Conn)(t)
	returned := false
	defer func() {
		if !returned { // the listener has ended its goroutine
			c.Close(CodeFailed, "")
			c.reactor.Post(async.TaskFunc(func() { c.reactor.Worker(t) }))
		}
	}()
	for c.listen() {
	}
	returned = true
}

// listen gives one message to the listener; false: there is none.
func (c *Conn) listen() bool {
	c.mu.Lock()
	c.disengage()
	again := c.pump(readsPerTurn)
	if !c.has {
		if !again {
			c.listenerState = waiting
		}
		tell := c.tell()
		c.check()
		c.mu.Unlock()
		if tell {
			c.listener.Closed(c.err)
		}
		return again
	}
	m := c.take()
	c.mu.Unlock()
	if c.unpack(&m) == nil {
		c.listener.Message(m)
	}
	return true
}
