#!/usr/bin/env bash
# fuzz.sh each 60s: every fuzz target for that long.
# fuzz.sh all 60: every target, this many seconds together (1 to 10 each), but for those of
# db/sqlite: the fuzzer compiles all of SQLite for itself, which takes minutes.
set -euo pipefail
mode=$1 time=$2
go=${GO:-go}

targets=$(grep -rEo --include='*_test.go' --exclude-dir=testdata --exclude-dir=bench '^func Fuzz[A-Za-z0-9_]+' . |
	sed -E 's#^(.*)/[^/]+_test\.go:func #\1 #' | sort)
if [ -z "$targets" ]; then
	echo "no fuzz target found: the decoders of this project all have one" >&2
	exit 1
fi
count=$(wc -l <<<"$targets")
if [ "$mode" = all ]; then
	targets=$(grep -v '^\./db/sqlite ' <<<"$targets")
	count=$(wc -l <<<"$targets")
	each=$((time / count))
	[ $each -ge 1 ] || each=1
	[ $each -le 10 ] || each=10
	time=${each}s
fi
echo "$count fuzz targets, $time each"
while read -r dir name; do
	(cd "$dir" && "$go" test -run '^$' -fuzz "^$name\$" -fuzztime "$time" . </dev/null) # its module may be another one
done <<<"$targets"
