// Package onefield holds every response that a test sees against RFC 9110 section
// 5.3: a field that may occur once does not occur twice.
//
//	client := &http.Client{Transport: onefield.Transport(t, nil)}
//	answer, err := onefield.ReadResponse(t, in, nil) // for http.ReadResponse
//
// Which fields those are is written in package field. The fasterapitest client and
// the clients of this repository's own tests read through it. A response that breaks
// the rule fails its test and is handed on.
//
// Everything is for any goroutine, owns nothing, costs a look at each name and refuses
// nothing else.
package onefield
