// Package wire is the Postgres protocol as bytes: what the driver sends and what
// it reads, without a connection.
//
//	types := wire.NewTypes(nil)
//	shape := types.Shape(params, columns)           // as the server has described a statement
//	out, err := shape.AppendBind(out, "", name, q)  // the parameters of q
//	out = append(out, wire.ExecuteAll+wire.Sync...)
//
//	m, n, err := wire.Next(buf)                     // a whole message of what was read
//	err = shape.DecodeRow(q.Next(), m.Body)         // of kind 'D': values straight into a row
//
// # The files, in reading order
//
//	message.go   messages that are sent; where one ends that was read
//	answer.go    the bodies of what the server says beside rows
//	shape.go     what is known of a statement's parameters and rows: Bind and DataRow
//	param.go     one parameter
//	decode.go    one value of a row
//	copy.go      a row in the text format of COPY
//	types.go     the types that only this database knows, by its catalog
//
// Formats are those of
// https://www.postgresql.org/docs/current/protocol-message-formats.html.
//
// # Which goroutine owns what, and what it costs
//
// Functions are pure, and append to what they are given. A [Types] belongs to one
// goroutine, and so do the shapes that were made with it, since values without a
// form of ours go through its pgtype.Map. Binding and decoding the common types
// allocates nothing but what the row keeps.
//
// # What it refuses
//
// Messages that no server sends ([ErrMalformed]); parameters that do not fit the
// type that the server gives them, with an error that names the parameter.
package wire
