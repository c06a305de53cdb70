package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// nginxFile is the configuration: `fasterapi gen nginx` writes a fuller one for a service of yours.
const nginxFile = `daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log warn;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	upstream app {
		zone app 64k;
		least_conn;
%[3]s		keepalive 32;
		keepalive_timeout 30s; # less than the 75 s after which an instance closes an idle connection
	}
	server {
		listen 127.0.0.1:%[2]d;
		proxy_http_version 1.1;
		proxy_set_header Connection "";
		proxy_set_header Host $http_host;
		proxy_set_header X-Forwarded-For $remote_addr;
		# Another instance is asked where one cannot be reached or breaks off, but not with a POST that was sent.
		proxy_next_upstream error timeout;
		proxy_next_upstream_tries 3;
		location / { proxy_pass http://app; }
		location = /metrics { return 404; }
		location /events {
			proxy_pass http://app;
			proxy_buffering off;
			proxy_read_timeout 1h;
		}
	}
}
`

func (c *cluster) startNginx(context.Context) error {
	program, err := find("nginx")
	if err != nil {
		return err
	}
	var servers strings.Builder
	for _, port := range c.ports {
		fmt.Fprintf(&servers, "\t\tserver 127.0.0.1:%d max_fails=1 fail_timeout=1s;\n", port)
	}
	file := filepath.Join(c.dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxFile, c.dir, c.port, servers.String()), 0o600); err != nil {
		return err
	}
	return c.background(command(context.Background(), program, "-c", file, "-e", filepath.Join(c.dir, "nginx.log")), syscall.SIGTERM,
		func() bool { return answers(fmt.Sprintf("http://127.0.0.1:%d/whoami", c.port)) })
}
