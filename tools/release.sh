#!/usr/bin/env bash
# release.sh GO: what is looked at before a release. It changes nothing in the tree, and writes into dist/release:
#
#   api.txt       what has changed for programs since the last tag (BASE=v1.2.3 or any commit: since that)
#   modules.txt   modules that a service gets with the framework, and what is new of them
#   licences.txt  the licence of each
#   sbom.json     what is in the image of the production example (CycloneDX)
#
# It fails when the API has broken and no migration says so, when a licence is none of those below, when two builds
# differ, when the changelog is empty, or when a build does not know its revision.
set -euo pipefail
cd "$(dirname "$0")/.."
go=$1
out=$PWD/dist/release
rm -rf "$out" && mkdir -p "$out"
work=$(mktemp -d)
old=
cleanup() {
	[ -z "$old" ] || git worktree remove --force "$old" >/dev/null 2>&1 || true
	chmod -R u+w "$work" && rm -rf "$work" # the cache of the second build is read-only
}
trap cleanup EXIT
fail() { echo "release: $*" >&2; exit 1; }
step() { echo "== $*"; }
root=$PWD
tool() { "$go" tool -modfile="$root/tools/release.mod" "$@"; }
# modules of what hello links: those of a service that uses nothing but the root package.
modules() { (cd "$1" && "$go" list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}' ./examples/hello | sort -u | grep .); }

# compare writes what has changed in one package; apidiff, which takes half a minute, is asked where declarations differ. Futures that make futures of themselves (package async) keep apidiff
# from ending: those are compared by the declarations that go doc shows.
compare() { # ./package
	(cd "$old" && declarations "$1") >"$work/old.txt"
	declarations "$1" >"$work/new.txt"
	cmp -s "$work/old.txt" "$work/new.txt" && return
	(cd "$old" && tool apidiff -w "$work/old.export" "$1")
	if (ulimit -v 6000000 && timeout 60 "$go" tool -modfile="$root/tools/release.mod" apidiff "$work/old.export" "$1") >"$work/package.txt" 2>/dev/null; then
		sed -n "/^Incompatible/,/^Compatible/{/^- /s|^- |$1: |p}" "$work/package.txt" >>"$work/broken.txt"
		sed -n "/^Compatible/,\${/^- /s|^- |$1: |p}" "$work/package.txt" >>"$out/api.txt"
		return
	fi
	comm -23 "$work/old.txt" "$work/new.txt" | sed "s|^|$1: is gone, or another one: |" >>"$work/broken.txt"
	comm -13 "$work/old.txt" "$work/new.txt" | sed "s|^|$1: |" >>"$out/api.txt"
}
declarations() { "$go" doc -all "$1" | grep -E '^(func|type|var|const|	[A-Z])' | sort; }

step "changelog and security policy"
sed -n '/^## Unreleased/,/^## [^U]/p' CHANGELOG.md | grep -q '^- ' || fail "CHANGELOG.md has nothing under Unreleased"
for heading in Reporting Versions "What is promised"; do
	grep -q "^## $heading" SECURITY.md || fail "SECURITY.md has no part '$heading'"
done

base=${BASE:-$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)}
if [ -z "$base" ]; then
	step "API and modules: there is no tag yet, so nothing to compare with"
	modules . >"$out/modules.txt"
else
	step "API since $base"
	old=$work/old
	git worktree add --quiet --detach "$old" "$base"
	: >"$work/broken.txt"
	for package in $("$go" list ./... | grep -vE '/(internal|examples)(/|$)'); do
		at=.${package#github.com/fasterapi/fasterapi}
		[ -d "$old/$at" ] || { echo "$package: is new" >>"$out/api.txt"; continue; }
		compare "$at" || fail "$package cannot be compared"
	done
	while read -r gone; do
		[ -d "$gone" ] || echo "$gone: the package is gone" >>"$work/broken.txt"
	done < <(cd "$old" && "$go" list -f '{{.Dir}}' ./... | grep -vE '/(internal|examples)(/|$)' | sed "s|^$old|.|")
	cat "$work/broken.txt" >>"$out/api.txt"
	echo "$(wc -l <"$out/api.txt") changes in dist/release/api.txt"
	if [ -s "$work/broken.txt" ]; then
		cat "$work/broken.txt"
		git diff --quiet "$base" -- docs/migrations && fail "programs break (above), and docs/migrations says nothing of it since $base"
	fi

	step "modules of a service since $base"
	modules . >"$out/modules.txt"
	modules "$old" | diff - "$out/modules.txt" || true
fi

step "licences"
# licence names what a text is, by words that only it has.
licence() {
	case "$(tr -s '[:space:]' ' ' <"$1")" in
	*"GNU AFFERO"* | *"GNU GENERAL"* | *"GNU LESSER"* | *"GNU Affero"* | *"GNU General"*) echo "GNU" ;;
	*"Apache License"*"Version 2.0"*) echo "Apache-2.0" ;;
	*"Mozilla Public License"*) echo "MPL-2.0" ;;
	*"Permission is hereby granted, free of charge"*) echo "MIT" ;;
	*"Permission to use, copy, modify, and/or distribute"* | *"Permission to use, copy, modify, and distribute"*) echo "ISC" ;;
	*"Redistribution and use"*"Neither the name"* | *"Redistribution and use"*"may not be used to endorse"*) echo "BSD-3-Clause" ;;
	*"Redistribution and use"*) echo "BSD-2-Clause" ;;
	*) echo "unknown" ;;
	esac
}
for folder in . cmd/fasterapi observe/otlp; do
	(cd "$folder" && "$go" list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./...)
done | grep . | grep -v '^github.com/fasterapi/' | sort -u >"$work/all.txt"
while read -r path version folder; do
	file=$(find "$folder" -maxdepth 1 -iname 'licen[sc]e*' -o -maxdepth 1 -iname 'copying*' | sort | head -1)
	name=unknown
	[ -z "$file" ] || name=$(licence "$file")
	echo "$path $version $name"
done <"$work/all.txt" >"$out/licences.txt"
awk '{count[$3]++} END {for (name in count) printf "%4d %s\n", count[name], name}' "$out/licences.txt" | sort -rn
if grep -E ' (unknown|GNU)$' "$out/licences.txt"; then fail "the licences above are none that we take"; fi

step "two builds, of two folders and with two caches"
build() { # folder, cache
	mkdir -p "$1" && git archive HEAD | tar -x -C "$1"
	(cd "$1" && GOCACHE=$2 CGO_ENABLED=0 "$go" build -trimpath -buildvcs=false -ldflags="-s -w" -o "$1/hello.bin" ./examples/hello)
	sha256sum <"$1/hello.bin"
}
first=$(build "$work/a" "$("$go" env GOCACHE)")
second=$(build "$work/b/deeper" "$work/cache")
[ "$first" = "$second" ] || fail "two builds differ: $first, $second"
echo "$first" | cut -c1-64

step "what is in the image"
CGO_ENABLED=0 "$go" build -trimpath -o "$work/app" ./examples/production
tool cyclonedx-gomod bin -json -output "$out/sbom.json" "$work/app" 2>/dev/null
grep -q '"bomFormat": "CycloneDX"' "$out/sbom.json" || fail "there is no SBOM"
echo "$(grep -c '"purl"' "$out/sbom.json") modules in dist/release/sbom.json"

step "version of the command"
(cd cmd/fasterapi && "$go" build -buildvcs=true -o "$work/fasterapi" .)
"$work/fasterapi" version
"$work/fasterapi" version | grep -q "$(git rev-parse HEAD)" || fail "the command does not know its revision"
