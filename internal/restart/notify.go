package restart

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// notifyTimeout is how long the queue of the service manager may be full: it holds 10
// by default (net.unix.max_dgram_qlen).
const notifyTimeout = time.Second

// Notify tells the service manager that has set NOTIFY_SOCKET what the lines of state
// say (sd_notify(3)), such as "READY=1". Without one it does nothing. A manager that does
// not read is given up after a second.
func Notify(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("restart: notify the service manager: %w", err)
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(notifyTimeout)) // a new socket has them
	if _, err = conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("restart: notify the service manager: %w", err)
	}
	return nil
}

// Reloading is the state of a service that restarts itself: Type=notify-reload wants the
// time with it.
func Reloading() string {
	return "RELOADING=1\nMONOTONIC_USEC=" + strconv.FormatInt(monotonic(), 10)
}

// Watchdog is how often the service manager wants to hear "WATCHDOG=1" from this
// process at least (sd_watchdog_enabled(3)); 0: it does not.
func Watchdog() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	us, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || us <= 0 {
		return 0
	}
	return time.Duration(us) * time.Microsecond
}
