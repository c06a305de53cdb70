// Package deploy writes the files that run a service: a Dockerfile, a Compose file, manifests
// for Kubernetes, a unit for systemd and a configuration of nginx.
//
//	plan, err := deploy.NewPlan(description, deploy.Options{Replicas: 3})
//	text, err := plan.Render(deploy.Nginx)
//
// The numbers come from the service: its port, time-outs, limits, drain, pools and paths; and
// from [Options], for what a service cannot know, such as how many instances there are. A
// [Plan] is the arithmetic between them, and templates/ are the forms.
//
// A Plan does not change once it is made, and any goroutine may render it. Nothing is kept and
// nothing is read but the templates, which are part of the program.
//
// It refuses a service that no container could reach, names that the files could not have, and
// numbers out of range: all at once.
package deploy
