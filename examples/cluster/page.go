package main

// page shows who answers, and what happens in all instances.
const page = `<!doctype html>
<meta charset="utf-8">
<title>Cluster</title>
<style>body{font:16px system-ui;max-width:40rem;margin:2rem auto} b{font-size:2rem} li.gap{color:#b00}</style>
<p>This answer comes from <b id="who">…</b> <span id="more"></span></p>
<p><button id="order">Order</button> <span id="said"></span></p>
<ul id="events"></ul>
<script>
const show = async () => {
	try {
		const who = await (await fetch("/whoami")).json()
		document.getElementById("who").textContent = who.instance
		document.getElementById("more").textContent = "pid " + who.pid + (who.leader ? ", the leader" : "") + ", " + who.orders + " orders"
	} catch { document.getElementById("who").textContent = "nobody" }
}
setInterval(show, 1000); show()
const line = (text, kind) => {
	const li = document.createElement("li"); li.textContent = text; li.className = kind || ""
	const list = document.getElementById("events"); list.prepend(li)
	while (list.children.length > 20) list.lastChild.remove()
}
const follow = () => {
	const events = new EventSource("/events")
	events.onmessage = e => { const news = JSON.parse(e.data); line(news.instance + ": " + news.text) }
	events.addEventListener("gap", () => line("something is missing here", "gap"))
	events.onerror = () => { if (events.readyState === EventSource.CLOSED) setTimeout(follow, 1000) } // an answer that is none, as while nobody is there
}
follow()
document.getElementById("order").onclick = async () => {
	const key = crypto.randomUUID() // one for each order: it may be sent as often as it takes
	for (let i = 0; i < 10; i++) {
		const r = await fetch("/user/7/orders", {method: "POST", headers: {"Idempotency-Key": '"' + key + '"', "Content-Type": "application/json"}, body: '{"product":2}'}).catch(() => null)
		if (r && r.ok) { document.getElementById("said").textContent = "order " + (await r.json()).id; return }
		await new Promise(f => setTimeout(f, 500))
	}
}
</script>
`
