// Package unions is the code of docs/how-to/unions.md.
package unions
