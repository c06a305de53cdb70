package async

import "context"

// Site tells where the code that holds a context runs. The zero Site is a plain
// goroutine that knows no reactor.
//
// Owner: any (immutable after New).
type Site struct {
	// Scheduler settles the promises made for this code and runs its
	// continuations. Nil means [Background].
	Scheduler Scheduler
	// Direct says that the holder runs on the scheduler itself and may call its
	// owner-only methods.
	Direct bool
	// Coroutine is the coroutine of Scheduler that the holder is. Nil: none.
	Coroutine Coroutine
	// Bound says that the end of the context interrupts Coroutine, so that waiting
	// there needs no watch of its own.
	Bound bool
}

// Coroutine is a suspendable call on a scheduler; a reactor implements it. All
// methods are owner only.
type Coroutine interface {
	// Run resumes the coroutine if it is suspended and returns when it suspends
	// again or ends.
	Task
	// Suspend is called from inside. It returns when Run is called, for
	// whatever reason: callers check what they wait for and suspend again.
	Suspend()
	// Interrupted returns why the work of this coroutine was cancelled by its
	// owner (the client is gone, the server stops), or nil. The owner sets it
	// before it runs the coroutine.
	Interrupted() error
	// waiter comes with the [Waiter] that an implementation embeds.
	waiter() *Waiter
}

// SiteCarrier is a context that knows its own site: the fast path of [SiteOf].
// Its Value method should answer to [SiteKey] as well, for the contexts that
// are derived from it.
type SiteCarrier interface{ AsyncSite() Site }

// siteKey is the context key of sites.
//
// Owner: any (immutable once made).
type siteKey struct{}

// SiteKey returns the key under which contexts hold their site. The value is a
// *[Site] (no allocation) or a [Site].
func SiteKey() any { return siteKey{} }

// SiteOf tells where the holder of ctx runs: by ctx itself when it is a
// [SiteCarrier], else by the context it was derived from. A context that knows
// nothing gives the zero Site.
func SiteOf(ctx context.Context) Site {
	site, _ := siteOf(ctx)
	return site
}

// siteOf also tells whether ctx is the carrier itself and bound to the coroutine:
// then its cancellation is the coroutine's interruption and needs no second watch.
func siteOf(ctx context.Context) (site Site, carrier bool) {
	if c, ok := ctx.(SiteCarrier); ok {
		site = c.AsyncSite()
		return site, site.Bound
	}
	switch v := ctx.Value(siteKey{}).(type) {
	case *Site:
		if v != nil {
			return *v, false
		}
	case Site:
		return v, false
	}
	return Site{}, false
}

// WithSite returns a context below ctx whose holder runs at s.
func WithSite(ctx context.Context, s Site) context.Context {
	return &siteContext{Context: ctx, site: s}
}

// siteContext is what WithSite returns.
//
// Owner: any (immutable once made).
type siteContext struct {
	context.Context
	site Site
}

func (c *siteContext) Value(key any) any {
	if key == (siteKey{}) {
		return &c.site
	}
	return c.Context.Value(key)
}

// AfterFunc lets the context package watch the parent without a goroutine where
// the parent can do so.
func (c *siteContext) AfterFunc(f func()) (stop func() bool) {
	return context.AfterFunc(c.Context, f)
}

// home is the scheduler for promises made at s.
func (s Site) home() Scheduler {
	if s.Scheduler == nil {
		return background{}
	}
	return s.Scheduler
}

// owner tells whether code at s may call owner-only methods of s.home().
func (s Site) owner() bool { return s.Direct || s.Scheduler == nil }
