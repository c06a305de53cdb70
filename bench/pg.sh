#!/usr/bin/env bash
# pg.sh [options]: builds the servers and the harness of bench/pg and measures;
# without options everything, into RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")"
export GOTOOLCHAIN=go1.27.4
command -v wrk >/dev/null || { echo "no wrk: apt-get install wrk" >&2; exit 1; }
bin=${BENCH_BIN:-../bin/bench}
mkdir -p "$bin"
go build -o "$bin/measure-pg" ./pg
go build -o "$bin/" ./peers/pgserver ./peers/fiber
if [ $# -eq 0 ]; then
	exec "$bin/measure-pg" -bin "$bin" -o RESULTS.md
fi
exec "$bin/measure-pg" -bin "$bin" "$@"
