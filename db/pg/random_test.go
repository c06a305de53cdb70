package pg_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

// sides are the two drivers under one setting.
type sides struct {
	ours   *db.Querier
	theirs *pgx.Conn
	rng    *rand.Rand
}

// kind is a type of the database with a Go type for it, and its texts at random.
type kind struct {
	name  string
	check func(t *testing.T, s *sides, n int) // n values
}

// batchSize is how many values one statement of TestRandomValues carries.
const batchSize = 50

// like makes a kind that is read and sent as T, alone, through a domain, and in an
// array of each.
func like[T any](typ string, text func(*rand.Rand) string) kind {
	name := typ + " " + fmt.Sprintf("%T", *new(T))
	return kind{name, func(t *testing.T, s *sides, n int) {
		ctx := background(t)
		texts := make([]string, n)
		for i := range texts {
			texts[i] = text(s.rng)
		}
		for _, typ := range []string{typ, "rnd." + domainOf(typ)} {
			sql := "SELECT CAST(x AS " + typ + ") AS v FROM unnest($1::text[]) AS u (x)"
			ours, err := s.ours.Query[T](ctx, sql, texts).Await(ctx)
			require.NoError(t, err, "%s: %q", sql, texts)
			rows, _ := s.theirs.Query(ctx, sql, texts)
			theirs, err := pgx.CollectRows(rows, pgx.RowTo[T])
			require.NoError(t, err, "%s: %q", sql, texts)
			same(t, theirs, ours, sql, texts)

			sql = "SELECT array_agg(CAST(x AS " + typ + ")) AS v FROM unnest($1::text[]) AS u (x)"
			list, err := s.ours.One[[]T](ctx, sql, texts).Await(ctx)
			require.NoError(t, err, "%s: %q", sql, texts)
			var theirList []T
			require.NoError(t, s.theirs.QueryRow(ctx, sql, texts).Scan(&theirList), "%s: %q", sql, texts)
			same(t, theirList, list, sql, texts)

			back(t, s, "SELECT $1::"+typ+"[]::text", theirList)
			back(t, s, "SELECT $1::"+typ+"::text", theirs[0])
		}
	}}
}

// back sends v through both drivers: the server must see the same.
func back(t *testing.T, s *sides, sql string, v any) {
	t.Helper()
	ctx := background(t)
	var theirs string
	require.NoError(t, s.theirs.QueryRow(ctx, sql, v).Scan(&theirs), "%s: %+v", sql, v)
	ours, err := s.ours.One[string](ctx, sql, v).Await(ctx)
	require.NoError(t, err, "%s: %+v", sql, v)
	require.Equal(t, theirs, ours, "%s: %+v", sql, v)
}

// same compares values, and as they are printed: NaN is not equal to itself.
func same[T any](t *testing.T, want, got []T, sql string, texts []string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if a, b := fmt.Sprintf("%+v", want[i]), fmt.Sprintf("%+v", got[i]); a != b && !reflect.DeepEqual(want[i], got[i]) {
			require.Failf(t, "different", "%s of %q: pgx %s, ours %s", sql, texts[i], a, b)
		}
	}
}

func domainOf(typ string) string {
	name := []byte("d_" + typ)
	for i, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			name[i] = '_'
		}
	}
	return string(name)
}

func ints(bits int) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return strconv.FormatInt(int64(r.Uint64())>>(64-bits)>>r.IntN(bits), 10) }
}

func floats(bits int) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return strconv.FormatFloat(floatOf(r, bits), 'g', -1, bits) }
}

func floatOf(r *rand.Rand, bits int) float64 {
	if r.IntN(20) == 0 {
		return []float64{0, 1, -0.5, 0.1 + 0.2, 1e-7}[r.IntN(5)]
	}
	if bits == 32 {
		return float64(float32(r.NormFloat64()) * float32(int64(1)<<r.IntN(60)))
	}
	return r.NormFloat64() * float64(int64(1)<<r.IntN(60)) / float64(int64(1)<<r.IntN(60))
}

func words(r *rand.Rand) string {
	letters := []rune("aZ09 _,;{}()[]\"'\\/éß漢😀\t\n=>NUL")
	out := make([]rune, 1+r.IntN(8))
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}

func decimal(r *rand.Rand) string {
	out := strconv.Itoa(r.IntN(3) - 1)
	for range r.IntN(30) {
		out += strconv.Itoa(r.IntN(10))
	}
	out = strconv.Itoa(r.IntN(10)) + out[len(out)-1:] + out[1:]
	switch r.IntN(12) {
	case 0:
		return []string{"NaN", "Infinity", "-Infinity", "0", "0.00", "5.00", "1e100", "1e-20"}[r.IntN(8)]
	case 1, 2, 3, 4:
		return "-" + out + "." + strconv.Itoa(r.IntN(1e6))
	case 5, 6:
		return out
	}
	return out + "." + strconv.Itoa(r.IntN(1e6)) + "00"[r.IntN(3):]
}

func moment(r *rand.Rand) time.Time {
	return time.Unix(r.Int64N(400*366*86400)-200*366*86400, r.Int64N(1e6)*1000).UTC()
}

func stamp(layout string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return moment(r).Format(layout) }
}

func hexes(n int, sep string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		out := ""
		for i := range n {
			if i > 0 {
				out += sep
			}
			out += fmt.Sprintf("%02x", r.IntN(256))
		}
		return out
	}
}

func span(low func(*rand.Rand) string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		v := low(r)
		return []string{"empty", "[" + v + "," + v + "]", "[" + v + ",)", "(," + v + "]", "(,)"}[r.IntN(5)]
	}
}

func spans(one func(*rand.Rand) string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return []string{"{}", "{" + one(r) + "}"}[r.IntN(2)] }
}

func lasting(r *rand.Rand) string {
	return fmt.Sprintf("%d mons %d days %d hours %d.%06d secs", r.IntN(400)-200, r.IntN(400)-200, r.IntN(99)-50, r.IntN(9999), r.IntN(1e6))
}

func bitsOf(r *rand.Rand) string {
	out := make([]byte, 1+r.IntN(20))
	for i := range out {
		out[i] = '0' + byte(r.IntN(2))
	}
	return string(out)
}

func coords(pattern string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		out := ""
		for _, c := range pattern {
			if c == 'n' {
				out += strconv.FormatFloat(1+floatOf(r, 64)*floatOf(r, 64), 'g', -1, 64)
			} else {
				out += string(c)
			}
		}
		return out
	}
}

func document(r *rand.Rand) string {
	return fmt.Sprintf(`{"a": [%d, %v, null], "b": {"c": %q}}`, r.IntN(1e9), r.Float64(), []string{"x", "é", `y`, ""}[r.IntN(4)])
}

func address(r *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	if r.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte(b[:4])).String()
	}
	return netip.AddrFrom16(b).String()
}

func oneOf(texts ...string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return texts[r.IntN(len(texts))] }
}

type place struct {
	X, Y float64
	Note *string
}

// kinds are all types that Go has a form for, in both drivers.
func kinds() []kind {
	return []kind{
		like[int16]("int2", ints(16)), like[int32]("int4", ints(32)), like[int64]("int8", ints(64)), like[int]("int8", ints(64)),
		like[float32]("float4", floats(32)), like[float64]("float8", floats(64)), like[bool]("bool", oneOf("t", "f")),
		like[string]("text", words), like[string]("varchar", words), like[string]("bpchar", words), like[string]("name", words),
		like[[]byte]("bytea", func(r *rand.Rand) string { return `\x` + hexes(r.IntN(20), "")(r) }),
		like[pgtype.Numeric]("numeric", decimal), like[int64]("numeric", func(r *rand.Rand) string { return ints(50)(r) + []string{"", ".00", ".0"}[r.IntN(3)] }),
		like[pgtype.Date]("date", oneOf("infinity", "-infinity", "0044-03-15 BC", "2024-02-29")), like[time.Time]("date", stamp("2006-01-02")),
		like[pgtype.Time]("time", stamp("15:04:05.000000")), like[string]("timetz", func(r *rand.Rand) string {
			return stamp("15:04:05.000")(r) + []string{"+00", "-11:30", "+05:45"}[r.IntN(3)]
		}),
		like[time.Time]("timestamp", stamp("2006-01-02 15:04:05.000000")), like[time.Time]("timestamptz", stamp("2006-01-02 15:04:05.000000Z07:00")),
		like[pgtype.Timestamptz]("timestamptz", oneOf("infinity", "-infinity", "0044-03-15 12:00:00+00 BC")),
		like[pgtype.Interval]("interval", lasting), like[time.Duration]("interval", func(r *rand.Rand) string { return ints(40)(r) + " microseconds" }),
		like[pgtype.UUID]("uuid", hexes(16, "")), like[[16]byte]("uuid", hexes(16, "")),
		like[map[string]any]("json", document), like[map[string]any]("jsonb", document),
		like[netip.Prefix]("inet", address), like[netip.Addr]("inet", address), like[net.IP]("inet", address), like[netip.Prefix]("cidr", address),
		like[net.HardwareAddr]("macaddr", hexes(6, ":")), like[net.HardwareAddr]("macaddr8", hexes(8, ":")),
		like[pgtype.Bits]("varbit", bitsOf), like[pgtype.Point]("point", coords("(n,n)")), like[pgtype.Box]("box", coords("(n,n),(n,n)")),
		like[pgtype.Circle]("circle", func(r *rand.Rand) string { return coords("<(n,n),")(r) + strconv.Itoa(r.IntN(99)) + ">" }),
		like[pgtype.Line]("line", coords("{n,n,n}")), like[pgtype.Lseg]("lseg", coords("[(n,n),(n,n)]")),
		like[pgtype.Path]("path", coords("[(n,n),(n,n),(n,n)]")), like[pgtype.Polygon]("polygon", coords("((n,n),(n,n),(n,n))")),
		like[pgtype.Range[pgtype.Int4]]("int4range", span(ints(20))), like[pgtype.Range[int64]]("int8range", func(r *rand.Rand) string { return "[" + ints(30)(r) + ",2000000000)" }),
		like[pgtype.Range[pgtype.Numeric]]("numrange", span(func(r *rand.Rand) string { return strconv.Itoa(r.IntN(1e9)) + ".5" })),
		like[pgtype.Range[pgtype.Date]]("daterange", span(stamp("2006-01-02"))),
		like[pgtype.Range[pgtype.Timestamp]]("tsrange", span(stamp(`"2006-01-02 15:04:05.000000"`))),
		like[pgtype.Range[pgtype.Timestamptz]]("tstzrange", span(stamp(`"2006-01-02 15:04:05.000000+00"`))),
		like[pgtype.Range[pgtype.Float8]]("rnd.floatrange", span(floats(64))),
		like[pgtype.Multirange[pgtype.Range[pgtype.Int4]]]("int4multirange", spans(span(ints(20)))),
		like[pgtype.Multirange[pgtype.Range[pgtype.Timestamptz]]]("tstzmultirange", spans(span(stamp(`"2006-01-02 15:04:05.000000+00"`)))),
		like[uint32]("oid", oneOf("0", "7", "4294967295")), like[uint32]("xid", oneOf("0", "7", "4294967295")), like[pgtype.TID]("tid", oneOf("(0,1)", "(77,3)")),
		like[uint64]("xid8", oneOf("0", "18446744073709551615")), like[string]("money", oneOf("1.50", "-2")), like[string]("pg_lsn", oneOf("16/B374D848")),
		like[string]("xml", oneOf("<a>b</a>", "x")), like[string]("tsquery", oneOf("'a' & 'b'")), like[string]("regtype", oneOf("integer")),
		like[string]("rnd.hue", oneOf("red", "o'range", "very blue")), like[level]("rnd.hue", oneOf("red", "very blue")),
		like[place]("rnd.place", coords(`(n,n,"a ""b"" \\ ,")`)), like[place]("rnd.place", coords("(n,n,)")),
		like[string]("public.citext", words), like[string]("public.ltree", oneOf("a.b.c", "x")),
		like[map[string]*string]("public.hstore", oneOf(`a=>1, "b c"=>NULL`, "", `"\""=>"\\"`)),
	}
}

// settings shape how a server writes its texts.
var settings = []string{
	"",
	"-c extra_float_digits=0 -c intervalstyle=iso_8601 -c datestyle=German -c bytea_output=escape -c timezone=Asia/Kathmandu",
	"-c extra_float_digits=-15 -c intervalstyle=sql_standard -c datestyle=SQL,DMY -c bytea_output=hex -c timezone=America/St_Johns",
	"-c extra_float_digits=3 -c intervalstyle=postgres_verbose -c datestyle=Postgres,MDY -c bytea_output=escape -c timezone=Europe/Dublin",
}

const randomSchema = `DROP SCHEMA IF EXISTS rnd CASCADE; CREATE SCHEMA rnd;
	DROP EXTENSION IF EXISTS hstore, citext, ltree CASCADE;
	CREATE EXTENSION hstore SCHEMA public; CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION ltree SCHEMA public;
	CREATE TYPE rnd.hue AS ENUM ('red', 'o''range', 'very blue'); CREATE TYPE rnd.place AS (x float8, y float8, note text);
	CREATE TYPE rnd.floatrange AS RANGE (subtype = float8);`

// TestRandomValues: random values of all types, domains over them and arrays of
// both read as they do through pgx, and arrive as they do from pgx, whatever the
// session's settings. VALUES says how many (make soak: 1000000); without it, a few
// of each.
func TestRandomValues(t *testing.T) {
	all := kinds()
	schema, domains := randomSchema, map[string]bool{}
	names := []string{}
	for _, k := range all {
		typ, _, _ := strings.Cut(k.name, " ")
		if d := domainOf(typ); !domains[d] {
			domains[d] = true
			schema += "CREATE DOMAIN rnd." + d + " AS " + typ + ";"
			names = append(names, "rnd."+d, "rnd._"+d)
		}
	}
	exec(t, &open(t, plain(t), pg.Config{}).Querier, schema)
	want, _ := strconv.Atoi(os.Getenv("VALUES"))
	each := len(all) * len(settings) * batchSize * 2 // values in a round: of a type and of its domain
	rounds := max(1, (want+each-1)/each)
	for i, setting := range settings {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			s := pair(t, setting, names)
			for round := range rounds {
				seed := uint64(i*rounds + round)
				s.rng = rand.New(rand.NewPCG(seed, 8))
				for _, k := range all {
					if !t.Run(fmt.Sprintf("%s/%d", k.name, seed), func(t *testing.T) { k.check(t, s, batchSize) }) && want > 0 {
						t.FailNow()
					}
				}
			}
		})
	}
}

// pair opens both drivers with a setting; pgx is told about types by hand, and
// that times are to come in UTC.
func pair(t *testing.T, setting string, domains []string) *sides {
	u := plain(t).URL() + "&options=" + strings.ReplaceAll(url.QueryEscape(setting), "+", "%20")
	p, err := pg.Open(background(t), pg.Config{URL: u})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	c, err := pgx.Connect(background(t), u)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	m := c.TypeMap()
	zone := &pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}}
	m.RegisterType(zone)
	m.RegisterType(&pgtype.Type{Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID, Codec: &pgtype.ArrayCodec{ElementType: zone}})
	ranges := &pgtype.Type{Name: "tstzrange", OID: pgtype.TstzrangeOID, Codec: &pgtype.RangeCodec{ElementType: zone}}
	m.RegisterType(ranges)
	m.RegisterType(&pgtype.Type{Name: "_tstzrange", OID: pgtype.TstzrangeArrayOID, Codec: &pgtype.ArrayCodec{ElementType: ranges}})
	m.RegisterType(&pgtype.Type{Name: "tstzmultirange", OID: pgtype.TstzmultirangeOID, Codec: &pgtype.MultirangeCodec{ElementType: ranges}})
	teach(t, c, "public.citext", pgtype.TextCodec{})
	teach(t, c, "public.ltree", pgtype.LtreeCodec{})
	teach(t, c, "public.hstore", pgtype.HstoreCodec{})
	for _, typ := range []string{"money", "timetz", "pg_lsn", "tsquery", "regtype"} {
		teach(t, c, typ, &pgtype.TextFormatOnlyCodec{Codec: pgtype.TextCodec{}})
	}
	for _, typ := range []string{"int4multirange", "tstzmultirange", "macaddr8"} { // pgx knows these, but no arrays of them
		element, ok := m.TypeForName(typ)
		require.True(t, ok, typ)
		oid := oidOf(t, c, typ+"[]")
		m.RegisterType(&pgtype.Type{Name: "_" + typ, OID: oid, Codec: &pgtype.ArrayCodec{ElementType: element}})
	}
	for _, typ := range append([]string{"rnd.hue", "rnd._hue", "rnd.place", "rnd._place", "rnd.floatrange", "rnd._floatrange"}, domains...) {
		loaded, err := c.LoadType(background(t), typ)
		require.NoError(t, err, typ)
		m.RegisterType(loaded)
	}
	return &sides{ours: &p.Querier, theirs: c}
}

func oidOf(t *testing.T, c *pgx.Conn, typ string) (oid uint32) {
	require.NoError(t, c.QueryRow(background(t), "SELECT $1::text::regtype::oid", typ).Scan(&oid), typ)
	return oid
}

// teach registers a type and its array with pgx.
func teach(t *testing.T, c *pgx.Conn, typ string, codec pgtype.Codec) {
	element := &pgtype.Type{Name: typ, OID: oidOf(t, c, typ), Codec: codec}
	c.TypeMap().RegisterType(element)
	c.TypeMap().RegisterType(&pgtype.Type{Name: typ + "[]", OID: oidOf(t, c, typ+"[]"), Codec: &pgtype.ArrayCodec{ElementType: element}})
}
