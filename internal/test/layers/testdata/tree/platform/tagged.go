//go:build darwin && !cgo

package platform
