// Package logging holds the code of docs/how-to/logging.md. Its tests run all of it.
package logging
