//go:build unix

package platform
