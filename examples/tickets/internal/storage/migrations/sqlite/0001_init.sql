CREATE TABLE users (
	id INTEGER PRIMARY KEY,
	email TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	phone TEXT,
	role TEXT NOT NULL CHECK (role IN ('customer', 'agent', 'admin')),
	active BOOLEAN NOT NULL DEFAULT TRUE,
	password TEXT NOT NULL,
	epoch INTEGER NOT NULL DEFAULT 1, -- tokens of earlier epochs are void
	created TIMESTAMP NOT NULL
);

CREATE TABLE tickets (
	id INTEGER PRIMARY KEY,
	requester INTEGER NOT NULL REFERENCES users (id),
	assignee INTEGER REFERENCES users (id),
	title TEXT NOT NULL,
	text TEXT NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('open', 'pending', 'solved', 'closed')),
	priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
	rank INTEGER NOT NULL GENERATED ALWAYS AS (
		CASE priority WHEN 'low' THEN 1 WHEN 'normal' THEN 2 WHEN 'high' THEN 3 ELSE 4 END) STORED,
	due TIMESTAMP,
	version INTEGER NOT NULL DEFAULT 1,
	created TIMESTAMP NOT NULL,
	updated TIMESTAMP NOT NULL
);
CREATE INDEX tickets_requester ON tickets (requester);
CREATE INDEX tickets_updated ON tickets (updated, id);
CREATE INDEX tickets_rank ON tickets (rank, id);

CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
	at TIMESTAMP NOT NULL,
	actor INTEGER NOT NULL REFERENCES users (id),
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	details TEXT NOT NULL, -- JSON
	request TEXT NOT NULL
);
