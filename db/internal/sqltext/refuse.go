package sqltext

// Use is how a call runs a text.
type Use struct {
	Exec   bool // its rows, if any, are skipped
	Params int  // how many parameters come with it
	Inside bool // of a transaction that somebody else ends
	Item   bool // of a batch
}

// Refusal is why a text may not be sent, whatever the database would make of it:
// the connection is shared, or the call would not mean what it says.
type Refusal struct {
	Code    string // the SQLSTATE of the same mistake, by PostgreSQL
	Message string
}

// The refusals. Every driver has the same.
var (
	control = &Refusal{"25001", "a transaction is begun with Pool.Tx and ended by its closure, and a part of one with Tx.Savepoint, not with a statement"}
	framed  = &Refusal{
		"25001", "a transaction is begun with Pool.Tx and ended by its closure, not with a statement; the script of an Exec outside of a transaction, " +
			"which is one transaction anyway, may begin with BEGIN and end with COMMIT, and holds nothing else of the kind",
	}
	several = &Refusal{"42601", "several statements in one call: only Exec without parameters takes them, outside of a batch; see Batch"}
	nothing = &Refusal{"42601", "the statement is empty"}
)

// Refused is why the text may not be run as u; nil if it may.
func (t *Traits) Refused(u Use) *Refusal {
	script := t.Statements > 1 && u.Exec && u.Params == 0 && !u.Item
	switch {
	case t.Control && t.Statements == 1:
		return control
	case t.Control && !(t.Framed && script && !u.Inside):
		return framed
	case t.Statements > 1 && !script:
		return several
	case t.Statements == 0:
		return nothing
	}
	return nil
}
