#!/usr/bin/env bash
# generated.sh GO: runs go generate and fails when that changed a file, so that
# generated code in the tree is always what its generator writes today.
# It compares before with after: a tree with changes in it can be checked too.
set -euo pipefail
state() {
	git diff HEAD --no-ext-diff
	git ls-files --others --exclude-standard -z | xargs -0r sha256sum
}
before=$(state | sha256sum)
"$1" generate ./...
if [ "$before" != "$(state | sha256sum)" ]; then
	echo "go generate changed the tree: run it and commit what it writes" >&2
	git status --short >&2
	exit 1
fi
