//go:build !invariants

package platform
