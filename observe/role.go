package observe

import "time"

// RoleStats is what an instance knows of a role of package leader, since the role was made. It stands here so that whoever shows it
// needs no driver of a database.
//
// Owner: any (a plain value).
type RoleStats struct {
	// Role is the name of the role.
	Role string
	// Leads: this instance has the role.
	Leads bool
	// Term is the number of the present term, or of the last one that this instance had; 0: it has had none.
	Term int64
	// Since is when the present term began; zero while another instance has the role, or none.
	Since time.Time
	// Gained is how often this instance got the role, Lost how often it ceased to have it, a stop included.
	Gained, Lost uint64
	// Failures is how often its connection failed or could not be made, Error what the last failure said, FailedAt when that was.
	Failures uint64
	Error    string
	FailedAt time.Time
}

// RoleReporter is a *leader.Role, as metrics see it.
type RoleReporter interface {
	Stats() RoleStats
}
