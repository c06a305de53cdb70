#!/usr/bin/env bash
# pg.sh COMMAND...: starts a throw-away PostgreSQL on a free port of 127.0.0.1,
# runs the command with DATABASE_URL set to it, and removes it when that ends.
# Nothing is written to disk for sure: it is for trying things out.
set -euo pipefail
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
command -v initdb >/dev/null || { echo "no initdb: apt-get install postgresql" >&2; exit 1; }
work=$(mktemp -d)
# The server refuses to be root.
as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
finish() {
	(cd / && as_postgres "$(command -v pg_ctl)" -D "$work/data" -m immediate -w stop >/dev/null 2>&1) || true
	rm -rf "$work"
}
trap finish EXIT
[ "$(id -u)" -ne 0 ] || chown postgres "$work"

(cd "$work" && as_postgres "$(command -v initdb)" -D "$work/data" -U postgres -A trust -E UTF8 --locale=C -N >"$work.log" 2>&1) ||
	{ cat "$work.log" >&2; exit 1; }
rm -f "$work.log"
for _ in 1 2 3 4 5; do # somebody else may take the port first
	port=$((20000 + RANDOM % 12000))
	if (cd "$work" && as_postgres "$(command -v pg_ctl)" -D "$work/data" -w -l "$work/data/log" -o "-p $port -c listen_addresses=127.0.0.1 \
		-c unix_socket_directories=$work -c fsync=off -c full_page_writes=off" start >/dev/null 2>&1); then
		export DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
		echo "PostgreSQL: psql '$DATABASE_URL'" >&2
		set -m # a process group of its own, which ends together
		"$@" &
		command=$!
		set +m
		# A signal ends the wait, not the command, whose status counts.
		signalled=
		trap 'signalled=1; kill -TERM -- "-$command" 2>/dev/null || true' INT TERM
		while
			status=0 signalled=
			wait "$command" || status=$?
			[ "$signalled" ]
		do :; done
		exit $status
	fi
done
cat "$work/data/log" >&2
exit 1
