package wire_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

func encode(t testing.TB, messages ...pgproto3.BackendMessage) (out []byte) {
	for _, m := range messages {
		var err error
		out, err = m.Encode(out)
		require.NoError(t, err)
	}
	return out
}

// FuzzAnswer: whatever a server sends, reading it ends, never panics, and where
// pgproto3 reads something in it, too, that is the same.
func FuzzAnswer(f *testing.F) {
	f.Add(encode(f, &pgproto3.ParameterDescription{ParameterOIDs: []uint32{20, 25}},
		&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("id"), DataTypeOID: 20}, {Name: []byte("name"), DataTypeOID: 25}}},
		&pgproto3.DataRow{Values: [][]byte{{0, 0, 0, 0, 0, 0, 0, 7}, nil}}, &pgproto3.CommandComplete{CommandTag: []byte("INSERT 0 5")}))
	f.Add(encode(f, &pgproto3.ErrorResponse{Severity: "ERROR", Code: "42601", Message: "no"}, &pgproto3.NoticeResponse{Message: "look"},
		&pgproto3.ParameterStatus{Name: "in_hot_standby", Value: "on"}))
	f.Add([]byte{'D', 0, 0, 0, 3})
	f.Add([]byte{'T', 0, 0, 0, 6, 0xff, 0xff})
	f.Add([]byte{'t', 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{'D', 0x40, 0, 0, 0, 1})
	shape := valueShape()
	f.Fuzz(func(t *testing.T, buf []byte) {
		for len(buf) > 0 {
			m, n, err := wire.Next(buf)
			if err != nil {
				require.ErrorIs(t, err, wire.ErrMalformed)
				return
			}
			if n == 0 {
				require.True(t, len(buf) < 5 || wire.Announced(buf) > len(buf))
				return
			}
			require.Equal(t, n, wire.Announced(buf))
			require.Len(t, m.Body, n-5)
			read(t, shape, m.Body)
			buf = buf[n:]
		}
	})
}

// read reads a body as each of the messages that there are.
func read(t *testing.T, shape *wire.Shape, body []byte) {
	oids, err := wire.Params(body)
	var params pgproto3.ParameterDescription
	if other := params.Decode(body); err == nil && other == nil {
		require.ElementsMatch(t, params.ParameterOIDs, oids)
	}
	columns, err := wire.Columns(body)
	var row pgproto3.RowDescription
	if other := row.Decode(body); err == nil && other == nil {
		require.Len(t, columns, len(row.Fields))
		for i, field := range row.Fields {
			require.Equal(t, wire.Column{Name: string(field.Name), OID: field.DataTypeOID}, columns[i])
		}
	}
	first, err := wire.First(body)
	var data pgproto3.DataRow
	if data.Decode(body) == nil && len(data.Values) > 0 {
		require.NoError(t, err)
		require.Equal(t, string(data.Values[0]), string(first))
	}
	e, err := wire.Error(body)
	require.True(t, e != nil || err != nil)
	_, _ = wire.Notice(body)
	_, _ = wire.Setting(body)
	if n, ok := wire.Affected(wire.Tag(body), true); !ok {
		require.Zero(t, n)
	}
	found, err := wire.AppendCatalogType(nil, body)
	require.True(t, err != nil || len(found) == 1)
	_, _ = decode[values](t, shape, body)
}

// TestAffected: rows that were written, not those that were read.
func TestAffected(t *testing.T) {
	for tag, want := range map[string]int64{
		"INSERT 0 5": 5, "UPDATE 12": 12, "DELETE 0": 0, "MERGE 3": 3, "SELECT 9": -1, "FETCH 9": -1, "CREATE TABLE": -1, "COPY 4": -1,
		"": -1, "INSERT 0 x": -1, "UPDATE ": -1,
	} {
		n, ok := wire.Affected(wire.Tag([]byte(tag+"\x00")), false)
		require.Equal(t, want >= 0, ok, tag)
		if ok {
			require.Equal(t, want, n, tag)
		}
	}
	n, ok := wire.Affected([]byte("COPY 4"), true)
	require.True(t, ok)
	require.EqualValues(t, 4, n)
}

// TestLearn: a domain is its base, also as a parameter, and what the server does not
// know is not asked for again.
func TestLearn(t *testing.T) {
	const domain, unknown = 100001, 100002
	types := wire.NewTypes(nil)
	params := []uint32{domain, pgtype.Int8OID, unknown}
	require.Equal(t, []uint32{domain, unknown}, types.Unknown(params, nil))
	require.Contains(t, wire.TypeQuery([]uint32{domain, unknown}), "(100001,100002)")
	row := func(cells ...string) []byte {
		values := make([][]byte, len(cells))
		for i, cell := range cells {
			if cell != "" {
				values[i] = []byte(cell)
			}
		}
		return next(t, encode(t, &pgproto3.DataRow{Values: values}), 'D')
	}
	found, err := wire.AppendCatalogType(nil, row("100001", "secret", "d", "17", ",", "domain_in", "", ""))
	require.NoError(t, err)
	_, err = wire.AppendCatalogType(nil, row("100001"))
	require.ErrorIs(t, err, wire.ErrMalformed)
	types.Learn([]uint32{domain, unknown}, found)
	require.Empty(t, types.Unknown(params, nil))
	require.Empty(t, types.Copy().Unknown([]uint32{domain}, nil))

	q, _ := call[struct{}]("\\x41")
	out, err := types.Shape([]uint32{domain}, nil).AppendBind(nil, "", []byte{0}, q)
	require.NoError(t, err)
	var bind pgproto3.Bind
	require.NoError(t, bind.Decode(next(t, out, 'B')))
	require.EqualValues(t, pgtype.BinaryFormatCode, bind.ParameterFormatCodes[0], "bytea's own bytes, not its text form")
	require.Equal(t, "\\x41", string(bind.Parameters[0]))
}
