//go:build ignore

// Platforms type-checks packages, with their tests, as other platforms would compile them:
//
//	go run -modfile=tools/tools.mod tools/platforms.go darwin/arm64,windows/amd64 ./...
//
// It prints each fault with its place and ends with status 1 if there is one. All is read from
// source, and of what the packages import only the declarations: compiling that for a platform
// takes three minutes of a processor, this a few seconds, and the faults that other platforms have
// (a name, a type or an import that they lack) are those that types show.
package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: platforms.go GOOS/GOARCH,... package...")
		os.Exit(2)
	}
	faults := 0
	for _, platform := range strings.Split(os.Args[1], ",") {
		system, processor, _ := strings.Cut(platform, "/")
		found, err := packages.Load(&packages.Config{
			Mode:  packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedTypesSizes | packages.NeedModule,
			Tests: true,
			Env:   append(os.Environ(), "GOOS="+system, "GOARCH="+processor, "CGO_ENABLED=0"),
		}, os.Args[2:]...)
		if err != nil {
			fmt.Fprintln(os.Stderr, platform+":", err)
			os.Exit(1)
		}
		faults += packages.PrintErrors(found)
		fmt.Println(len(found), "packages for", platform)
	}
	if faults > 0 {
		os.Exit(1)
	}
}
