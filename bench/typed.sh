#!/usr/bin/env bash
# typed.sh [options]: builds the servers of peers/typed and the harness and
# measures; the options are in README.md. Without any, everything is measured and
# the section of RESULTS.md is written.
set -euo pipefail
cd "$(dirname "$0")"
export GOTOOLCHAIN=go1.27.4
for program in wrk taskset; do
	command -v $program >/dev/null || { echo "no $program: apt-get install wrk util-linux" >&2; exit 1; }
done
if [ "$(nproc)" -lt 2 ]; then
	echo "two cores are needed: one for the server, one for wrk" >&2
	exit 1
fi
bin=${BENCH_BIN:-../bin/bench}
mkdir -p "$bin/typed"
go build -o "$bin/measure-typed" ./typed
go build -o "$bin/typed/" ./peers/typed/...
if [ $# -eq 0 ]; then
	exec "$bin/measure-typed" -bin "$bin/typed" -o RESULTS.md
fi
exec "$bin/measure-typed" -bin "$bin/typed" "$@"
