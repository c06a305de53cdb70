#!/usr/bin/env bash
# steps.sh MAKE target...: runs the targets one after the other, says how long
# each took, and stops at the first that fails.
set -euo pipefail
make=$1
shift
times=()
for step in "$@"; do
	printf '\n=== %s\n' "$step"
	start=$SECONDS
	if ! "$make" --no-print-directory "$step"; then
		printf '\n=== %s FAILED after %d s (again: make %s)\n' "$step" $((SECONDS - start)) "$step" >&2
		exit 1
	fi
	times+=("$step $((SECONDS - start)) s")
done
printf '\n=== all of %d steps passed:' $#
printf ' %s,' "${times[@]}" | sed 's/,$/\n/'
