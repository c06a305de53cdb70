#!/usr/bin/env bash
# steps.sh MAKE target... [-- target...]: runs the targets one after the other, says
# how long each took, and stops at the first that fails. Those behind -- run beside
# the others, and their output comes when they end: tests wait a good part of their
# time, and another lane uses what they leave of the processors.
set -euo pipefail
make=$1
shift

work=$(mktemp -d)
touch "$work/times"

# lane runs the targets of a lane, and notes what each took, or which failed.
lane() {
	local name=$1 step start
	shift
	for step in "$@"; do
		printf '\n=== %s\n' "$step"
		start=$SECONDS
		if ! "$make" --no-print-directory "$step"; then
			echo "=== $step FAILED after $((SECONDS - start)) s (again: make $step)" >"$work/failed-$name"
			return 1
		fi
		echo "$step $((SECONDS - start)) s" >>"$work/times"
	done
}

first=() beside=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do first+=("$1") && shift; done
[ $# -eq 0 ] || { shift && beside=("$@"); }

set -m # process groups of their own: what stops a lane stops all that it started
lane first "${first[@]}" </dev/null 2>&1 &
one=$!
lane beside "${beside[@]}" </dev/null >"$work/beside" 2>&1 &
two=$!
set +m
finish() {
	kill -- "-$one" "-$two" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

until ls "$work"/failed-* >/dev/null 2>&1 || ! kill -0 "$one" "$two" 2>/dev/null; do sleep 0.2; done
passed=$(paste -sd, "$work/times" | sed 's/,/, /g')
steps=$((${#first[@]} + ${#beside[@]}))
if [ "$(wc -l <"$work/times")" -ne $steps ]; then # also where a lane was killed
	kill -- "-$one" "-$two" 2>/dev/null || true
	[ ! -e "$work/failed-beside" ] || cat "$work/beside"
	printf '\npassed before that: %s\n' "$passed" >&2
	cat "$work"/failed-* >&2 || echo "=== a lane was killed" >&2
	exit 1
fi
cat "$work/beside"
printf '\n=== all of %d steps passed, in %d s: %s\n' $steps $SECONDS "$passed"
