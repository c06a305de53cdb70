// Talks to the shop at the address that is its argument, with the types that
// openapi-typescript makes of the document. Prints how many checks have passed.
import assert from "node:assert/strict";
import createClient, { type Middleware } from "openapi-fetch";
// snippet: types
import type { components, paths } from "./schema.js";

type User = components["schemas"]["User"];
type Payment = components["schemas"]["Payment"];
type Event = components["schemas"]["Event"];
// end snippet
type Reach = components["schemas"]["Reach"];
type Order = components["schemas"]["OrderInput"]; // what is sent: events are read only
type Search = components["schemas"]["Search"];

const baseUrl = process.argv[2];
assert(baseUrl, "usage: main.js URL");
let checks = 0;

function equal<T>(got: T, want: NoInfer<T>) {
  assert.deepEqual(got, want);
  checks++;
}

// snippet: client
const client = createClient<paths>({ baseUrl });

function bearer(token: string): Middleware {
  return { onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${token}`) };
}
// end snippet

async function login() {
  const nobody = await client.GET("/users");
  equal(nobody.response.status, 401);
  equal(nobody.error?.status, 401);

  const wrong = await client.POST("/login", {
    body: { grant_type: "password", username: "bob", password: "guess" },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  equal(wrong.response.status, 400);
  const { data } = await client.POST("/login", {
    body: { grant_type: "password", username: "bob", password: "correct horse" },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  assert(data);
  equal(data.expires_in, 3600);
  client.use(bearer(data.access_token));
}

// snippet: pages
async function page(after: number) {
  const { data, error } = await client.GET("/users", { params: { query: { after, limit: 2, role: ["power user", "read-only"] } } });
  if (error) throw new Error(error.detail ?? error.title);
  return data;
}

async function allUsers(): Promise<User[]> {
  let { items, next } = await page(0);
  const all = items;
  while (next != null) {
    ({ items, next } = await page(next));
    all.push(...items);
  }
  return all;
}
// end snippet

async function users() {
  const reach: Reach = { by: "text-message", number: "+31 15 123" };
  const { data: ada, response } = await client.POST("/users", {
    body: {
      name: "Ada", email: "ada@example.org", role: "power user", level: 2, nickname: null, password: "correct horse",
      address: { street: "Low 1", city: "Delft", country: "NL", extra: { door: ["blue"] } }, reach, "public-key": "AP8=",
    },
  });
  assert(ada?.id);
  equal(response.status, 201);
  equal(response.headers.get("Location"), `/users/${ada.id}`);
  equal([ada.nickname, ada.manager, ada.address?.geo, ada.since], [null, null, undefined, "2026-07-01T10:00:00Z"]);
  equal(ada.reach, reach);

  const taken = await client.POST("/users", { body: { name: "Bob", email: "ada@example.org", role: "admin", password: "correct horse" } });
  equal(taken.response.status, 409);
  equal(taken.error && "email" in taken.error && taken.error.email, "ada@example.org");

  // snippet: problem
  const { data, error } = await client.PATCH("/users/{id}", { params: { path: { id: ada.id } }, body: { name: "" } });
  if (error) {
    const faults = error.errors?.map((fault) => `${fault.location} ${fault.message}`);
    equal(faults, ["body.name must have at least 1 character"]);
  }
  // end snippet
  equal(data, undefined);

  const patched = await client.PATCH("/users/{id}", {
    params: { path: { id: ada.id } },
    body: { name: "Ada L.", manager: 7, reach: { by: "mail", to: "ada@example.org" }, tags: { a: "1" } },
  });
  equal([patched.data?.name, patched.data?.manager, patched.data?.tags], ["Ada L.", 7, { a: "1" }]);
  const cleared = await client.PATCH("/users/{id}", { params: { path: { id: ada.id } }, body: { manager: null, reach: null } });
  equal([cleared.data?.name, cleared.data?.manager, cleared.data?.reach], ["Ada L.", null, null]);

  for (const name of ["Bea", "Cas"]) {
    const { error } = await client.POST("/users", { body: { name, email: `${name}@example.org`, role: "read-only", password: "correct horse" } });
    equal(error, undefined);
  }
  equal((await allUsers()).map((user) => user.name), ["Ada L.", "Bea", "Cas"]);

  equal((await client.DELETE("/users/{id}", { params: { path: { id: 3 } } })).response.status, 204);
  const gone = await client.GET("/users/{id}", { params: { path: { id: 3 } } });
  equal([gone.error?.status, gone.error?.detail], [404, "there is no such user"]);
  const found = await client.GET("/users/{id}", { params: { path: { id: 1 } } });
  equal(found.response.headers.get("ETag"), '"1"');
}

// snippet: narrow
function describePayment(payment: Payment): string {
  switch (payment.kind) {
    case "card":
      return `card ${payment.number.slice(-4)}`;
    case "voucher":
      return `vouchers ${payment.codes.join("+")}`;
    case "split":
      return payment.parts.map(describePayment).join(" and ");
    default:
      return payment satisfies never; // a kind that was added later does not compile
  }
}
// end snippet

function describeEvent(event: Event): string {
  switch (event.kind) {
    case "order.placed":
      return `placed by ${event.by?.name}`;
    case "order.paid":
      return `paid with ${describePayment(event.payment)}`;
    case "order.refunded":
      return `refunded ${event.voucher.codes.length}`;
  }
}

async function orders() {
  const order: Order = {
    items: [{ sku: "AB-1", count: 2, price: 9.5 }],
    payment: {
      kind: "split",
      parts: [
        { kind: "card", number: "4242424242424242" },
        { kind: "split", parts: [{ kind: "voucher", codes: [7] }, { kind: "card", number: "5555555555554444" }] },
      ],
    },
    backup: null, notify: [{ by: "mail", to: "ada@example.org" }], by_name: { bob: { by: "call", number: "+31 15 123" } }, options: { gift: [1, null] },
  };
  const params = { path: { id: "a-1" } };
  const statuses: number[] = [];
  for (const count of [2, 2, 3]) {
    order.items[0]!.count = count;
    statuses.push((await client.PUT("/orders/{id}", { params, body: order })).response.status);
  }
  equal(statuses, [201, 204, 200]);
  const { data } = await client.GET("/orders/{id}", { params });
  assert(data);
  equal(describePayment(data.payment), "card 4242 and vouchers 7 and card 4444");
  equal([data.backup, data.notify, data.by_name, data.options], [null, order.notify, order.by_name, order.options]);

  const voucher: Order = { ...order, payment: { kind: "voucher", codes: [9] } };
  await client.PUT("/orders/{id}", { params, body: voucher });
  const events = await client.GET("/orders/{id}/events", { params });
  equal(events.data?.slice(2).map(describeEvent), ["paid with card 4242 and vouchers 7 and card 4444", "refunded 1"]);

  const search: Search = { op: "all", of: [{ op: "not", of: { op: "costs", least: 1000 } }, { op: "costs", least: 20 }] };
  equal(Object.keys((await client.POST("/orders/search", { body: search })).data ?? {}), ["a-1"]);
}

async function unions() {
  const good = await client.POST("/orders/payments/check", { body: { kind: "card", number: "4242424242424242" } });
  equal(good.data?.state === "good" && describePayment(good.data.value), "card 4242");
  const bad = await client.POST("/orders/payments/check", { body: { kind: "voucher", codes: [1] } });
  equal(bad.data?.state === "bad" && bad.data.why, ["vouchers are checked later"]);

  // @ts-expect-error: no member of the union has this kind
  const coin: Payment = { kind: "coin" };
  // @ts-expect-error: a voucher has no number
  const mixed: Payment = { kind: "voucher", number: "4242424242424242" };
  // @ts-expect-error: null is no payment
  const none: Payment = null;
  for (const body of [coin, mixed, none]) {
    const { error, response } = await client.POST("/orders/payments/check", { body });
    equal(response.status, 422);
    assert(error?.errors?.length);
  }
}

async function files() {
  const form = new FormData();
  form.set("title", "me");
  form.set("photo", new Blob(["PNG!"], { type: "image/png" }), "me.png");
  form.append("more", new Blob(["a"]), "a.txt");
  // snippet: upload
  const stored = await client.PUT("/users/{id}/avatar", {
    params: { path: { id: 1 } },
    body: { photo: "" }, // the type says string; the form below is what is sent
    bodySerializer: () => form,
  });
  // end snippet
  equal(stored.data, { title: "me", bytes: 4, type: "image/png", more: ["a.txt"] });
  const avatar = await client.GET("/users/{id}/avatar", { params: { path: { id: 1 } }, parseAs: "blob" });
  equal(avatar.data instanceof Blob && (await avatar.data.text()), "PNG!");

  const imported = await client.POST("/imports", {
    headers: { "Content-Type": "text/csv", "X-API-Key": "k-1" }, body: "a,1\nb,2\n", bodySerializer: (text) => text,
  });
  equal(imported.data, { lines: 2 });
  const prices = await client.GET("/prices");
  equal(prices.data, [{ sku: "AB-1", cent: 995 }, { sku: "AB-2", cent: 2 ** 40 }]);
  const lines = await client.GET("/prices/export", { parseAs: "text" });
  equal(lines.data?.trim().split("\n").length, 2);
  const live = await client.GET("/prices/live", { parseAs: "text" });
  equal(live.data?.startsWith('event: price\ndata: {"sku":"AB-1","cent":995}\n'), true);

  const page = await client.GET("/report", { params: { query: { year: 2025 } }, parseAs: "text" });
  equal([page.data, page.response.redirected], ["<h1>9999</h1>", true]);
  const year = await client.GET("/report", { params: { query: { year: 1999 } }, parseAs: "text" });
  equal(year.error?.errors?.map((fault) => fault.location), ["query.year"]);
  const text = await client.GET("/text/{rest}", { params: { path: { rest: "a b/c%/d" } }, parseAs: "text" });
  equal(text.data, "text of a b/c%/d");
}

for (const part of [login, users, orders, unions, files]) await part();
console.log(`${checks} checks passed`);
