package checklist

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
)

// good is a service with nothing to say about.
func good() *appinfo.Description {
	return &appinfo.Description{
		Title: "Shop", Version: "1.0.0", Checks: []string{"mail"},
		Config: appinfo.Config{Port: 8000, DrainDelay: 5, DrainTimeout: 20, StuckLimit: 30, MaxBody: 4 << 20},
		Paths:  appinfo.Paths{Live: "/live", Ready: "/ready"},
		Pools:  []appinfo.Pool{{MaxConns: 10}},
		Routes: []appinfo.Route{{Method: "POST", Pattern: "/orders", Security: []string{"login"}}, {Method: "GET", Pattern: "/metrics"}},
	}
}

// TestEachLine breaks one thing at a time: that line says so, with a remedy, and no other.
func TestEachLine(t *testing.T) {
	for _, item := range Of(good(), Fleet{}) {
		require.Equal(t, OK, item.Level, "%s: %s", item.Name, item.Text)
		require.Empty(t, item.Remedy)
	}
	for name, broken := range map[string]struct {
		level Level
		by    func(*appinfo.Description)
	}{
		"address":       {Fail, func(d *appinfo.Description) { d.Config.Host = "localhost" }},
		"cores":         {Warn, func(d *appinfo.Description) { d.Config.Cores = 1 }},
		"pools":         {Fail, func(d *appinfo.Description) { d.Pools[0].MaxConns = 16 }},
		"drain":         {Fail, func(d *appinfo.Description) { d.Config.DrainTimeout = 20.5 }},
		"probes":        {Fail, func(d *appinfo.Description) { d.Paths.Ready = "" }},
		"health checks": {Warn, func(d *appinfo.Description) { d.Checks, d.Pools = nil, nil }},
		"stuck cores":   {Warn, func(d *appinfo.Description) { d.Config.StuckLimit = 0 }},
		"bodies":        {Warn, func(d *appinfo.Description) { d.Routes[0].MaxBody = 65 << 20 }},
		"metrics":       {Warn, func(d *appinfo.Description) { d.Routes = d.Routes[:1] }},
		"version":       {Warn, func(d *appinfo.Description) { d.Version = "" }},
		"security":      {Warn, func(d *appinfo.Description) { d.Routes[0].Security = nil }},
	} {
		d := good()
		broken.by(d)
		for _, item := range Of(d, Fleet{}) {
			if item.Name == name {
				require.Equal(t, broken.level, item.Level, "%s: %s", name, item.Text)
				require.NotEmpty(t, item.Remedy)
			} else {
				require.Equal(t, OK, item.Level, "%s, with %s broken: %s", item.Name, name, item.Text)
			}
		}
	}
}

// TestTheFleetCounts: what is right for three instances need not be for thirty.
func TestTheFleetCounts(t *testing.T) {
	pool := func(f Fleet) Item { return Of(good(), f)[2] }
	require.Equal(t, OK, pool(Fleet{Replicas: 3}).Level)
	item := pool(Fleet{Replicas: 30})
	require.Equal(t, Fail, item.Level)
	require.Contains(t, item.Text, "30 instances x 2 cores x 10 connections = 600")
	require.Contains(t, item.Remedy, "max_connections to 610")
	require.Equal(t, OK, pool(Fleet{Replicas: 30, MaxConnections: 700}).Level)
	require.Equal(t, Fail, Of(good(), Fleet{GracePeriod: 29})[3].Level)
}
