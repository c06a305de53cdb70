#!/usr/bin/env bash
# floor.sh [options]: builds the servers and the harness and measures; the options
# are in README.md. Without any, everything is measured and the section of
# RESULTS.md is written.
set -euo pipefail
cd "$(dirname "$0")"
export GOTOOLCHAIN=go1.27.4
for program in gcc wrk taskset; do
	command -v $program >/dev/null || { echo "no $program: apt-get install gcc wrk util-linux" >&2; exit 1; }
done
if [ "$(nproc)" -lt 2 ]; then
	echo "two cores are needed: one for the server, one for wrk" >&2
	exit 1
fi
bin=${BENCH_BIN:-../bin/bench}
mkdir -p "$bin"
gcc -O2 -Wall -o "$bin/floor" peers/floor/floor.c
# The harness is called measure there: floor is the C program.
go build -o "$bin/measure" ./floor
for server in fasthttp nethttp fasterapi; do
	go build -o "$bin/$server" "./peers/$server"
done
if [ $# -eq 0 ]; then
	exec "$bin/measure" -bin "$bin" -o RESULTS.md
fi
exec "$bin/measure" -bin "$bin" "$@"
