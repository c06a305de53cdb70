package idempotency

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Claim is a request that wants to run.
//
// Owner: any (a plain value).
type Claim struct {
	// Key is what the store knows it by, 64 characters.
	Key string
	// Print is what the request asks for, 64 characters.
	Print string
	// Token tells this try from others.
	Token string
	// Lease is how long the try has the key without a sign of life, Keep how long the store keeps the key.
	Lease, Keep time.Duration
}

// Found is what a store has of a key.
//
// Owner: any (a plain value).
type Found struct {
	// Claimed: the request may run, the key is its own.
	Claimed bool
	// Print is that of the request that came first.
	Print string
	// Answer is what it was answered with; nil: it runs still.
	Answer []byte
}

// Store keeps keys and answers for all instances. [InDatabase] makes one, package idempotency/redisstore another. Its methods are called from
// reactors too, and must not block.
type Store interface {
	// Claim takes a key that is free: unknown, expired, or left by a try of the same print that has given no sign of life for its lease.
	Claim(ctx context.Context, c Claim) async.Future[Found]
	// Renew is a sign of life. False: the key is no longer the try's.
	Renew(ctx context.Context, c Claim) async.Future[bool]
	// Finish stores the answer. False: the key is no longer the try's.
	Finish(ctx context.Context, c Claim, answer []byte) async.Future[bool]
	// Release frees the key, if it is still the try's.
	Release(ctx context.Context, c Claim) async.Future[bool]
}
