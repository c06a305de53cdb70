-- What is done about a ticket. action is JSON, one of several kinds.
CREATE TABLE actions (
	id INTEGER PRIMARY KEY,
	ticket INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
	by INTEGER NOT NULL REFERENCES users (id),
	at TIMESTAMP NOT NULL,
	internal BOOLEAN NOT NULL, -- for agents only
	action TEXT NOT NULL
);
CREATE INDEX actions_ticket ON actions (ticket, id);

CREATE TABLE attachments (
	id INTEGER PRIMARY KEY,
	ticket INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
	by INTEGER NOT NULL REFERENCES users (id),
	at TIMESTAMP NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	size INTEGER NOT NULL,
	sha256 TEXT NOT NULL,
	content BLOB NOT NULL
);
CREATE INDEX attachments_ticket ON attachments (ticket, id);

-- What has happened, for those who follow it. Events outlive their tickets.
CREATE TABLE events (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	ticket INTEGER NOT NULL,
	requester INTEGER NOT NULL, -- of the ticket
	by INTEGER NOT NULL,
	at TIMESTAMP NOT NULL,
	internal BOOLEAN NOT NULL
);

-- The number of the last event. Whoever adds one holds this row until the transaction ends, so events are committed in the order of
-- their numbers: a reader that has seen one has seen all before it.
CREATE TABLE event_counter (last INTEGER NOT NULL);
INSERT INTO event_counter VALUES (0);
