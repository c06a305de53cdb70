package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc (proc(5)): USER_HZ is 100 wherever Go runs.
const tick = 10 * time.Millisecond

// stat is what is read of /proc/PID/stat.
type stat struct {
	parent   int
	own      time.Duration // user and system
	children time.Duration // of children that have ended and were waited for
}

func readStat(path string) (s stat, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	// The second field, a name in brackets, may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 15 {
		return s, fmt.Errorf("%s: not a stat line", path)
	}
	var n [5]int64
	for i, at := range []int{1, 11, 12, 13, 14} {
		if n[i], err = strconv.ParseInt(fields[at], 10, 64); err != nil {
			return s, err
		}
	}
	return stat{int(n[0]), time.Duration(n[1]+n[2]) * tick, time.Duration(n[3]+n[4]) * tick}, nil
}

func processCPU(pid int) (time.Duration, error) {
	s, err := readStat(fmt.Sprintf("/proc/%d/stat", pid))
	return s.own, err
}

// loadAverage is that of the last minute.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// familyCPU is the CPU time of a process and its children, living or not.
func familyCPU(pid int) (time.Duration, error) {
	first, err := readStat(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	total := first.own + first.children
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		if s, err := readStat(path); err == nil && s.parent == pid { // one that has just ended is no error
			total += s.own
		}
	}
	return total, nil
}
