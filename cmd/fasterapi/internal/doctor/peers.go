package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/checklist"
)

// database asks the Postgres of DATABASE_URL for its version.
func (m *machine) database(ctx context.Context) *checklist.Item {
	address := m.variable("DATABASE_URL")
	if address == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return bad("database", checklist.Fail, "DATABASE_URL=postgres://user:password@host:5432/name", "DATABASE_URL is no address of a Postgres")
	}
	where := fmt.Sprintf("%s of %s", config.Database, net.JoinHostPort(config.Host, fmt.Sprint(config.Port)))
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
			return bad("database", checklist.Fail, "user, password and name in DATABASE_URL, and pg_hba.conf of the server", "the database %s does not let us in: %s (%s)", where, refused.Message, refused.Code)
		}
		return bad("database", checklist.Fail, "start it, or correct host and port in DATABASE_URL", "the database %s cannot be reached", where)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	most := "?"
	if results, err := conn.Exec(ctx, "SHOW max_connections").ReadAll(); err == nil && len(results) == 1 && len(results[0].Rows) == 1 {
		most = string(results[0].Rows[0][0])
	}
	return ok("database", "the database %s is PostgreSQL %s, with max_connections %s (fasterapi check compares that with the pools)", where, conn.ParameterStatus("server_version"), most)
}

// redis says PING to the Redis of REDIS_URL. One that wants a password first answers, too.
func (m *machine) redis(ctx context.Context) *checklist.Item {
	address := m.variable("REDIS_URL")
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return bad("redis", checklist.Fail, "REDIS_URL=redis://host:6379", "REDIS_URL is no address")
	}
	if u.Scheme == "rediss" { // whose handshake is the client's
		return nil
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "6379")
	}
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err == nil {
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(m.Timeout))
		if _, err = conn.Write([]byte("PING\r\n")); err == nil {
			var line string
			if line, err = bufio.NewReader(conn).ReadString('\n'); err == nil && line[0] != '+' && line[0] != '-' {
				err = errors.New("it is no Redis")
			}
		}
	}
	if err != nil {
		return bad("redis", checklist.Warn, "start it, or correct REDIS_URL", "Redis at %s does not answer: %v", host, err)
	}
	return ok("redis", "Redis at %s answers", host)
}

// soon is when a certificate should have been renewed: certbot does at 30 days, so at 20 it has failed for a while.
const soon = 20 * 24 * time.Hour

func (m *machine) certificate(context.Context) *checklist.Item {
	if m.Cert == "" && m.Key == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(m.Cert, m.Key)
	if err != nil {
		return bad("certificate", checklist.Fail, "the files of a certificate with its chain, and of its key", "%v", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return bad("certificate", checklist.Fail, "another certificate", "%v", err)
	}
	until := leaf.NotAfter.Format(time.DateOnly)
	switch left := leaf.NotAfter.Sub(m.now); {
	case left <= 0:
		return bad("certificate", checklist.Fail, "renew it; the service reads the files again by itself", "the certificate has ended on %s", until)
	case m.now.Before(leaf.NotBefore):
		return bad("certificate", checklist.Fail, "the clock of this machine, or wait", "the certificate begins on %s", leaf.NotBefore.Format(time.DateOnly))
	case left < soon:
		return bad("certificate", checklist.Warn, "look why it was not renewed", "the certificate ends on %s", until)
	case len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0:
		return bad("certificate", checklist.Fail, "one with subjectAltName", "the certificate names no host: clients refuse it")
	}
	if info, err := os.Stat(m.Key); err == nil && info.Mode().Perm()&0o077 != 0 {
		return bad("certificate", checklist.Warn, "chmod 600 "+m.Key, "others than its owner may read the key %s", m.Key)
	}
	return ok("certificate", "the certificate fits its key, and ends on %s", until)
}
