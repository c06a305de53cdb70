package deploy

import (
	"fmt"
	"net"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Placement is where nginx and the instances are, where they are no containers with names and places of their own.
type Placement struct {
	Instances         []string // addresses, "10.0.0.5:8000"; default: app1, app2 and so on, at the port of the service
	Listen, ListenTLS string   // of nginx, a port or an address with one; default 80, and 443 if there is a certificate
	Folder            string   // for its pid, logs and temporary files; default: where nginx was built to have them, logs to the output
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// address tells whether nginx can be told this address: that of an instance has a host.
func address(text string, needsHost bool) bool {
	host, port := "", text
	if needsHost || !digits.MatchString(text) {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil || host != "" && net.ParseIP(host) == nil && !hostName.MatchString(host) {
			return false
		}
	}
	number, err := strconv.Atoi(port)
	return err == nil && number >= 1 && number <= 65535 && (host != "" || !needsHost)
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// RedirectPort is what a URL of https has behind the host, where nginx listens: nothing at 443.
func (p *Plan) RedirectPort() string {
	port := p.ListenTLS[strings.LastIndexByte(p.ListenTLS, ':')+1:] // of "8443" or "[::1]:8443"
	if port == "443" || !digits.MatchString(port) {
		return ""
	}
	return ":" + port
}

// place decides where nginx listens, whom it asks and where it keeps its files, and tells what cannot be.
func (p *Plan) place(o *Placement) (errs []error) {
	for _, instance := range o.Instances {
		if !address(instance, true) {
			errs = append(errs, fmt.Errorf("the instance %q must be an address with a port, such as 10.0.0.5:8000", instance))
		}
	}
	p.Upstreams = o.Instances
	if len(p.Upstreams) == 0 {
		for _, name := range p.Instances {
			p.Upstreams = append(p.Upstreams, net.JoinHostPort(name, strconv.Itoa(p.Port)))
		}
	}
	for _, one := range []struct {
		value string
		into  *string
	}{{o.Listen, &p.ListenHTTP}, {o.ListenTLS, &p.ListenTLS}} {
		if one.value == "" {
			continue
		}
		if !address(one.value, false) {
			errs = append(errs, fmt.Errorf("nginx can listen at a port or an address with one, such as 127.0.0.1:8080, not at %q", one.value))
		}
		*one.into = one.value
	}
	if o.Folder != "" {
		if !fileName.MatchString(o.Folder) {
			errs = append(errs, fmt.Errorf("the folder %q must be an absolute path without blanks", o.Folder))
		}
		p.TempDir, p.PIDFile = path.Clean(o.Folder), path.Join(o.Folder, "nginx.pid")
		p.AccessLog, p.ErrorLog = path.Join(o.Folder, "access.log"), path.Join(o.Folder, "error.log")
	}
	return errs
}
