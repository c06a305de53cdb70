// Package tests skips.
package tests
