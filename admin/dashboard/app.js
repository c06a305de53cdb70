// The dashboard of package admin. It shows the events of ./events, one each second, and asks the JSON pages
// beside it for what is looked at. No text becomes markup: elements are made, and texts are set.

// Elements

const $ = (id) => document.getElementById(id);

// h makes an element; attributes that are functions listen to the event of that name.
function h(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") e.addEventListener(name, value);
    else if (value === true) e.setAttribute(name, "");
    else if (value !== false && value != null) e.setAttribute(name, value);
  }
  e.append(...children.flat().filter((c) => c != null && c !== false));
  return e;
}

function svg(tag, attributes) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  return e;
}

const setText = (e, text) => { if (e.textContent !== text) e.textContent = text; };
const setClass = (e, text) => { if (e.className !== text) e.className = text; };

// keyed makes the children of parent those of items: elements of the same key stay, with their focus.
function keyed(parent, items, key, make, update) {
  const old = parent.byKey ?? new Map(), now = new Map();
  let at = parent.firstChild;
  for (const item of items) {
    let k = key(item);
    while (now.has(k)) k += "'";
    const e = old.get(k) ?? make(item);
    now.set(k, e);
    old.delete(k);
    update?.(e, item);
    if (e === at) at = at.nextSibling;
    else parent.insertBefore(e, at);
  }
  for (const e of old.values()) e.remove();
  parent.byKey = now;
}

// Figures

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function count(n) {
  if (n >= 1e9) return (n / 1e9).toFixed(2) + " G";
  if (n >= 1e7) return (n / 1e6).toFixed(1) + " M";
  return grouped.format(n);
}

function rate(n) {
  if (n >= 100) return count(n);
  return n === 0 ? "0" : n.toFixed(n < 10 ? 2 : 1);
}

// time writes milliseconds.
function time(ms) {
  if (!(ms > 0)) return "0 ms";
  if (ms < .1) return (ms * 1000).toFixed(ms < .01 ? 1 : 0) + " µs";
  if (ms < 1) return ms.toFixed(2) + " ms";
  if (ms < 100) return ms.toFixed(1) + " ms";
  if (ms < 1000) return ms.toFixed(0) + " ms";
  if (ms < 60000) return (ms / 1000).toFixed(2) + " s";
  if (ms < 3600000) return Math.floor(ms / 60000) + " min " + Math.floor(ms / 1000) % 60 + " s";
  if (ms < 86400000) return Math.floor(ms / 3600000) + " h " + Math.floor(ms / 60000) % 60 + " min";
  return Math.floor(ms / 86400000) + " d " + Math.floor(ms / 3600000) % 24 + " h";
}

function bytes(n) {
  if (n < 1024) return n + " B";
  if (n < 1 << 20) return (n / 1024).toFixed(1) + " KiB";
  return n < 1 << 30 ? (n / (1 << 20)).toFixed(1) + " MiB" : (n / (1 << 30)).toFixed(2) + " GiB";
}

const percent = (share) => (share * 100).toFixed(share > 0 && share < .1 ? 1 : 0) + " %";
const clock = (at) => new Date(at).toLocaleTimeString([], { hour12: false });

// duration reads what Go writes: "1m2.5s", "12.3ms", "4µs".
function duration(text) {
  const units = { h: 3600000, m: 60000, s: 1000, ms: 1, "µs": .001, us: .001, ns: .000001 };
  let sum = 0;
  for (const [, n, unit] of String(text ?? "").matchAll(/([\d.]+)(ms|µs|us|ns|h|m|s)/g)) sum += n * units[unit];
  return sum;
}

// when writes a time that Go has written; that of year 1 is none.
const when = (at) => (at > "0002" ? new Date(at).toLocaleString() : "–");

// breakable lets a path go on in the next line behind its slashes.
const breakable = (text) => text.split(/(?<=\/)/).flatMap((part) => [part, h("wbr")]);

const nameOf = (r) => r || "no route";
const route = (method, pattern) => h("span", {}, h("span", { class: "method" }, method), h("span", { class: pattern ? "path" : "muted" }, breakable(nameOf(pattern))));
const badge = (text, kind) => h("span", { class: "badge " + (kind ?? "") }, text);
const statusKind = (s) => (s >= 500 ? "bad" : s >= 400 ? "warn" : "ok");

// Asking

let token = sessionStorage.getItem("token") ?? "";
const headers = () => (token ? { Authorization: "Bearer " + token } : {});

async function ask(path, type) {
  const response = await fetch("../" + path, { headers: headers(), cache: "no-store" });
  if (response.status === 401) login();
  if (!response.ok) throw new Error((await response.text()).trim() || response.statusText);
  return type === "text" ? response.text() : response.json();
}

function login(wrong) {
  if ($("login").open) return;
  setText($("login-error"), wrong ? "This token is not the right one." : "");
  $("token").value = "";
  $("login").showModal();
}

$("login-form").addEventListener("submit", () => {
  token = $("token").value;
  sessionStorage.setItem("token", token);
  reconnect(0);
});

// The stream

const state = { snap: null, online: false, history: new Map(), tab: "overview", lists: {} };
const historyLength = 120;
let stop = null, wait = 500, timer = 0;

function link(kind, text) {
  setClass($("link"), "pill " + kind);
  setText($("link"), text);
  document.body.classList.toggle("stale", kind === "bad" && state.snap != null);
}

async function connect() {
  stop?.abort();
  const own = stop = new AbortController();
  let silent = 0;
  const expect = () => { clearTimeout(silent); silent = setTimeout(() => own.abort(), 6000); };
  try {
    expect();
    const response = await fetch("events", { headers: headers(), cache: "no-store", signal: own.signal });
    if (response.status === 401) {
      link("warn", "Token needed");
      clearTimeout(silent);
      return login(token !== "");
    }
    if (!response.ok) throw new Error((await response.text()).trim());
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done) break;
      expect();
      text += value;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) event(text.slice(0, end));
    }
  } catch (error) {
    if (stop !== own) return; // another one has begun
  } finally {
    clearTimeout(silent);
  }
  if (stop !== own || document.hidden) return;
  state.online = false;
  link("bad", "Connection lost, trying again");
  reconnect(wait);
  wait = Math.min(wait * 1.6, 5000);
}

function reconnect(after) {
  clearTimeout(timer);
  timer = setTimeout(connect, after);
}

function event(text) {
  let name = "message", data = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (name === "leaving") {
    notice("leaving", "warn", "The process is leaving. Looking for the one that takes its place.");
    wait = 200;
    return;
  }
  if (name !== "snapshot") return;
  const snap = JSON.parse(data);
  if (snap) arrived(snap);
}

function arrived(snap) {
  const before = state.snap;
  state.snap = snap;
  state.online = true;
  wait = 500;
  if (before && before.service.started !== snap.service.started) {
    state.history.clear();
    state.lists = {};
    dismiss("leaving");
    const version = before.service.version !== snap.service.version ? `, version ${before.service.version || "none"} → ${snap.service.version || "none"}` : "";
    notice("restarted", "", `The process has restarted at ${clock(snap.service.started)}: ${before.service.pid} → ${snap.service.pid}${version}.`);
  }
  remember(snap);
  link("ok", "Live");
  frame(snap);
  render();
}

// remember keeps the last two minutes of what has a curve.
function remember(snap) {
  const t = snap.totals;
  const values = {
    rate: t.per_second, errors: t.failed_per_second, p99: t.p99, active: t.active, cpu: t.cpu, wait: t.wait,
  };
  for (const r of snap.routes) values["route " + r.method + " " + r.route] = r.per_second;
  for (const [name, value] of Object.entries(values)) {
    const list = state.history.get(name) ?? [];
    list.push(value);
    if (list.length > historyLength) list.shift();
    state.history.set(name, list);
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return reconnect(0);
  clearTimeout(timer);
  stop?.abort(); // nobody looks: nothing is computed
  link("wait", "Paused");
});

// Notices

function notice(key, kind, text) {
  dismiss(key);
  $("notices").append(h("p", { class: "notice " + kind, "data-key": key }, h("span", {}, text),
    h("button", { type: "button", class: "quiet", click: () => dismiss(key) }, "Dismiss")));
}

function dismiss(key) {
  for (const e of [...$("notices").children]) if (e.dataset.key === key) e.remove();
}

// The frame

function frame(snap) {
  const s = snap.service;
  setText($("title"), s.title);
  setText($("version"), s.version);
  document.title = s.title + " · Dashboard";
  const facts = [["Host", s.host], ["Process", String(s.pid)], ["Up", time(snap.time - s.started)], ["Memory", bytes(snap.totals.memory)], ["Go", s.go.replace(/^go/, "")]];
  keyed($("facts"), facts, (f) => f[0], (f) => h("div", {}, h("dt", {}, f[0]), h("dd", {})), (e, f) => setText(e.lastChild, f[1]));
  const down = snap.health.checks.filter((c) => c.status !== "ok");
  const key = down.map((c) => c.name).join();
  if (key !== state.down) {
    state.down = key;
    dismiss("down");
    if (down.length) notice("down", "bad", "Not working: " + down.map((c) => c.name + (c.critical ? " (critical)" : "")).join(", ") + ". See Resources.");
  }
  if (snap.totals.overloaded !== state.overloaded) {
    state.overloaded = snap.totals.overloaded;
    dismiss("overload");
    if (state.overloaded) notice("overload", "bad", "Overloaded: requests that have waited for too long are answered with 503.");
  }
  const open = snap.parts.breakers.filter((b) => b.State !== "closed").length;
  badges({ resources: [down.length + open, "bad"], stalls: [snap.stalls.count, "warn"] });
}

function badges(all) {
  for (const [tab, [n, kind]] of Object.entries(all)) {
    const e = $("tab-" + tab).querySelector(".count");
    setText(e, n > 0 ? count(n) : "");
    setClass(e, "count " + kind);
  }
}

// Curves

function spark() {
  const e = svg("svg", { viewBox: "0 0 120 34", preserveAspectRatio: "none", "aria-hidden": "true" });
  const area = svg("path", { class: "spark-area" }), line = svg("path", { class: "spark-line" });
  e.append(area, line);
  e.draw = (values = []) => {
    const top = Math.max(...values, 1e-9) * 1.15, step = 120 / (historyLength - 1), from = 120 - (values.length - 1) * step;
    const points = values.map((v, i) => (from + i * step).toFixed(1) + " " + (31 - v / top * 27).toFixed(1));
    line.setAttribute("d", points.length > 1 ? "M" + points.join("L") : "");
    area.setAttribute("d", points.length > 1 ? `M${points.join("L")}L120 34L${from.toFixed(1)} 34Z` : "");
  };
  return e;
}

// Tables: columns have a title, text(item) or cell(item), and perhaps sort(item), num, wide.

function table(columns, { key, empty, sort, caption, rows }) {
  let order = sort ?? null, items = [];
  const body = h("tbody");
  const heads = columns.map((c) => {
    const title = c.sort ? h("button", { type: "button", click: () => {
      order = { by: c, down: order?.by === c ? !order.down : c.num === true };
      show();
    } }, c.title) : c.title;
    return h("th", { scope: "col", class: [c.num ? "num" : "", c.wide ? "wide" : ""].join(" ").trim() }, title);
  });
  const none = h("p", { class: "empty" }, empty);
  const whole = h("table", { class: rows ? "rows" : null }, h("caption", { hidden: true }, caption), h("thead", {}, h("tr", {}, heads)), body);
  const make = (item) => {
    const row = h("tr");
    row.item = item;
    for (const c of columns) row.append(h("td", { "data-name": c.title || null, class: [c.num ? "num" : "", c.wide ? "wide" : "", c.class ?? ""].join(" ").trim() }, c.cell ? c.cell(item, row) : null));
    return row;
  };
  const fill = (row, item) => {
    row.item = item;
    columns.forEach((c, i) => {
      if (c.text) setText(row.cells[i], c.text(item));
      c.update?.(row.cells[i], item);
    });
  };
  function show() {
    const list = order ? [...items].sort((a, b) => {
      const x = order.by.sort(a), y = order.by.sort(b);
      return (x < y ? -1 : x > y ? 1 : 0) * (order.down ? -1 : 1);
    }) : items;
    columns.forEach((c, i) => {
      if (order?.by === c) heads[i].setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else heads[i].removeAttribute("aria-sort");
    });
    whole.hidden = list.length === 0;
    none.hidden = list.length > 0;
    keyed(body, list, key, make, fill);
  }
  return { e: h("div", {}, whole, none), show: (list) => { items = list; show(); } };
}

// Views: each makes its elements once, and shows the snapshot when it is looked at.

const views = {};

views.overview = { title: "Overview", make() {
  const tile = (name, key, unit) => {
    const value = h("span", { class: "value" }), more = h("p", { class: "more" }), curve = spark();
    const e = h("section", { class: "card tile", "aria-label": name }, h("span", { class: "name" }, name), value, more, curve);
    return { e, show: (text, note, bad) => {
      const [figure, own] = text.split(" ");
      if (value.dataset.text !== text) {
        value.dataset.text = text;
        value.replaceChildren(figure, h("small", {}, unit ?? text.slice(figure.length + 1)));
      }
      setText(more, note);
      setClass(e, "card tile" + (bad ? " bad" : ""));
      if (bad) value.classList.add("bad"); else value.classList.remove("bad");
      curve.draw(state.history.get(key));
    } };
  };
  const tiles = { rate: tile("Requests", "rate", "/s"), errors: tile("Errors", "errors", "/s"), p99: tile("Latency, p99", "p99"), active: tile("In flight", "active", ""), wait: tile("Queue wait", "wait"), cpu: tile("CPU", "cpu") };
  const cores = table([
    { title: "Core", text: (c) => String(c.core) },
    { title: "Busy", class: "bar", cell: () => h("div", { class: "meter" }, h("i")), update: (e, c) => {
      e.firstChild.firstChild.style.width = Math.round(c.busy * 100) + "%";
      setClass(e.firstChild, "meter" + (c.stuck > 0 ? " bad" : c.busy > .85 ? " warn" : ""));
      e.firstChild.setAttribute("role", "img");
      e.firstChild.setAttribute("aria-label", percent(c.busy) + " busy");
    } },
    { title: "", num: true, text: (c) => percent(c.busy) },
    { title: "Wait", num: true, text: (c) => time(c.wait) },
    { title: "Requests/s", num: true, wide: true, text: (c) => rate(c.per_second) },
    { title: "Queued", num: true, wide: true, text: (c) => count(c.pending) },
    { title: "Conns", num: true, text: (c) => count(c.connections) },
    { title: "State", wide: true, cell: () => badge(""), update: (e, c) => {
      const [text, kind] = c.stuck > 0 ? ["stuck " + time(c.stuck), "bad"] : c.overloaded ? ["overloaded", "bad"] : ["ok", "ok"];
      setText(e.firstChild, text);
      setClass(e.firstChild, "badge " + kind);
    } },
  ], { key: (c) => String(c.core), empty: "No core.", caption: "Cores" });
  const busiest = table([
    { title: "Route", cell: (r, row) => h("button", { type: "button", class: "link", click: () => explain(row.item) }, route(r.method, r.route)) },
    { title: "Requests/s", num: true, text: (r) => (state.snap.window ? rate(r.per_second) : "–") },
    { title: "p99", num: true, text: (r) => (r.per_second ? time(r.p99) : "–") },
  ], { key: (r) => r.method + " " + r.route, empty: "No request yet.", caption: "Busiest routes" });
  const health = h("ul", { class: "lines" }), noHealth = h("p", { class: "empty" }, "No health check is registered.");
  const trouble = h("ul", { class: "lines" }), noTrouble = h("p", { class: "empty" }, "Nothing slow, nothing failed.");
  const e = h("div", {}, h("div", { class: "tiles" }, Object.values(tiles).map((t) => t.e)), h("div", { class: "grid" },
    h("section", { class: "card two" }, h("h2", {}, "Cores"), h("div", { class: "cores" }, cores.e)),
    h("section", { class: "card third" }, h("h2", {}, "Health"), health, noHealth),
    h("section", { class: "card half" }, h("h2", {}, "Busiest routes"), busiest.e),
    h("section", { class: "card half" }, h("h2", {}, "Latest slow and failed requests"), trouble, noTrouble)));
  return { e, show(s) {
    const t = s.totals, ready = s.window > 0;
    const or = (text) => (ready ? text : "–");
    tiles.rate.show(or(rate(t.per_second)), count(t.requests) + " since the start");
    tiles.errors.show(or(rate(t.failed_per_second)), ready && t.per_second > 0 ? percent(t.failed_per_second / t.per_second) + " of requests" : "5xx", t.failed_per_second > 0);
    tiles.p99.show(or(t.per_second ? time(t.p99) : "–"), t.per_second ? "p50 " + time(t.p50) + ", p95 " + time(t.p95) : "no request lately");
    tiles.active.show(count(t.active), count(t.connections) + " connections" + (t.tasks ? ", " + count(t.tasks) + " background tasks" : "") + (t.tasks_failed ? ", " + count(t.tasks_failed) + " tasks failed" : ""));
    tiles.wait.show(or(time(t.wait)), t.overloaded ? "overloaded" : t.shed > 0 ? count(t.shed) + " refused" : "not overloaded", t.overloaded);
    tiles.cpu.show(or(t.cpu.toFixed(t.cpu < 10 ? 1 : 0) + " %"), count(t.goroutines) + " goroutines");
    cores.show(s.cores);
    busiest.show([...s.routes].sort((a, b) => b.per_second - a.per_second || b.count - a.count).slice(0, 7));
    showHealth(health, s.health.checks);
    noHealth.hidden = s.health.checks.length > 0;
    setText(noHealth, s.health.status ? "No health check is registered." : "They are being asked.");
    noTrouble.hidden = s.trouble.length > 0;
    keyed(trouble, s.trouble, (i) => i.time + " " + i.method + i.route + i.took, (i) => h("li", {},
      h("span", { class: "main" }, h("button", { type: "button", class: "link", click: () => showRequests(i.failed ? "failed" : "slow") }, route(i.method, i.route)), h("span", { class: "sub" }, i.error ?? "")),
      h("span", { class: "side" }, badge(String(i.status), i.failed ? "bad" : "warn"), " ", time(i.took), h("span", { class: "sub" }, clock(i.time)))));
  } };
} };

function showHealth(list, checks) {
  keyed(list, checks, (c) => c.name, (c) => h("li", {}, h("span", { class: "main" }, h("span", {}, c.name), h("span", { class: "sub" })), h("span", { class: "side" }, badge(""))),
    (e, c) => {
      const ok = c.status === "ok";
      setText(e.firstChild.lastChild, ok ? "answered in " + time(duration(c.took)) + (c.critical ? ", critical" : "") : c.error ?? "no answer");
      setText(e.lastChild.firstChild, ok ? "ok" : "down");
      setClass(e.lastChild.firstChild, "badge " + (ok ? "ok" : c.critical ? "bad" : "warn"));
    });
}

views.routes = { title: "Routes", make() {
  let wanted = "", all = [];
  const columns = [
    { title: "Route", sort: (r) => r.route + r.method, cell: (r, row) => h("button", { type: "button", class: "link", click: () => explain(row.item) }, route(r.method, r.route)) },
    { title: "Requests/s", num: true, sort: (r) => r.per_second, text: (r) => rate(r.per_second) },
    { title: "Total", num: true, wide: true, sort: (r) => r.count, text: (r) => count(r.count) },
    { title: "Errors", num: true, sort: (r) => r.errors, text: (r) => count(r.errors), update: (e, r) => e.classList.toggle("bad", r.failed_per_second > 0) },
    { title: "Mean", num: true, wide: true, sort: (r) => r.mean, text: (r) => (r.per_second ? time(r.mean) : "–") },
    { title: "p50", num: true, wide: true, sort: (r) => r.p50, text: (r) => (r.per_second ? time(r.p50) : "–") },
    { title: "p95", num: true, wide: true, sort: (r) => r.p95, text: (r) => (r.per_second ? time(r.p95) : "–") },
    { title: "p99", num: true, sort: (r) => r.p99, text: (r) => (r.per_second ? time(r.p99) : "–") },
  ];
  const list = table(columns, { key: (r) => r.method + " " + r.route, empty: "No such route.", sort: { by: columns[1], down: true }, caption: "Routes", rows: true });
  const total = h("span", { class: "muted" });
  const filter = h("input", { type: "search", placeholder: "Filter by path or method", "aria-label": "Filter routes", input: () => { wanted = filter.value.toLowerCase(); draw(); } });
  const draw = () => {
    const shown = all.filter((r) => (r.method + " " + nameOf(r.route)).toLowerCase().includes(wanted));
    setText(total, shown.length === all.length ? all.length + " routes" : `${shown.length} of ${all.length} routes`);
    list.show(shown);
  };
  const e = h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Routes"), h("div", { class: "tools" }, total, filter)), list.e);
  return { e, show(s) {
    const used = new Map(s.routes.map((r) => [r.method + " " + r.route, r]));
    for (const r of state.lists.routes ?? []) {
      if (!used.has(r.route)) {
        const [method, ...rest] = r.route.split(" ");
        used.set(r.route, { method, route: rest.join(" "), count: 0, errors: 0, per_second: 0, failed_per_second: 0, mean: 0, p50: 0, p95: 0, p99: 0 });
      }
    }
    all = [...used.values()];
    draw();
  }, async load() { state.lists.routes ??= await ask("routes"); } };
} };

// showRequests opens the requests of a kind.
function showRequests(kind) {
  choose("requests", true);
  showRequests.pick(kind);
}

views.requests = { title: "Requests", make() {
  const kinds = { live: ["Now", "requests/live", "No request is being answered at this moment."], slow: ["Slow", "requests/slow", "No slow request is kept."],
    failed: ["Failed", "requests/failed", "No failed request is kept."], recent: ["Latest", "requests?limit=100", "No request yet."] };
  let kind = "live", wrong = "";
  const lists = {};
  const live = table([
    { title: "Request", cell: (r) => h("span", {}, route(r.Method, r.Route), r.Path && r.Path !== r.Route ? h("span", { class: "sub muted" }, " ", r.Path) : null) },
    { title: "Age", num: true, text: (r) => time(duration(r.Age)) },
    { title: "Stage", cell: () => badge(""), update: (e, r) => setText(e.firstChild, r.Stage) },
    { title: "Core", num: true, wide: true, text: (r) => String(r.Core) },
    { title: "Client", wide: true, text: (r) => r.Client || "–" },
  ], { key: (r) => [r.Method, r.Route, r.Path, r.Core, r.Client, r.RequestID].join(" "), empty: kinds.live[2], caption: "Requests that have not ended" });
  const records = (k) => table([
    { title: "Request", cell: (r, row) => h("button", { type: "button", class: "link", click: () => record(row.item) }, route(r.Method, r.Route)) },
    { title: "Status", cell: (r) => badge(String(r.Status), statusKind(r.Status)) },
    { title: "Took", num: true, text: (r) => time(duration(r.Latency)) },
    { title: "Error", wide: true, class: "cut", text: (r) => r.Detail?.Error ?? "" },
    { title: "Core", num: true, wide: true, text: (r) => String(r.Core) },
    { title: "At", num: true, text: (r) => clock(r.Start) },
  ], { key: (r) => r.Start + r.Core + r.Route + r.Took, empty: kinds[k][2], caption: kinds[k][0] + " requests" });
  const tables = { live, slow: records("slow"), failed: records("failed"), recent: records("recent") };
  const buttons = {}, bad = h("p", { class: "empty bad", hidden: true });
  const pick = showRequests.pick = (k) => {
    kind = k;
    for (const [name, t] of Object.entries(tables)) {
      t.e.hidden = name !== k;
      buttons[name].setAttribute("aria-pressed", String(name === k));
    }
    load().then(draw);
  };
  const seg = h("div", { class: "seg", role: "group", "aria-label": "Which requests" }, Object.entries(kinds).map(([k, [title]]) => (buttons[k] = h("button", { type: "button", click: () => pick(k) }, title))));
  const load = async () => {
    const own = kind;
    try { lists[own] = await ask(kinds[own][1]); wrong = ""; } catch (error) { wrong = error.message; }
  };
  const draw = () => {
    tables[kind].show(lists[kind] ?? []);
    setText(bad, wrong);
    bad.hidden = wrong === "";
  };
  const e = h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Requests"), seg), bad, Object.values(tables).map((t) => t.e));
  for (const [name, t] of Object.entries(tables)) {
    t.e.hidden = name !== kind;
    buttons[name].setAttribute("aria-pressed", String(name === kind));
  }
  return { e, show: draw, load, often: true };
} };

views.resources = { title: "Resources", make() {
  const health = h("ul", { class: "lines" }), groups = h("div");
  const none = h("p", { class: "empty" }, "No health check is registered.");
  const e = h("div", {}, h("section", { class: "card" }, h("h2", {}, "Health checks"), health, none), groups);
  const nothing = h("section", { class: "card group" }, h("h2", {}, "Pools, caches and policies"),
    h("p", { class: "empty" }, "None is known. What is given to App.Provide is found by itself; admin.Config has fields for others."));
  const pairs = (list) => list.filter(Boolean);
  const describe = (p) => [
    ["Connection pools", p.pools.map((x) => ({ name: x.name, state: x.waiting > 0 ? [x.waiting + " waiting", "warn"] : x.open === 0 ? ["no connection", "warn"] : [x.driver, ""], use: x.open ? x.busy / x.open : 0, pairs: [
      ["Open, busy, idle", `${x.open} · ${x.busy} · ${x.idle}`], ["Calls in flight", count(x.in_flight)], ["Calls", count(x.queries)], ["Failed", count(x.errors)],
      ["Waited for a connection", count(x.waits)], ["Found none in time", count(x.exhausted), x.exhausted > 0], ["Connections lost", count(x.broken), x.broken > 0]] }))],
    ["Caches", p.caches.map((x) => ({ name: x.Name, state: [count(x.Size) + " entries", ""], use: hitRatio(x), pairs: [
      ["Found", x.Hits + x.Misses + x.Stale ? percent(hitRatio(x)) : "–"], ["Hits", count(x.Hits)], ["Misses", count(x.Misses)], ["Served stale", count(x.Stale)],
      ["Loads, failed", `${count(x.Loads)} · ${count(x.Failures)}`], ["Evicted", count(x.Evicted)]] }))],
    ["Stores of caches", p.stores.map((x) => ({ name: x.Name, state: x.Breaker.State !== "closed" ? ["breaker " + x.Breaker.State, "bad"] : x.Listening ? ["listening", "ok"] : ["not heard", "warn"], pairs: [
      ["Calls, failed", `${count(x.Calls)} · ${count(x.Failures)}`, x.Failures > 0], ["Spared by the breaker", count(x.Breaker.Refused), x.Breaker.Refused > 0], ["Hits", count(x.Hits)], ["Misses", count(x.Misses)],
      ["Stored, lost", `${count(x.Stored)} · ${count(x.Lost)}`], ["Loaded without it", count(x.Bypassed), x.Bypassed > 0], ["Not what was stored", count(x.Invalid), x.Invalid > 0], ["Changes by others", count(x.Changes)],
      ["Changes not delivered", count(x.Undelivered), x.Undelivered > 0], ["All entries ended", count(x.Cleared)]] }))],
    ["Other services", p.upstreams.map((x) => ({ name: x.Name, state: [x.InFlight + " in flight", ""], pairs: [
      ["Attempts", count(x.Attempts)], ["Answers", count(x.Answers)], ["Failed", count(x.Failures), x.Failures > 0], ["Connections open, made", `${count(x.Open)} · ${count(x.Dialled)}`]] }))],
    ["Circuit breakers", p.breakers.map((x) => ({ name: x.Name, state: [x.State, x.State === "closed" ? "ok" : "bad"], pairs: [
      ["Succeeded", count(x.Successes)], ["Failed", count(x.Failures)], ["Refused", count(x.Refused)], ["Opened", count(x.Opened)], ["Critical", x.Critical ? "yes" : "no"]] }))],
    ["Policies", p.policies.map((x) => ({ name: x.Name, state: [count(x.Calls) + " calls", ""], pairs: [
      ["Failed", count(x.Failures)], ["Retries", count(x.Retries)], ["Timeouts", count(x.Timeouts)], ["Fallbacks", count(x.Fallbacks)], ["Hedges, won", `${count(x.Hedges)} · ${count(x.HedgesWon)}`]] }))],
    ["Retry budgets", p.budgets.map((x) => ({ name: x.Name, state: x.Unpaid ? [count(x.Unpaid) + " not paid", "warn"] : ["", ""], pairs: [["Paid", count(x.Paid)], ["Not paid", count(x.Unpaid), x.Unpaid > 0]] }))],
    ["Limiters", p.limiters.map((x) => ({ name: x.Name, state: [count(x.Refused) + " refused", x.Refused ? "warn" : ""], pairs: [["Passed", count(x.Passed)], ["Refused", count(x.Refused)], ["Passed, since the buckets failed", count(x.Broken), x.Broken > 0]] }))],
    ["Bulkheads", p.bulkheads.map((x) => ({ name: x.Name, state: ["", ""], pairs: pairs(Object.entries(x).filter(([k, v]) => typeof v === "number").map(([k, v]) => [k, count(v)])) }))],
    ["Topics", p.topics.map((x) => ({ name: x.Name, state: x.Connected ? ["connected", "ok"] : x.Losses ? ["backend not heard", "bad"] : ["not used yet", ""], pairs: [
      ["Subscribers", count(x.Subscribers)], ["Published", count(x.Published)], ["Told here only", count(x.LocalOnly), x.LocalOnly > 0], ["Received", count(x.Received)], ["Delivered", count(x.Delivered)],
      ["Dropped, of slow subscribers", `${count(x.Dropped)} · ${count(x.Overtaken)}`, x.Dropped > 0], ["Gaps", count(x.Gaps)], ["Backend lost, found again", `${count(x.Losses)} · ${count(x.Reconnects)}`]] }))],
    ["Idempotency keys", p.keys.map((x) => ({ name: x.Name, state: x.StoreFailures ? ["store failed", "bad"] : [x.Running + " running", ""], pairs: [
      ["Ran", count(x.Runs)], ["Stored, not sendable", `${count(x.Stored)} · ${count(x.Unsendable)}`], ["Free again", count(x.Freed)], ["Replayed", count(x.Replayed)], ["First still ran", count(x.Conflicts)],
      ["Came with another request", count(x.Mismatched)], ["Refused", count(x.Refused)], ["Calls of the store that failed", count(x.StoreFailures), x.StoreFailures > 0], ["Ran unchecked", count(x.Unchecked), x.Unchecked > 0], ["Answers not stored", count(x.Unstored), x.Unstored > 0]] }))],
    ["Roles", p.roles.map((x) => ({ name: x.Role, state: x.Leads ? ["leads here", "ok"] : x.Failures && !x.Gained ? ["failed", "warn"] : ["not here", ""], pairs: pairs([
      ["Term", x.Term ? count(x.Term) : "–"], x.Leads && ["Since", when(x.Since)], ["Gained, lost", `${count(x.Gained)} · ${count(x.Lost)}`], ["Failures", count(x.Failures), x.Failures > 0],
      x.Failures && ["Last failure", when(x.FailedAt) + (x.Error ? ": " + x.Error : "")]]) }))],
    ["Jobs", p.jobs.map((x) => ({ name: x.Job, state: x.Running ? ["running", "ok"] : x.Error && new Date(x.FailedAt) > new Date(x.Succeeded) ? ["failed", "bad"] : [x.OnLeader ? "on the leader" : "on each", ""], pairs: pairs([
      ["Next", when(x.Next)], ["Last began", when(x.Began)], ["Last took", x.Runs ? time(duration(x.Took)) : "–"], ["Runs", count(x.Runs)], ["Failed", count(x.Failed), x.Failed > 0], ["Missed", count(x.Missed), x.Missed > 0],
      ["Longer than the period", count(x.Overrun), x.Overrun > 0], x.Error && ["Last failure", when(x.FailedAt) + ": " + x.Error]]) }))],
  ].filter(([, list]) => list.length);
  const card = () => h("section", { class: "card" }, h("div", { class: "card-head" }, h("h3", {}), badge("")), h("div", { class: "pad", hidden: true }, h("div", { class: "meter" }, h("i"))), h("dl", { class: "pairs" }));
  return { e, show(s) {
    showHealth(health, s.health.checks);
    none.hidden = s.health.checks.length > 0;
    const all = describe(s.parts);
    nothing.hidden = all.length > 0;
    keyed(groups, all, (g) => g[0], (g) => h("div", { class: "group" }, h("h2", {}, g[0]), h("div", { class: "cards" })), (group, g) => {
      keyed(group.lastChild, g[1], (x) => x.name, card, (c, x) => {
        const [head, use, list] = c.children;
        setText(head.firstChild, x.name);
        setText(head.lastChild, x.state[0]);
        setClass(head.lastChild, "badge " + x.state[1]);
        head.lastChild.hidden = x.state[0] === "";
        use.hidden = x.use == null;
        if (x.use != null) use.firstChild.firstChild.style.width = Math.round(x.use * 100) + "%";
        keyed(list, x.pairs.flatMap(([k, v, bad]) => [[k + " name", k, "dt", false], [k + " value", v, "dd", bad]]), (i) => i[0], (i) => h(i[2]), (cell, i) => { setText(cell, i[1]); setClass(cell, i[3] ? "bad" : ""); });
      });
    });
    if (nothing.parentNode !== e) e.append(nothing);
  } };
} };

const hitRatio = (c) => (c.Hits + c.Stale) / Math.max(1, c.Hits + c.Misses + c.Stale);

views.stalls = { title: "Stalls", make() {
  const list = h("div"), none = h("p", { class: "empty" }, "No core was held for too long since the start.");
  const e = h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Stalls"), h("span", { class: "muted" }, "Work that held its core, so that everything else there waited")), list, none);
  const kept = table([
    { title: "Why", text: (d) => d.why },
    { title: "At", num: true, text: (d) => clock(d.time) },
    { title: "Size", num: true, wide: true, text: (d) => bytes(d.bytes) },
    { title: "", num: true, cell: (d) => h("button", { type: "button", class: "quiet", "aria-label": "Save trace " + d.number, click: () => save("flight/dumps/" + d.number, "flight-" + d.number + ".trace") }, "Save") },
  ], { key: (d) => String(d.number), empty: "None: nothing has stalled, panicked or been slow, or the flight recorder is off.", caption: "Traces that were kept" });
  const traces = h("section", { class: "card group" }, h("div", { class: "card-head" }, h("h2", {}, "Traces that were kept"), h("span", { class: "muted" }, "What the process did just before, for go tool trace")), kept.e);
  let stalls = [], latest = null, dumps = [], round = 0;
  return { e: h("div", {}, e, traces), show() {
    none.hidden = stalls.length > 0;
    kept.show(dumps);
    keyed(list, stalls, (s) => s.noticed + s.core, (s) => h("article", { class: "stall" },
      h("div", { class: "stall-head" }, h("span", { class: "at" }, s.at || "place not looked up"), badge(""), h("span", { class: "muted" }, "core " + s.core + ", " + clock(s.noticed))),
      h("p", {}, s.route ? ["in ", h("span", { class: "path" }, s.route), s.registered ? h("span", { class: "muted" }, " registered at " + s.registered) : null] : "in work without a name"),
      h("p", { class: "remedy" }, s.remedy),
      s.stack.length ? h("details", {}, h("summary", {}, "Stack as it stood"), h("ol", { class: "stack" }, s.stack.map((f) => h("li", {}, f)))) : null),
    (el, s) => {
      const b = el.querySelector(".badge");
      setText(b, time(duration(s.for)) + (s.over ? "" : ", goes on"));
      setClass(b, "badge " + (s.over ? "warn" : "bad"));
    });
  }, async load() {
    if (round++ % 5 === 0) dumps = (await ask("flight/dumps")).reverse();
    const key = state.snap ? state.snap.stalls.count + " " + state.snap.stalls.latest : "";
    if (key === latest && !stalls.some((s) => !s.over || !s.at)) return;
    stalls = await ask("stalls");
    latest = key;
  }, often: true };
} };

views.checklist = { title: "Checklist", make() {
  const list = h("div"), sum = h("span", { class: "muted" });
  const e = h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Production checklist"), sum), list);
  const words = { ok: ["ok", "fine"], warn: ["warn", "look"], fail: ["bad", "mend"], manual: ["", "ask yourself"] };
  let items = [], round = 0;
  return { e, show() {
    const by = (s) => items.filter((i) => i.state === s).length;
    setText(sum, items.length ? `${by("ok")} fine, ${by("warn") + by("fail")} to look at, ${by("manual")} that nobody can see from here` : "");
    keyed(list, items, (i) => i.name + i.state + i.reason, (i) => h("div", { class: "check" },
      h("div", {}, badge(words[i.state][1], words[i.state][0])),
      h("div", {}, h("b", {}, i.name), h("p", { class: "muted" }, i.reason)),
      i.remedy ? h("p", { class: "remedy" }, i.remedy) : null));
  }, async load() { if (round++ % 5 === 0) items = await ask("checklist"); }, often: true };
} };

// save has the browser keep a file of the listener, which a link could not ask for with a token.
async function save(path, name) {
  const response = await fetch("../" + path, { headers: headers(), cache: "no-store" });
  if (!response.ok) return notice("save", "bad", "The trace is not there any more.");
  const url = URL.createObjectURL(await response.blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// Details

function open(title, body) {
  $("detail-title").replaceChildren(title);
  $("detail-body").replaceChildren(...body);
  if (!$("detail").open) $("detail").showModal();
  $("detail").scrollTop = 0;
}
$("detail-close").addEventListener("click", () => $("detail").close());
$("detail").addEventListener("click", (e) => { if (e.target === $("detail")) $("detail").close(); });

const about = (pairs) => h("dl", { class: "about" }, pairs.filter((p) => p && p[1] !== "" && p[1] != null).flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)]));
const heading = (text) => h("h3", {}, text);
const mono = (text) => h("span", { class: "mono" }, text);

// explain shows the compiled plan of a route.
async function explain(r) {
  const title = route(r.method, r.route);
  if (!r.route) return open(title, [h("p", {}, "Requests that no route answers: wrong paths, and what could not be read.")]);
  let plan;
  try {
    [plan] = await ask("explain?route=" + encodeURIComponent(r.method + " " + r.route));
  } catch (error) {
    return open(title, [h("p", { class: "muted" }, "There is no plan: this page belongs to the framework. " + error.message)]);
  }
  const where = { goroutine: "goroutine: it may block", coroutine: "its core: it may await, and must not block", chain: "its core, as a chain of futures", inline: "whatever the request is on" };
  const input = (i) => h("tr", {}, h("td", {}, mono((i.in + " " + i.name).trim())), h("td", {}, mono(i.type)), h("td", {}, [i.required ? "required" : "", i.default ? "default " + i.default : "", i.rules ?? ""].filter(Boolean).join(", ")));
  const steps = [...(plan.middleware ?? []).map((m) => ["middleware", m]), ...(plan.steps ?? []).map((s) => [s.startsWith("Depends") ? "check" : "provider", s]), ["handler", plan.package + "." + plan.handler]];
  open(title, [
    about([["Runs on", where[plan.style] ?? plan.style], ["Registered", mono(plan.file + ":" + plan.line)], ["Kind", plan.kind], ["Priority", plan.priority],
      plan.max_body_bytes ? ["Body", "up to " + bytes(plan.max_body_bytes)] : null, plan.security?.length ? ["Security", plan.security.join(", ")] : ["Security", "none"], r.count != null ? ["Requests", count(r.count) + ", " + count(r.errors) + " failed"] : null]),
    heading("What a request goes through"), h("ol", { class: "steps" }, steps.map(([kind, text]) => h("li", {}, h("span", { class: "muted" }, kind + " "), mono(text)))),
    heading("Inputs"), plan.inputs?.length ? h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, plan.inputs.map(input)))) : h("p", { class: "muted" }, "None."),
    heading("Answers"), plan.answers?.length ? h("ul", {}, plan.answers.map((a) => h("li", {}, badge(String(a.status), statusKind(a.status)), " ", mono([a.content_type, a.type].filter(Boolean).join(" "))))) : h("p", { class: "muted" }, "Not known."),
  ]);
}

// record shows one request.
function record(r) {
  const d = r.Detail ?? {}, took = duration(r.Took), latency = duration(r.Latency);
  open(route(r.Method, r.Route), [
    about([["Status", h("span", {}, badge(String(r.Status), statusKind(r.Status)), r.Refused ? " refused by the server" : "")], ["Took", time(took) + (took !== latency ? ", its head after " + time(latency) : "")],
      ["At", new Date(r.Start).toLocaleString()], ["Path", d.Path ? mono(d.Path) : ""], ["Client", d.Client], ["Request id", r.RequestID ? mono(r.RequestID) : ""], ["Error id", d.ErrorID ? mono(d.ErrorID) : ""],
      ["Protocol", "HTTP/" + r.Protocol + ", " + r.Kind], ["Core", String(r.Core)], ["Bytes", bytes(r.BytesIn) + " in, " + bytes(r.BytesOut) + " out"]]),
    heading("Where the time went"), waterfall(r), ...workOf(r.Work ?? {}),
    ...(d.Error ? [heading("Error"), h("pre", { class: "wrap" }, d.Error)] : []),
    ...(d.Stack ? [heading("Stack"), h("pre", {}, d.Stack)] : []),
    heading("As curl"), ...curl(r),
    heading("Its log lines"), logLines(r.RequestID),
  ]);
}

// logLines are those of a request, if the logger keeps them.
function logLines(id) {
  if (!id) return h("p", { class: "muted" }, "It has no id: the middleware RequestID gives one to each request, and every line of its log has it.");
  const e = h("div", {}, h("p", { class: "muted" }, "Looking for them."));
  ask("requests/id/" + encodeURIComponent(id) + "/logs").then((found) => {
    if (found.lines.length) return e.replaceChildren(h("pre", { class: "wrap", tabindex: "0", "aria-label": "log lines" }, found.lines.join("\n")));
    e.replaceChildren(h("p", { class: "muted" }, found.kept ? "The logger keeps none of them any more. " : "The logger keeps no lines: logs.Config.Keep lets it. ", "They have ", mono("request=" + id), ": look for that where the logs go."));
  }).catch((error) => e.replaceChildren(h("p", { class: "bad" }, error.message)));
  return e;
}

function waterfall(r) {
  const whole = Math.max(duration(r.Took), 1e-6);
  let from = 0;
  const rows = [["Queue", "queue", r.Queue], ["Input", "input", r.Input], ["Handler", "handler", r.Handler], ["Output", "output", r.Output]].map(([name, kind, text]) => {
    const part = { name, kind, at: from, took: duration(text) };
    from += part.took;
    return part;
  }).filter((p) => p.took > 0);
  const handler = rows.find((p) => p.kind === "handler");
  if (handler && duration(r.Pending) > 0) rows.splice(rows.indexOf(handler) + 1, 0, { name: "of it waiting", kind: "pending", at: handler.at + handler.took - duration(r.Pending), took: duration(r.Pending) });
  // What others did has no place in time, and may have been at the same time: it is as long as all of it, within the handler.
  const work = r.Work ?? {}, within = handler ?? { at: 0, took: whole };
  for (const [name, text] of [["SQL", work.QueryTime], ["Calls", work.CallTime]]) {
    if (duration(text) > 0) rows.splice(rows.findLastIndex((p) => ["handler", "pending", "work"].includes(p.kind)) + 1, 0, { name, kind: "work", at: within.at, took: duration(text), shown: Math.min(duration(text), within.took) });
  }
  if (whole - from > whole * .01) rows.push({ name: r.Kind === "whole" ? "Other" : "Sending", kind: r.Kind === "whole" ? "other" : "sending", at: from, took: whole - from });
  return h("div", { class: "fall" }, rows.flatMap((p) => {
    const bar = h("i", { class: p.kind });
    bar.style.left = Math.min(99.5, p.at / whole * 100) + "%";
    bar.style.width = Math.max(.5, Math.min(100, (p.shown ?? p.took) / whole * 100)) + "%";
    return [h("span", {}, p.name), h("div", { class: "track", role: "img", "aria-label": `${p.name}: ${time(p.took)}` }, bar), h("span", { class: "num" }, time(p.took))];
  }));
}

// workOf lists what databases, other services, caches and policies did for a request.
function workOf(w) {
  const some = (n, text) => (n ? count(n) + " " + text : "");
  const pairs = [
    ["Statements", w.Queries ? count(w.Queries) + " in " + time(duration(w.QueryTime)) : ""],
    ["Slowest", w.Slowest ? h("span", {}, mono(w.Slowest), " " + time(duration(w.SlowestTime))) : ""],
    ["Repeated", w.Repeated?.Count ? h("span", {}, badge(count(w.Repeated.Count) + " times", "warn"), " ", mono(w.Repeated.SQL), " at ", mono(w.Repeated.Site)) : ""],
    ["Calls", w.Calls ? count(w.Calls) + " in " + time(duration(w.CallTime)) : ""],
    ["Caches", [some(w.CacheHits, "hits"), some(w.CacheMisses, "misses"), some(w.CacheStale, "old values")].filter(Boolean).join(", ")],
    ["Policies", [some(w.Queued, "waited"), some(w.Limited, "limited"), some(w.Broken, "refused by a breaker"), some(w.Retries, "retries")].filter(Boolean).join(", ")],
  ];
  return pairs.some((p) => p[1] !== "") ? [heading("What others did for it"), about(pairs)] : [];
}

const quoted = (s) => "'" + s.replaceAll("'", "'\\''") + "'";

// command is what sends a request like r again, "" where too little of it is known.
function command(r) {
  const path = r.Detail?.Path || r.Route, url = state.snap.service.base + path;
  if (!path.startsWith("/") || r.Method === "_OTHER" || r.Kind === "socket") return "";
  const head = r.Method === "HEAD", body = !head && r.BytesIn > 0;
  const parts = ["curl", head ? "--head" : "-i"]; // with -X HEAD it would wait for a body
  if (body || !["GET", "HEAD"].includes(r.Method)) parts.push("-X", r.Method); // --data alone makes a POST of a GET
  if (/[[\]{}]/.test(url)) parts.push("--globoff");
  if (/\/(\.|%2e){1,2}(\/|$)/i.test(path)) parts.push("--path-as-is");
  if (body) parts.push("--data-binary", "@body");
  return [...parts, quoted(url)].join(" ");
}

function curl(r) {
  const line = command(r);
  if (!line) return [h("p", { class: "muted" }, r.Kind === "socket" ? "It was a WebSocket, which curl does not speak." : "Its path or its method is not known.")];
  const left = r.Detail?.Path ? "" : " Paths are kept of slow and failed requests only: this one is the pattern of the route.";
  const text = h("pre", { tabindex: "0", "aria-label": "curl command" }, line);
  const button = h("button", { type: "button", class: "quiet", click: async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      setText(button, "Copied");
    } catch {
      getSelection().selectAllChildren(text); // no clipboard without HTTPS: it can be copied by hand
      setText(button, "Selected");
    }
  } }, "Copy");
  return [text, h("p", { class: "tools" }, button, h("span", { class: "muted" }, "Query, header fields and body are not kept, and *** stands for what is sensitive." + left))];
}

// Tabs

const made = {};

function render() {
  const view = made[state.tab];
  if (!state.snap || !view) return;
  view.show(state.snap);
  if (view.often || view.load && !view.loaded) load(view);
}

async function load(view) {
  if (view.loading || !view.load) return;
  view.loading = true;
  try {
    await view.load();
    view.loaded = true;
    if (made[state.tab] === view && state.snap) view.show(state.snap);
  } catch {
    // the next snapshot asks again
  } finally {
    view.loading = false;
  }
}

function choose(tab, focus) {
  if (!views[tab]) tab = "overview";
  state.tab = tab;
  for (const name of Object.keys(views)) {
    const e = $("tab-" + name), own = name === tab;
    e.setAttribute("aria-selected", String(own));
    e.tabIndex = own ? 0 : -1;
    if (own && focus) e.focus();
    if (own) e.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (made[name]) made[name].panel.hidden = !own;
  }
  if (!made[tab]) {
    made[tab] = views[tab].make();
    made[tab].panel = h("div", { role: "tabpanel", "aria-labelledby": "tab-" + tab, id: "panel-" + tab }, made[tab].e);
    $("main").append(made[tab].panel);
  }
  if (location.hash !== "#" + tab) history.replaceState(null, "", "#" + tab);
  render();
}

const names = Object.keys(views);
$("tabs").append(...names.map((name, i) => h("button", {
  type: "button", role: "tab", id: "tab-" + name, "aria-controls": "panel-" + name, click: () => choose(name),
  keydown: (e) => {
    const to = { ArrowRight: (i + 1) % names.length, ArrowLeft: (i + names.length - 1) % names.length, Home: 0, End: names.length - 1 }[e.key];
    if (to == null) return;
    e.preventDefault();
    choose(names[to], true);
  },
}, views[name].title, h("span", { class: "count" }))));

addEventListener("hashchange", () => choose(location.hash.slice(1)));
choose(location.hash.slice(1) || "overview");
connect();
