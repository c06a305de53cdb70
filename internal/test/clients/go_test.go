package clients

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/oapi-codegen/nullable"
	openapi_types "github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/clients/goclient"
	"github.com/fasterapi/fasterapi/internal/test/clients/shop"
)

// newGoClient returns the generated client of the service behind c.
func newGoClient(t *testing.T, c *fasterapitest.Client) *goclient.ClientWithResponses {
	t.Helper()
	client, err := goclient.NewClientWithResponses(c.URL(""), goclient.WithHTTPClient(c.HTTP()))
	require.NoError(t, err)
	return client
}

// as signs requests.
func as(token string) goclient.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}

var (
	reader = as("reader-token")
	writer = as("writer-token")
)

// goTest runs a test of the client for Go over both engines.
func goTest(t *testing.T, test func(*testing.T, *fasterapitest.Client, *goclient.ClientWithResponses)) {
	fasterapitest.Run(t, shop.New, func(t *testing.T, c *fasterapitest.Client) { test(t, c, newGoClient(t, c)) },
		fasterapitest.OneReactor(), fasterapitest.NetHTTP())
}

func newUser(name string) goclient.NewUser {
	return goclient.NewUser{Name: name, Email: "u@example.org", Password: new("correct horse")}
}

// TestGoUsers: typed members, null and absent, pages, header fields and problems.
func TestGoUsers(t *testing.T) {
	goTest(t, func(t *testing.T, _ *fasterapitest.Client, client *goclient.ClientWithResponses) {
		ctx := t.Context()
		login, err := client.LoginWithFormdataBodyWithResponse(ctx, goclient.LoginFormdataRequestBody{
			GrantType: "password", Username: "bob", Password: "correct horse",
		})
		require.NoError(t, err)
		require.Equal(t, "writer-token", login.JSON200.AccessToken)
		require.Equal(t, int64(3600), login.JSON200.ExpiresIn)
		token := as(login.JSON200.AccessToken)

		user := newUser("Ada")
		user.Nickname = nullable.NewNullNullable[string]()
		user.Role, user.Level = new(goclient.PowerUser), new(goclient.N2)
		user.Address.Set(goclient.Address{Street: "Low 1", City: "Delft", Country: "NL", Extra: &map[string][]string{"door": {"blue", "left"}}})
		user.PublicKey, user.Idle = &[]byte{0, 255, 16}, new("1h30m0s")
		var reach goclient.Reach
		require.NoError(t, reach.FromPhone(goclient.Phone{By: goclient.TextMessage, Number: "+31 15 123"}))
		user.Reach.Set(reach)
		made, err := client.CreateUserWithResponse(ctx, user, token)
		require.NoError(t, err)
		require.Equal(t, 201, made.StatusCode(), "%s", made.Body)
		require.Equal(t, "/users/1", *made.Headers201.Location)
		got := made.JSON201
		require.Equal(t, int64(1), *got.Id)
		require.Equal(t, time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC), *got.Since)
		require.True(t, got.Nickname.IsNull() && got.Manager.IsNull() && !got.Address.MustGet().Geo.IsSpecified())
		require.Equal(t, []byte{0, 255, 16}, *got.PublicKey)
		require.Equal(t, "1h30m0s", *got.Idle)
		require.Equal(t, []string{"blue", "left"}, (*got.Address.MustGet().Extra)["door"])
		way, err := got.Reach.MustGet().ValueByDiscriminator()
		require.NoError(t, err)
		require.Equal(t, goclient.Phone{By: "text-message", Number: "+31 15 123"}, way)

		taken, err := client.CreateUserWithResponse(ctx, user, token)
		require.NoError(t, err)
		require.Equal(t, goclient.Taken{
			Type: "https://example.org/problems/taken", Title: "Conflict", Status: 409, Detail: new("somebody has this address"), Email: "u@example.org",
		}, *taken.ApplicationproblemJSON409)

		for _, name := range []string{"Bea", "Cas"} {
			more := newUser(name)
			more.Email = openapi_types.Email(strings.ToLower(name) + "@example.org")
			answer, err := client.CreateUserWithResponse(ctx, more, token)
			require.NoError(t, err)
			require.Equal(t, 201, answer.StatusCode(), "%s", answer.Body)
		}
		var names []string
		for after := (nullable.Nullable[int64]{}); ; {
			params := &goclient.ListUsersParams{Limit: new(int64(2)), Role: &[]goclient.Role{goclient.PowerUser, goclient.ReadOnly}}
			if after.IsSpecified() {
				params.After = new(after.MustGet())
			}
			page, err := client.ListUsersWithResponse(ctx, params, reader)
			require.NoError(t, err)
			require.Equal(t, 200, page.StatusCode(), "%s", page.Body)
			require.Equal(t, int64(3), page.Headers200.XTotalCount)
			for _, user := range page.JSON200.Items {
				names = append(names, user.Name)
			}
			if after = page.JSON200.Next; after.IsNull() {
				require.Nil(t, page.Headers200.Link)
				break
			}
			require.Equal(t, `</users?after=2>; rel="next"`, *page.Headers200.Link)
		}
		require.Equal(t, []string{"Ada", "Bea", "Cas"}, names)
	})
}

// TestGoPatch: absent, null and a value are three things, and null of a Maybe is refused.
func TestGoPatch(t *testing.T) {
	goTest(t, func(t *testing.T, _ *fasterapitest.Client, client *goclient.ClientWithResponses) {
		ctx := t.Context()
		user := newUser("Ada")
		user.Nickname = nullable.NewNullableWithValue("countess")
		user.Manager = nullable.NewNullableWithValue(int64(7))
		_, err := client.CreateUserWithResponse(ctx, user, writer)
		require.NoError(t, err)
		patch := func(body goclient.PatchUser) *goclient.PatchUsersByIdResponse {
			answer, err := client.PatchUsersByIdWithResponse(ctx, 1, &goclient.PatchUsersByIdParams{}, body, writer)
			require.NoError(t, err)
			return answer
		}

		// snippet: patch
		var reach goclient.Reach
		require.NoError(t, reach.FromMail(goclient.Mail{By: goclient.MailByMail, To: "ada@example.org"}))
		answer := patch(goclient.PatchUser{
			Name:    new("Ada L."),
			Manager: nullable.NewNullNullable[int64](),
			Reach:   nullable.NewNullableWithValue(reach),
		})
		// end snippet
		require.Equal(t, 200, answer.StatusCode(), "%s", answer.Body)
		require.Equal(t, "Ada L.", answer.JSON200.Name)
		require.True(t, answer.JSON200.Manager.IsNull())
		require.Equal(t, "countess", answer.JSON200.Nickname.MustGet(), "absent: it stays")
		mail, err := answer.JSON200.Reach.MustGet().AsMail()
		require.NoError(t, err)
		require.Equal(t, goclient.Mail{By: "mail", To: "ada@example.org"}, mail)

		answer = patch(goclient.PatchUser{Reach: nullable.NewNullNullable[goclient.Reach]()})
		require.True(t, answer.JSON200.Reach.IsNull())
		answer = patch(goclient.PatchUser{Name: new(""), Tags: &map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6"}})
		require.Equal(t, []goclient.FieldError{
			{Location: "body.name", Message: "must have at least 1 character", Value: ""},
			{Location: "body.tags", Message: "must have at most 5 members"},
		}, answer.ApplicationproblemJSON422.Errors)
		null, err := client.PatchUsersByIdWithBodyWithResponse(ctx, 1, nil, "application/json", strings.NewReader(`{"name":null}`), writer)
		require.NoError(t, err)
		require.Equal(t, "body.name", null.ApplicationproblemJSON422.Errors[0].Location)
	})
}

// TestGoRefused: who may not, what is not there and what is not valid are typed.
func TestGoRefused(t *testing.T) {
	goTest(t, func(t *testing.T, _ *fasterapitest.Client, client *goclient.ClientWithResponses) {
		ctx := t.Context()
		nobody, err := client.GetUserWithResponse(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, 401, nobody.ApplicationproblemJSON401.Status)
		less, err := client.CreateUserWithResponse(ctx, newUser("Ada"), reader)
		require.NoError(t, err)
		require.Equal(t, 403, less.ApplicationproblemJSON403.Status)
		// snippet: problem
		missing, err := client.GetUserWithResponse(ctx, 1, reader)
		require.NoError(t, err)
		require.Equal(t, "there is no such user", *missing.ApplicationproblemJSON4XX.Detail)

		invalid, err := client.GetUserWithResponse(ctx, -1, reader)
		require.NoError(t, err)
		require.Equal(t, "path.id", invalid.ApplicationproblemJSON422.Errors[0].Location)
		// end snippet
		require.Equal(t, "must be at least 1", invalid.ApplicationproblemJSON422.Errors[0].Message)

		_, err = client.CreateUserWithResponse(ctx, newUser("Ada"), writer)
		require.NoError(t, err)
		found, err := client.GetUserWithResponse(ctx, 1, reader)
		require.NoError(t, err)
		require.Equal(t, `"1"`, *found.Headers200.ETag)
		gone, err := client.DeleteUsersByIdWithResponse(ctx, 1, writer)
		require.NoError(t, err)
		require.Equal(t, 204, gone.StatusCode())
		gone, err = client.DeleteUsersByIdWithResponse(ctx, 1, writer)
		require.NoError(t, err)
		require.Equal(t, 404, gone.ApplicationproblemJSON4XX.Status)
		wrong, err := client.LoginWithFormdataBodyWithResponse(ctx, goclient.LoginFormdataRequestBody{GrantType: "password", Username: "bob", Password: "guess"})
		require.NoError(t, err)
		require.Equal(t, 400, wrong.StatusCode())
		require.Equal(t, "invalid_grant", wrong.JSON400.Error)
	})
}

func card(t *testing.T) (p goclient.Payment) {
	t.Helper()
	require.NoError(t, p.FromCard(goclient.Card{Number: "4242424242424242", Holder: new("Ada")}))
	return p
}

func voucher(t *testing.T, codes ...int64) (p goclient.Payment) {
	t.Helper()
	require.NoError(t, p.FromPaymentVoucher(goclient.PaymentVoucher{Codes: codes}))
	return p
}

func split(t *testing.T, parts ...goclient.Payment) (p goclient.Payment) {
	t.Helper()
	require.NoError(t, p.FromSplit(goclient.Split{Parts: parts}))
	return p
}

// TestGoOrders: unions in members, lists, maps and one another, there and back, and three
// answers of one handler.
func TestGoOrders(t *testing.T) {
	goTest(t, func(t *testing.T, _ *fasterapitest.Client, client *goclient.ClientWithResponses) {
		ctx := t.Context()
		var mail, call goclient.Reach
		require.NoError(t, mail.FromMail(goclient.Mail{By: goclient.MailByMail, To: "ada@example.org"}))
		require.NoError(t, call.FromPhone(goclient.Phone{By: goclient.Call, Number: "+31 15 123"}))
		order := goclient.OrderInput{
			Items:   []goclient.Item{{Sku: "AB-1", Count: 2, Price: 9.5}},
			Payment: split(t, card(t), split(t, voucher(t, 7, 1<<53+1), card(t))),
			Backup:  nullable.NewNullNullable[goclient.Payment](),
			Notify:  &[]goclient.Reach{mail, call},
			ByName:  &map[string]goclient.Reach{"ada": mail},
			Options: map[string]any{"gift": true, "list": []any{1.5, nil}},
		}
		first, err := client.PutOrderWithResponse(ctx, "a-1", order, writer)
		require.NoError(t, err)
		require.Equal(t, 201, first.StatusCode(), "%s", first.Body)
		require.Equal(t, "/orders/a-1", *first.Headers201.Location)
		require.Nil(t, first.JSON200)
		same, err := client.PutOrderWithResponse(ctx, "a-1", order, writer)
		require.NoError(t, err)
		require.Equal(t, 204, same.StatusCode())
		order.Items[0].Count = 3
		changed, err := client.PutOrderWithResponse(ctx, "a-1", order, writer)
		require.NoError(t, err)
		require.Equal(t, uint8(2), changed.JSON200.Items[0].Count, "what there was")

		got, err := client.GetOrderWithResponse(ctx, "a-1", writer)
		require.NoError(t, err)
		// snippet: read-union
		payment, err := got.JSON200.Payment.ValueByDiscriminator()
		require.NoError(t, err)
		parts := payment.(goclient.Split).Parts
		number, err := parts[0].AsCard()
		require.NoError(t, err)
		require.Equal(t, "4242424242424242", number.Number)
		// end snippet
		inner, err := parts[1].AsSplit()
		require.NoError(t, err)
		codes, err := inner.Parts[0].AsPaymentVoucher()
		require.NoError(t, err)
		require.Equal(t, []int64{7, 1<<53 + 1}, codes.Codes)
		require.True(t, got.JSON200.Backup.IsNull())
		require.Equal(t, order.Options, got.JSON200.Options)
		called, err := (*got.JSON200.Notify)[1].AsPhone()
		require.NoError(t, err)
		require.Equal(t, goclient.Call, called.By)

		order.Payment = voucher(t, 9)
		_, err = client.PutOrderWithResponse(ctx, "a-1", order, writer)
		require.NoError(t, err)
		events, err := client.GetOrdersByIdEventsWithResponse(ctx, "a-1", writer)
		require.NoError(t, err)
		require.Len(t, *events.JSON200, 4)
		paid, err := (*events.JSON200)[0].AsPaid()
		require.NoError(t, err)
		require.Equal(t, goclient.OrderPaid, paid.Kind)
		_, err = paid.Payment.AsSplit()
		require.NoError(t, err)
		refunded, err := (*events.JSON200)[3].ValueByDiscriminator()
		require.NoError(t, err)
		require.Equal(t, []int64{9}, refunded.(goclient.Refunded).Voucher.Codes)
	})
}

// TestGoSearch: a union of which one variant holds itself.
func TestGoSearch(t *testing.T) {
	goTest(t, func(t *testing.T, _ *fasterapitest.Client, client *goclient.ClientWithResponses) {
		ctx := t.Context()
		for id, price := range map[string]float64{"cheap": 1, "dear": 100} {
			answer, err := client.PutOrderWithResponse(ctx, id, goclient.OrderInput{Items: []goclient.Item{{Sku: "AB-1", Count: 1, Price: price}}, Payment: card(t)}, writer)
			require.NoError(t, err)
			require.Equal(t, 201, answer.StatusCode(), "%s", answer.Body)
		}
		var costs, not, all goclient.Search
		require.NoError(t, costs.FromCosts(goclient.Costs{Least: 50}))
		require.NoError(t, not.FromNot(goclient.Not{Of: costs}))
		require.NoError(t, all.FromAll(goclient.All{Of: []goclient.Search{not}}))
		for want, search := range map[string]goclient.Search{"dear": costs, "cheap": all} {
			found, err := client.SearchOrdersWithResponse(ctx, search, writer)
			require.NoError(t, err)
			require.Len(t, *found.JSON200, 1)
			require.Contains(t, *found.JSON200, want)
		}
	})
}

// TestGoUnionBodies: a union as the whole body and the whole answer, and what is wrong with one.
func TestGoUnionBodies(t *testing.T) {
	goTest(t, func(t *testing.T, _ *fasterapitest.Client, client *goclient.ClientWithResponses) {
		ctx := t.Context()
		check := func(p goclient.Payment) any {
			answer, err := client.CheckPaymentWithResponse(ctx, p, writer)
			require.NoError(t, err)
			require.Equal(t, 200, answer.StatusCode(), "%s", answer.Body)
			verdict, err := answer.JSON200.ValueByDiscriminator()
			require.NoError(t, err)
			return verdict
		}
		good := check(card(t)).(goclient.GoodPayment)
		echo, err := good.Value.AsCard()
		require.NoError(t, err)
		require.Equal(t, "Ada", *echo.Holder)
		require.Equal(t, []string{"vouchers are checked later"}, check(voucher(t, 1)).(goclient.Bad).Why)
		failed, err := client.CheckPaymentWithResponse(ctx, split(t, card(t), card(t), card(t)), writer)
		require.NoError(t, err)
		require.Equal(t, "three are too many", *failed.ApplicationproblemJSON4XX.Detail)

		for body, want := range map[string]goclient.FieldError{
			`{"number":"4242424242424242"}`:             {Location: "body.kind", Message: "is required"},
			`{"kind":"coin"}`:                           {Location: "body.kind", Message: "must be one of: card, voucher, split"},
			`{"kind":null,"number":"4242424242424242"}`: {Location: "body.kind", Message: "must be one of: card, voucher, split"},
			`{"kind":7}`:                                {Location: "body.kind", Message: "must be one of: card, voucher, split"},
			`null`:                                      {Location: "body", Message: "must be an object"},
			`[]`:                                        {Location: "body", Message: "must be an object"},
			`"card"`:                                    {Location: "body", Message: "must be an object"},
			`{"kind":"card","number":"1"}`:              {Location: "body.number", Message: "must match the pattern ^[0-9]{12,19}$"},
			`{"kind":"split","parts":[{"kind":"voucher","codes":[1]},null]}`:   {Location: "body.parts[1]", Message: "must be an object"},
			`{"kind":"split","parts":[{"kind":"voucher","codes":[1]},{}]}`:     {Location: "body.parts[1].kind", Message: "is required"},
			`{"kind":"split","parts":[{"kind":"voucher","codes":[1]},"card"]}`: {Location: "body.parts[1]", Message: "must be an object"},
		} {
			answer, err := client.CheckPaymentWithBodyWithResponse(ctx, "application/json", strings.NewReader(body), writer)
			require.NoError(t, err)
			require.Equal(t, 422, answer.StatusCode(), "%s: %s", body, answer.Body)
			require.Equal(t, []goclient.FieldError{want}, answer.ApplicationproblemJSON422.Errors, body)
		}
		wrong, err := client.SearchOrdersWithBodyWithResponse(ctx, "application/json", strings.NewReader(`{"op":"all","of":[{"op":"or"},{"op":2}]}`), writer)
		require.NoError(t, err)
		require.Equal(t, []goclient.FieldError{
			{Location: "body.of[0].op", Message: "must be one of: all, not, costs", Value: "or"},
			{Location: "body.of[1].op", Message: "must be one of: all, not, costs", Value: 2.0},
		}, wrong.ApplicationproblemJSON422.Errors)
		var none goclient.Payment
		empty, err := client.CheckPaymentWithResponse(ctx, none, writer)
		require.NoError(t, err)
		require.Equal(t, []goclient.FieldError{{Location: "body", Message: "must be an object"}}, empty.ApplicationproblemJSON422.Errors, "it is sent as null")
	})
}

// TestGoUnknownVariant: a kind that came into the service after the client was made.
func TestGoUnknownVariant(t *testing.T) {
	var event goclient.Event
	require.NoError(t, event.UnmarshalJSON([]byte(`{"kind":"order.lost"}`)))
	kind, err := event.Discriminator()
	require.NoError(t, err)
	require.Equal(t, "order.lost", kind)
	_, err = event.ValueByDiscriminator()
	require.ErrorContains(t, err, "order.lost")
}

// TestGoFiles: uploads, files, bodies of other types, streams, pages and redirects.
func TestGoFiles(t *testing.T) {
	goTest(t, func(t *testing.T, _ *fasterapitest.Client, client *goclient.ClientWithResponses) {
		ctx := t.Context()
		_, err := client.CreateUserWithResponse(ctx, newUser("Ada"), writer)
		require.NoError(t, err)

		body, contentType := form(t)
		stored, err := client.PutAvatarWithBodyWithResponse(ctx, 1, contentType, body, writer)
		require.NoError(t, err)
		require.Equal(t, 200, stored.StatusCode(), "%s", stored.Body)
		require.Equal(t, goclient.Stored{Title: "me", Bytes: 4, Type: "image/png", More: []string{"a.txt", "b.txt"}}, *stored.JSON200)
		avatar, err := client.GetAvatarWithResponse(ctx, 1, reader)
		require.NoError(t, err)
		require.Equal(t, "\x89PNG", string(avatar.Body))
		cached, err := client.GetAvatarWithResponse(ctx, 1, reader, func(_ context.Context, r *http.Request) error {
			r.Header.Set("If-None-Match", `"1"`)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 304, cached.StatusCode())

		key := func(_ context.Context, r *http.Request) error { r.Header.Set("X-API-Key", "k-1"); return nil }
		imported, err := client.ImportPricesWithBodyWithResponse(ctx, "text/csv", strings.NewReader("a,1\nb,2\n"), key)
		require.NoError(t, err)
		require.Equal(t, int64(2), imported.JSON200.Lines)
		other, err := client.ImportPricesWithBodyWithResponse(ctx, "text/html", strings.NewReader("a"), key)
		require.NoError(t, err)
		require.Equal(t, 415, other.ApplicationproblemJSON4XX.Status)

		prices, err := client.PricesWithResponse(ctx)
		require.NoError(t, err)
		require.Equal(t, []goclient.Price{{Sku: "AB-1", Cent: 995}, {Sku: "AB-2", Cent: 1 << 40}}, *prices.JSON200)
		lines, err := client.ExportPricesWithResponse(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, bytes.Count(lines.Body, []byte("\n")))
		events, err := client.LivePricesWithResponse(ctx)
		require.NoError(t, err)
		require.Contains(t, string(events.Body), "event: price\ndata: {\"sku\":\"AB-1\",\"cent\":995}\n")

		page, err := client.ReportWithResponse(ctx, &goclient.ReportParams{Year: 2026})
		require.NoError(t, err)
		require.Equal(t, "<h1>9999</h1>", string(page.Body))
		away, err := client.ReportWithResponse(ctx, &goclient.ReportParams{Year: 2025})
		require.NoError(t, err)
		require.Equal(t, 303, away.StatusCode())
		require.Equal(t, "/report?year=2026", away.Headers3XX.Location)
		rest, err := client.TextWithResponse(ctx, "a b/c%/d")
		require.NoError(t, err)
		require.Equal(t, "text of a b/c%/d", string(rest.Body))
	})
}

// form is what the client for Go leaves to mime/multipart.
func form(t *testing.T) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	require.NoError(t, w.WriteField("title", "me"))
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", `form-data; name="photo"; filename="me.png"`)
	header.Set("Content-Type", "image/png")
	part, err := w.CreatePart(header)
	require.NoError(t, err)
	_, err = part.Write([]byte("\x89PNG"))
	require.NoError(t, err)
	for _, name := range []string{"a.txt", "b.txt"} {
		_, err := w.CreateFormFile("more", name)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return body, w.FormDataContentType()
}
