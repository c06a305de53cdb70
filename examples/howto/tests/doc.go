// Package tests is the code of docs/how-to/testing.md.
package tests
