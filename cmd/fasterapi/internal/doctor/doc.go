// Package doctor looks at a machine on which a service is built or run, for what keeps it from working or makes it slow.
//
//	for _, item := range doctor.Look(ctx, doctor.Options{Dir: ".", Port: 8000}) {
//		fmt.Println(item.Level, item.Text, item.Remedy)
//	}
//
// Package checklist is about the service; this one knows nothing of it but its folder and what the environment says. Each item has
// what there is, why it matters and, unless it is well, what to do. Nothing is changed, and nothing is kept: the port is opened for a
// moment, and the database is asked for its version.
//
// What a platform does not have is left out of the list. No item has a password in it.
package doctor
