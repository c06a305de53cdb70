// Program document writes the document of the shop into a folder, as OpenAPI 3.1 and 3.0: what
// a running service has at /openapi.json and /openapi-3.0.json.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/clients/shop"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: document FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(folder string) error {
	doc, err := shop.New(fasterapi.Config{}).OpenAPI()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]func() ([]byte, error){"openapi.json": doc.JSON, "openapi-3.0.json": doc.JSON30} {
		data, err := text()
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
