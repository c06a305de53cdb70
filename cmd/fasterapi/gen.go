package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/deploy"
)

// fleet is what the files need and a service does not know.
type fleet struct {
	service             `embed:""`
	Output              string `short:"o" placeholder:"FILE" help:"Write to this file instead of standard output."`
	Name                string `help:"Name of what is deployed. Default: made of the title of the service."`
	Image               string `help:"Image of the container. Default: name and version."`
	Replicas            int    `default:"3" help:"Instances."`
	MaxReplicas         int    `help:"Instances that the autoscaler may start. Default: three times as many."`
	Cores               int    `help:"Cores of an instance. Default: those of the service, else 2."`
	Memory              int    `default:"1024" help:"MiB of an instance."`
	Rate                int    `default:"50" help:"Requests a second of one client."`
	Server              string `default:"_" help:"Host names of the service, for nginx."`
	Certificate         string `placeholder:"FILE" help:"Certificate for nginx. Default: no TLS."`
	CertificateKey      string `placeholder:"FILE" help:"Its key."`
	IngressNamespace    string `default:"ingress-nginx" help:"Namespace that may connect, beside that of the service."`
	MonitoringNamespace string `placeholder:"NAME" help:"Namespace whose pods may ask for /metrics: their port is opened to it. Default: none."`
	Executable          string `placeholder:"FILE" help:"Path of the program, for systemd. Default: /usr/local/bin/NAME."`
	Postgres            bool   `help:"The service uses Postgres, though it does not say so."`
	PoolPerCore         int    `help:"Connections of a core to Postgres, where the service does not say so."`
	MetricsPort         int    `placeholder:"PORT" help:"Port of /metrics. Default: that of the service, if it has that route, else 9090, that of package admin."`
	Valkey              bool   `help:"Let Compose start Valkey."`
}

func (f *fleet) write(ctx context.Context, w io.Writer, kind deploy.Kind) error {
	return f.writePlaced(ctx, w, kind, deploy.Placement{})
}

// writePlaced is write for nginx at a place of its own.
func (f *fleet) writePlaced(ctx context.Context, w io.Writer, kind deploy.Kind, nginx deploy.Placement) error {
	d, err := f.load(ctx)
	if err != nil {
		return err
	}
	plan, err := deploy.NewPlan(d, deploy.Options{
		Name: f.Name, Image: f.Image, Replicas: f.Replicas, MaxReplicas: f.MaxReplicas, Cores: f.Cores, MemoryMiB: f.Memory, Rate: f.Rate,
		Server: f.Server, Certificate: f.Certificate, CertificateKey: f.CertificateKey, IngressNamespace: f.IngressNamespace,
		MonitoringNamespace: f.MonitoringNamespace,
		Binary:              f.Executable, PoolPerCore: f.PoolPerCore, Postgres: f.Postgres, Valkey: f.Valkey, MetricsPort: f.MetricsPort,
		Nginx: nginx,
	})
	if err != nil {
		return err
	}
	text, err := plan.Render(kind)
	if err != nil {
		return err
	}
	if f.Output == "" {
		_, err = w.Write(text)
		return err
	}
	if err := os.WriteFile(f.Output, text, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, f.Output)
	return err
}

type genCommand struct {
	Dockerfile dockerfileCommand `cmd:"" help:"A Dockerfile: static, not root, with a health check."`
	Compose    composeCommand    `cmd:"" help:"compose.yaml: instances behind nginx, with their database."`
	K8s        k8sCommand        `cmd:"" name:"k8s" help:"Manifests for Kubernetes."`
	Systemd    systemdCommand    `cmd:"" help:"A unit for systemd."`
	Nginx      nginxCommand      `cmd:"" help:"nginx.conf for instances named app1, app2 and so on."`
	Prometheus prometheusCommand `cmd:"" help:"prometheus.yml for the same instances, or the alerts."`
	Grafana    grafanaCommand    `cmd:"" help:"A dashboard for Grafana."`
}

type (
	dockerfileCommand struct {
		fleet `embed:""`
	}
	composeCommand struct {
		fleet `embed:""`
	}
	k8sCommand struct {
		fleet `embed:""`
	}
	systemdCommand struct {
		fleet  `embed:""`
		Socket bool `help:"The socket that systemd listens on, instead of the service."`
	}
	nginxCommand struct {
		fleet     `embed:""`
		Instance  []string `placeholder:"HOST:PORT" help:"Address of an instance, to be repeated. Default: app1, app2 and so on, at the port of the service."`
		Listen    string   `placeholder:"[HOST:]PORT" help:"Where nginx listens. Default: 80."`
		ListenTLS string   `name:"listen-tls" placeholder:"[HOST:]PORT" help:"Where it listens with a certificate. Default: 443."`
		Folder    string   `placeholder:"DIR" help:"Folder for its pid, logs and temporary files, for one that is not started by the system. Default: its own places, logs to the output."`
	}
	prometheusCommand struct {
		fleet `embed:""`
		Rules bool `help:"The alerts, rules.yml, instead of what Prometheus asks."`
	}
	grafanaCommand struct {
		fleet `embed:""`
	}
)

func (c *dockerfileCommand) Run(ctx context.Context, w io.Writer) error {
	return c.write(ctx, w, deploy.Dockerfile)
}

func (c *composeCommand) Run(ctx context.Context, w io.Writer) error {
	return c.write(ctx, w, deploy.Compose)
}

func (c *k8sCommand) Run(ctx context.Context, w io.Writer) error {
	return c.write(ctx, w, deploy.Kubernetes)
}

func (c *systemdCommand) Run(ctx context.Context, w io.Writer) error {
	if c.Socket {
		return c.write(ctx, w, deploy.Socket)
	}
	return c.write(ctx, w, deploy.Systemd)
}

func (c *nginxCommand) Run(ctx context.Context, w io.Writer) error {
	return c.writePlaced(ctx, w, deploy.Nginx, deploy.Placement{Instances: c.Instance, Listen: c.Listen, ListenTLS: c.ListenTLS, Folder: c.Folder})
}

func (c *prometheusCommand) Run(ctx context.Context, w io.Writer) error {
	if c.Rules {
		return c.write(ctx, w, deploy.Rules)
	}
	return c.write(ctx, w, deploy.Prometheus)
}

func (c *grafanaCommand) Run(ctx context.Context, w io.Writer) error {
	return c.write(ctx, w, deploy.Grafana)
}
