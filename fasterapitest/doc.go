// Package fasterapitest tests apps.
//
//	func TestGetUser(t *testing.T) {
//		app := newApp()
//		app.Override[Mailer](fakeMailer{})
//		c := fasterapitest.New(t, app)
//		user := c.Get("/users/7").Expect(200).JSON[User]()
//		require.Equal(t, "Ada", user.Name)
//	}
//
// # What it is
//
// A [Client] sends requests to an app in the same process, without a socket: routing,
// injection, binding, middleware and encoding are those that the app serves with.
// [Run] runs one test over several engines, with sockets and without. [Client.Events]
// reads server-sent events while they come, [Client.Lines] JSON lines, [Client.WebSocket] talks over a
// WebSocket; a body of type [Multipart] uploads files, [Client.Bearer] sends a token, [Client.Cookie] shows what
// the app has set, [Client.Fresh] is another browser. [Client.HTTP] is an http.Client for everything else. [NewClock] makes time pass at
// once. [Golden] and [GoldenOpenAPI] compare with files.
//
// Providers are replaced with [fasterapi.App.Override] before the client is made.
//
// # Who owns what
//
// The app is stopped when the test ends. A Client is safe for any goroutine, but
// what it finds wrong ends the test, so use it on the goroutine of the test. Responses belong to
// the caller.
//
// # What it costs
//
// A request takes about 25 us without a socket. An app starts its reactors once.
//
// # What it refuses
//
// Every mistake of a test (a request that cannot be made, a body that is not the
// JSON asked for) is fatal to the test, with the place in the test.
package fasterapitest
