#!/usr/bin/env bash
# clients.sh GO: makes clients of the document of internal/test/clients/shop with the
# generators that are pinned there, compiles them, and lets them talk to the service.
# Only the first run, and one after a change of the pins, needs the network.
set -euo pipefail
command_go=$1
go() { command "$command_go" "$@"; }
cd "$(dirname "$0")/../internal/test/clients"
for program in node npm; do
	command -v "$program" >/dev/null || { echo "no $program (Debian: nodejs, npm): needed to make clients for TypeScript" >&2; exit 1; }
done
go run ./document gen

# snippet: go
go tool -modfile=tools.mod oapi-codegen -config goclient/oapi-codegen.yaml gen/openapi.json
# end snippet
# The command fasterapi makes the same of it.
fasterapi() { (cd ../../../cmd/fasterapi && go build -o "$OLDPWD/gen/fasterapi" .) && gen/fasterapi "$@"; }
fasterapi client go --document gen/openapi.json -o gen/goclient/client.gen.go --generator "$command_go tool -modfile=tools.mod oapi-codegen"
cmp goclient/client.gen.go gen/goclient/client.gen.go
go tool -modfile=tools.mod oapi-codegen -config goclient30/oapi-codegen.yaml gen/openapi-3.0.json

cd web
# npm writes node_modules/.package-lock.json when it has installed everything.
if [ ! package-lock.json -ot node_modules/.package-lock.json ]; then
	npm ci --no-audit --no-fund
fi
for version in "" -3.0; do
	npx --no-install openapi-typescript "../gen/openapi$version.json" -o "schema$version.d.ts"
done
../gen/fasterapi client ts --document ../gen/openapi.json -o ../gen/schema.d.ts --generator "npx --no-install openapi-typescript"
cmp schema.d.ts ../gen/schema.d.ts
npx --no-install tsc
cd ..

go vet ./...
go tool -modfile=../../../tools/tools.mod staticcheck ./...
go test -count=1 ./...
