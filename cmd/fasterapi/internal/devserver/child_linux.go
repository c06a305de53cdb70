package devserver

import "syscall"

// attributes keep Ctrl-C from the service, which this process ends itself, and end it with this process.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
