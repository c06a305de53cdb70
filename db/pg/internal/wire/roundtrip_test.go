package wire_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

// values is a row of all types with a binary form of ours that a parameter has, too.
type values struct {
	I8   int64
	I4   int32
	I2   int16
	B    bool
	F8   float64
	F4   float32
	Text string
	Raw  []byte
	ID   [16]byte
	At   time.Time
	Wall time.Time
	Gone *int64
}

func (v *values) args() []any {
	return []any{v.I8, v.I4, v.I2, v.B, v.F8, v.F4, v.Text, v.Raw, v.ID, v.At, v.Wall, v.Gone}
}

var (
	valueTypes = []uint32{
		pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID, pgtype.BoolOID, pgtype.Float8OID, pgtype.Float4OID, pgtype.TextOID, pgtype.ByteaOID,
		pgtype.UUIDOID, pgtype.TimestamptzOID, pgtype.TimestampOID, pgtype.Int8OID,
	}
	valueNames = []string{"i8", "i4", "i2", "b", "f8", "f4", "text", "raw", "id", "at", "wall", "gone"}
)

func valueShape() *wire.Shape {
	columns := make([]wire.Column, len(valueTypes))
	for i, oid := range valueTypes {
		columns[i] = wire.Column{Name: valueNames[i], OID: oid}
	}
	return wire.NewTypes(nil).Shape(valueTypes, columns)
}

// FuzzRoundTrip: parameters are encoded as pgtype encodes them, in a message that
// pgproto3 reads; and when the server sends them back, which it does in the same
// form, they are what they were.
func FuzzRoundTrip(f *testing.F) {
	f.Add(int64(0), 0.0, "", []byte(nil))
	f.Add(int64(-1), -1.5, "some name", []byte{0, 1, 0xff})
	f.Add(int64(math.MaxInt64), math.Inf(1), "\\N\t\n'", []byte("0123456789abcdef0"))
	f.Add(int64(math.MinInt64), math.MaxFloat64, "é\xf0\x9f\x98\x80", []byte("{}"))
	shape, oracle := valueShape(), pgtype.NewMap()
	name := []byte("f_name\x00")
	f.Fuzz(func(t *testing.T, n int64, x float64, text string, raw []byte) {
		if math.IsNaN(x) {
			x = 0 // is not equal to itself
		}
		want := values{
			I8: n, I4: int32(n), I2: int16(n), B: n&1 != 0, F8: x, F4: float32(x), Text: text, Raw: append([]byte{}, raw...),
			At: time.Unix(0, n).UTC().Truncate(time.Microsecond), Wall: time.Unix(0, ^n).UTC().Truncate(time.Microsecond),
		}
		copy(want.ID[:], raw)
		q, _ := call[values](want.args()...)
		require.NoError(t, q.Describe(shape.Description()))
		out, err := shape.AppendBind([]byte("before"), "portal", name, q)
		require.NoError(t, err)
		require.Equal(t, "before", string(out[:6]))
		var bind pgproto3.Bind
		require.NoError(t, bind.Decode(next(t, out[6:], 'B')))
		require.Equal(t, "portal", bind.DestinationPortal)
		require.Equal(t, "f_name", bind.PreparedStatement)
		require.Len(t, bind.Parameters, len(valueTypes))
		for i, arg := range want.args() {
			if i == len(valueTypes)-1 {
				require.Nil(t, bind.Parameters[i], "NULL")
				continue
			}
			if valueTypes[i] != pgtype.TextOID {
				require.EqualValues(t, pgtype.BinaryFormatCode, bind.ParameterFormatCodes[i], valueNames[i])
			}
			require.EqualValues(t, pgtype.BinaryFormatCode, bind.ResultFormatCodes[i], valueNames[i])
			same, err := oracle.Encode(valueTypes[i], pgtype.BinaryFormatCode, arg, nil)
			require.NoError(t, err)
			require.Equal(t, string(same), string(bind.Parameters[i]), valueNames[i])
		}
		sent, err := (&pgproto3.DataRow{Values: bind.Parameters}).Encode(nil)
		require.NoError(t, err)
		got, err := decode[values](t, shape, next(t, sent, 'D'))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// FuzzCopyRow: what COPY reads of a row, by its rules, is what was given.
func FuzzCopyRow(f *testing.F) {
	f.Add("a\tb", []byte("c\nd"), int64(7))
	f.Add(`\N`, []byte(`\`), int64(-1))
	f.Add("\r\\t", []byte(nil), int64(0))
	types := wire.NewTypes(nil)
	oids := []uint32{pgtype.TextOID, pgtype.ByteaOID, pgtype.Int8OID, pgtype.TextOID}
	f.Fuzz(func(t *testing.T, text string, raw []byte, n int64) {
		out, err := types.AppendCopyRow(nil, oids, []any{text, append([]byte{}, raw...), n, nil})
		require.NoError(t, err)
		line, ended := strings.CutSuffix(string(out), "\n")
		require.True(t, ended)
		require.NotContains(t, line, "\n")
		cells := strings.Split(line, "\t")
		require.Len(t, cells, len(oids))
		require.Equal(t, text, unescaped(cells[0]))
		require.NotEqual(t, `\N`, cells[0], "text is not NULL")
		var bytes []byte
		require.NoError(t, pgtype.NewMap().Scan(pgtype.ByteaOID, pgtype.TextFormatCode, []byte(unescaped(cells[1])), &bytes))
		require.Equal(t, string(raw), string(bytes))
		var number int64
		require.NoError(t, pgtype.NewMap().Scan(pgtype.Int8OID, pgtype.TextFormatCode, []byte(unescaped(cells[2])), &number))
		require.Equal(t, n, number)
		require.Equal(t, `\N`, cells[3])
	})
}

// unescaped reads a value of COPY's text format.
func unescaped(cell string) string {
	return strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r").Replace(cell)
}

// TestTooLarge: what does not fit the server's type is an error that names the
// parameter, and so is a wrong number of them.
func TestTooLarge(t *testing.T) {
	shape := wire.NewTypes(nil).Shape([]uint32{pgtype.Int8OID, pgtype.Int2OID}, nil)
	for _, test := range []struct {
		args []any
		want string
	}{
		{[]any{1, 1 << 15}, "$2 (SMALLINT): 32768 does not fit"},
		{[]any{uint64(1 << 63), 1}, "$1 (BIGINT): 9223372036854775808 does not fit"},
		{[]any{1}, "the statement has 2 parameters, the call 1"},
	} {
		q, _ := call[struct{}](test.args...)
		_, err := shape.AppendBind(nil, "", []byte{0}, q)
		require.EqualError(t, err, test.want)
	}
}
