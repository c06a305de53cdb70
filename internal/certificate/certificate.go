package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how old what is known of the files may be.
const lookEvery = time.Second

// Files are a certificate, with its chain, and its key, as PEM. Any goroutine may use them.
//
// Owner: mu; cert, key, log, now: immutable.
type Files struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]stamp // of what was read last, with success or not
	looked  time.Time
}

// stamp tells two states of a file apart.
type stamp struct {
	changed time.Time
	length  int64
}

// Load reads the certificate. The error names the files.
func Load(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log, now: time.Now}
	f.looked = f.now()
	var err error
	if f.seen, err = f.stamps(); err == nil {
		f.current, err = f.read()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Certificate is the newest one. It is for [tls.Config.GetCertificate], and never fails.
func (f *Files) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.looked) < lookEvery {
		return f.current, nil
	}
	f.looked = now
	seen, err := f.stamps()
	if err == nil && seen == f.seen {
		return f.current, nil
	}
	var next *tls.Certificate
	if err == nil {
		next, err = f.read()
	}
	switch {
	case err == nil:
		f.current = next
		f.log.Info("the TLS certificate was read again", slog.String("file", f.cert), slog.Time("expires", next.Leaf.NotAfter))
	case seen != f.seen: // once for each state
		f.log.Error("the TLS certificate cannot be read again; the old one is used", slog.Any("error", err))
	}
	f.seen = seen
	return f.current, nil
}

func (f *Files) stamps() (s [2]stamp, err error) {
	for i, name := range [...]string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return [2]stamp{}, fmt.Errorf("the TLS certificate: %w", err)
		}
		s[i] = stamp{info.ModTime(), info.Size()}
	}
	return s, nil
}

func (f *Files) read() (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("the TLS certificate in %s and %s: %w", f.cert, f.key, err)
	}
	return &c, nil
}
