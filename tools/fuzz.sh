#!/usr/bin/env bash
# fuzz.sh each 60s: every fuzz target for that long.
# fuzz.sh all 1000: every target, this many inputs each. So few teach the fuzzer nothing of
# coverage, for which all packages under the targets would be compiled once more: here it changes
# what it is given without looking.
set -euo pipefail
mode=$1 amount=$2
go=${GO:-go}

targets=$(grep -rEo --include='*_test.go' --exclude-dir=testdata --exclude-dir=bench '^func Fuzz[A-Za-z0-9_]+' . |
	sed -E 's#^(.*)/[^/]+_test\.go:func #\1 #' | sort)
if [ -z "$targets" ]; then
	echo "no fuzz target found: the decoders of this project all have one" >&2
	exit 1
fi
echo "$(wc -l <<<"$targets") fuzz targets, $amount each"

if [ "$mode" = each ]; then
	while read -r dir name; do
		(cd "$dir" && "$go" test -run '^$' -fuzz "^$name\$" -fuzztime "$amount" . </dev/null) # its module may be another one
	done <<<"$targets"
	exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
built=
while read -r dir name; do
	cd "$dir"
	[ "$dir" = "$built" ] || "$go" test -c -o "$work/test" .
	built=$dir
	"$work/test" -test.run '^$' -test.fuzz "^$name\$" -test.fuzztime "${amount}x" -test.fuzzcachedir "$work/inputs" </dev/null >"$work/out" 2>&1 ||
		{ echo "$dir $name"; cat "$work/out"; exit 1; }
	grep -q '^fuzz: elapsed: .* execs: [1-9]' "$work/out" || { echo "$dir $name was not fuzzed:"; cat "$work/out"; exit 1; }
	echo "$dir $name $(tail -2 "$work/out" | head -1)"
	cd "$OLDPWD"
done <<<"$targets"
