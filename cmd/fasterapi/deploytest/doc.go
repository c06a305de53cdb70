// Package deploytest reads the files that package deploy writes with the code of those who
// read them in earnest: Kubernetes' own types, decoded strictly, and BuildKit's parser of
// Dockerfiles. It also does what the Dockerfile says, and starts the service in the root that comes of it.
//
//	go test ./internal/deploy -update   # when templates or plans have changed
//	cd deploytest && go test .
//
// It is a Go module of its own, so that the command has none of their modules.
package deploytest
