#!/usr/bin/env bash
# readme.sh MAKE: starts the production example as README.md says (`make run`, on
# a free port and a new database) and types README.md's curl lines. Each must
# succeed, and SIGTERM must end the server.
set -euo pipefail
make=$1
work=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || kill -KILL -- "-$server" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

grep -E '^curl ' README.md >"$work/lines" || { echo "README.md has no curl lines" >&2; exit 1; }
port=18731
set -m # a process group of its own, so that make, go run and the server end together
PORT=$port DB=$work/example.db "$make" --no-print-directory run >"$work/log" 2>&1 &
server=$!
set +m
up=
for _ in $(seq 240); do # half a second each: the first build takes a minute or more
	if curl -fsS -o "$work/health" "http://127.0.0.1:$port/health" 2>/dev/null; then up=yes; break; fi
	kill -0 "$server" 2>/dev/null || break
	sleep 0.5
done
if [ -z "$up" ]; then
	echo "make run did not come up:" >&2
	cat "$work/log" >&2
	exit 1
fi
count=0
while read -r line; do
	command=${line//:8000/:$port}
	# --fail-with-body: a 4xx or 5xx is a failure here.
	if ! bash -c "${command/#curl /curl --fail-with-body -sS -m 10 }" >"$work/answer" 2>&1 </dev/null; then
		echo "README.md's line failed: $line" >&2
		cat "$work/answer" "$work/log" >&2
		exit 1
	fi
	count=$((count + 1))
done <"$work/lines"

kill -TERM -- "-$server"
for _ in $(seq 40); do
	kill -0 -- "-$server" 2>/dev/null || break
	sleep 0.5
done
if kill -0 -- "-$server" 2>/dev/null; then
	echo "SIGTERM did not end the server within 20 s" >&2
	cat "$work/log" >&2
	exit 1
fi
server=
if curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$port/health" 2>/dev/null; then
	echo "something still answers on port $port after SIGTERM" >&2
	exit 1
fi
echo "README.md: $count curl lines answered, SIGTERM ended the server"
