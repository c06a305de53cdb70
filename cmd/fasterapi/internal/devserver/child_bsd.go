//go:build unix && !linux

package devserver

import "syscall"

// attributes keep Ctrl-C from the service, which this process ends itself.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
