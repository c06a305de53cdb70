CREATE TABLE users (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	email TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	phone TEXT,
	role TEXT NOT NULL CHECK (role IN ('customer', 'agent', 'admin')),
	active BOOLEAN NOT NULL DEFAULT TRUE,
	password TEXT NOT NULL,
	epoch BIGINT NOT NULL DEFAULT 1, -- tokens of earlier epochs are void
	created TIMESTAMPTZ NOT NULL
);

CREATE TABLE tickets (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	requester BIGINT NOT NULL REFERENCES users (id),
	assignee BIGINT REFERENCES users (id),
	title TEXT NOT NULL,
	text TEXT NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('open', 'pending', 'solved', 'closed')),
	priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
	rank INTEGER NOT NULL GENERATED ALWAYS AS (
		CASE priority WHEN 'low' THEN 1 WHEN 'normal' THEN 2 WHEN 'high' THEN 3 ELSE 4 END) STORED,
	due TIMESTAMPTZ,
	version BIGINT NOT NULL DEFAULT 1,
	created TIMESTAMPTZ NOT NULL,
	updated TIMESTAMPTZ NOT NULL
);
CREATE INDEX tickets_requester ON tickets (requester);
CREATE INDEX tickets_updated ON tickets (updated, id);
CREATE INDEX tickets_rank ON tickets (rank, id);

CREATE TABLE audit (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at TIMESTAMPTZ NOT NULL,
	actor BIGINT NOT NULL REFERENCES users (id),
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	details JSONB NOT NULL,
	request TEXT NOT NULL
);
