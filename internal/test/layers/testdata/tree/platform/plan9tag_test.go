//go:build plan9

package platform
