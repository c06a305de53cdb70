//go:build race

package platform
