#!/usr/bin/env bash
# tls.sh [options]: builds the servers and the harness and
# measures; the options are in README.md. Without any, everything is measured and
# the section of RESULTS.md is written.
set -euo pipefail
cd "$(dirname "$0")"
export GOTOOLCHAIN=go1.27.4
for program in wrk taskset h2load; do
	command -v $program >/dev/null || { echo "no $program: apt-get install wrk util-linux nghttp2-client" >&2; exit 1; }
done
if [ "$(nproc)" -lt 2 ]; then
	echo "two cores are needed: one for the server, one for wrk" >&2
	exit 1
fi
bin=${BENCH_BIN:-../bin/bench}
mkdir -p "$bin/tls"
go build -o "$bin/measure-tls" ./tls
for server in nethttp fiber fasterapi; do
	go build -o "$bin/tls/$server" "./peers/$server"
done
if [ $# -eq 0 ]; then
	exec "$bin/measure-tls" -bin "$bin/tls" -o RESULTS.md
fi
exec "$bin/measure-tls" -bin "$bin/tls" "$@"
