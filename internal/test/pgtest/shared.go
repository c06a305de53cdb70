package pgtest

import (
	"sync"
	"testing"
)

// Shared is a plaintext cluster and one with TLS for all tests of a package, each
// started by the first who asks for it:
//
//	var clusters pgtest.Shared
//
//	func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }
//
// Owner: mu.
type Shared struct {
	mu    sync.Mutex
	plain *Cluster
	tls   *Cluster
}

// Run runs the tests of the package, removes the clusters, and returns the exit
// code.
func (s *Shared) Run(m *testing.M) int {
	defer func() {
		for _, c := range []*Cluster{s.plain, s.tls} {
			if c != nil {
				c.Remove()
			}
		}
	}()
	return m.Run()
}

// Plain returns the plaintext cluster.
func (s *Shared) Plain(t testing.TB) *Cluster { t.Helper(); return s.get(t, &s.plain, Options{}) }

// TLS returns the cluster with TLS and SCRAM.
func (s *Shared) TLS(t testing.TB) *Cluster { t.Helper(); return s.get(t, &s.tls, Options{TLS: true}) }

// Both returns both, by name, for a test that runs on each of them.
func (s *Shared) Both(t testing.TB) map[string]*Cluster {
	t.Helper()
	return map[string]*Cluster{"plain": s.Plain(t), "tls": s.TLS(t)}
}

func (s *Shared) get(t testing.TB, slot **Cluster, o Options) *Cluster {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if *slot == nil {
		c, err := New(findServer(t), o)
		if err != nil {
			t.Fatalf("pgtest: %v", err)
		}
		*slot = c
	}
	return *slot
}
