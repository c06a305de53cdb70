package security

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/safelog"
)

const (
	// maxSet bounds the length in bytes of a key set.
	maxSet = 1 << 20
	// fetchTimeout bounds one fetch.
	fetchTimeout = 10 * time.Second
	// firstDelay and lastDelay are the pauses after the first and after many failures.
	firstDelay, lastDelay = time.Second, 5 * time.Minute
	// defaultRefresh is how old a set may get before it is fetched again.
	defaultRefresh = 15 * time.Minute
	// defaultPause is between two fetches that unknown keys cause: clients can
	// make up key ids.
	defaultPause = 30 * time.Second
	// maxStale is how long a set is used that cannot be fetched again.
	maxStale = 24 * time.Hour
)

// keySet keeps the keys that a server publishes, RFC 7517.
//
// Owner: mu.
type keySet struct {
	url     string
	client  *http.Client
	now     func() time.Time
	refresh time.Duration
	pause   time.Duration

	mu       sync.Mutex
	keys     []Key // never changed, only replaced
	edition  int   // of keys
	fetched  time.Time
	next     time.Time // before it nothing is fetched
	failures int
	lastErr  error
	fetching *async.Shared[struct{}] // nil: nothing is under way
}

// checkKeyURL reports addresses that keys must not come from.
func checkKeyURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return errors.New("JWKS must be a URL such as https://login.example.com/jwks.json")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return errors.New("JWKS must be fetched over https: who can change the keys can make tokens")
	}
	return nil
}

// errKeysUnavailable is answered with 503: the token may well be right.
type errKeysUnavailable struct {
	cause error
	retry time.Duration
}

func (e *errKeysUnavailable) Error() string {
	return "security: the keys cannot be fetched: " + e.cause.Error()
}
func (e *errKeysUnavailable) Unwrap() []error           { return []error{ErrUnavailable, e.cause} }
func (e *errKeysUnavailable) HTTPStatus() int           { return http.StatusServiceUnavailable }
func (e *errKeysUnavailable) RetryAfter() time.Duration { return e.retry }

// current returns the keys as they are with the number of their edition, and
// begins to fetch them again when they are old.
func (s *keySet) current(ctx context.Context) ([]Key, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.now().Sub(s.fetched)
	if s.keys != nil && age > s.refresh {
		s.begin(ctx)
	}
	if age > s.refresh+maxStale {
		return nil, s.edition
	}
	return s.keys, s.edition
}

// demand is for a token whose key is not in an edition of the set. It returns
// what may bring a newer one, or the reason why there is none: ErrInvalid when the
// set is young enough.
func (s *keySet) demand(ctx context.Context, edition int) async.Future[struct{}] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.edition != edition {
		return async.Ready(struct{}{}) // it has come in between
	}
	if fetching := s.begin(ctx); fetching != nil {
		return fetching.Future(ctx)
	}
	if s.keys == nil || s.now().Sub(s.fetched) > s.refresh+maxStale {
		return async.Failed[struct{}](&errKeysUnavailable{s.lastErr, s.next.Sub(s.now())})
	}
	return async.Failed[struct{}](ErrInvalid)
}

// begin starts a fetch, unless one is under way, or it is too early for another:
// then it returns nil. What goes wrong is logged as the request's that has asked. mu
// is held.
func (s *keySet) begin(ctx context.Context) *async.Shared[struct{}] {
	if s.fetching != nil {
		return s.fetching
	}
	if s.now().Before(s.next) {
		return nil
	}
	log := safelog.Of(nil)
	if c := requestOf(ctx); c != nil {
		log = c.Logger()
	}
	// No request owns the fetch: others wait for it too.
	s.fetching = async.Go(context.Background(), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.fetch(ctx, log)
	}).Shared()
	return s.fetching
}

// fetch gets the set and keeps it, or counts a failure.
func (s *keySet) fetch(ctx context.Context, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	keys, err := s.download(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetching = nil
	now := s.now()
	if err == nil {
		s.keys, s.fetched, s.next, s.failures, s.lastErr = keys, now, now.Add(s.pause), 0, nil
		s.edition++
		return nil
	}
	delay := async.Backoff{First: firstDelay, Last: lastDelay, Jitter: 0.2}.Pause(s.failures) // not all processes at once
	s.failures++
	s.next, s.lastErr = now.Add(delay), err
	log.Warn("security: key set not fetched", slog.String("url", redacted(s.url)), slog.Any("error", err), slog.Duration("retry", delay))
	return &errKeysUnavailable{err, delay}
}

// redacted is the address without user and query, where secrets may be.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

func (s *keySet) download(ctx context.Context) ([]Key, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the key server answered with %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxSet+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSet {
		return nil, errors.New("the key set is longer than 1 MiB")
	}
	return parseJWKS(text)
}
