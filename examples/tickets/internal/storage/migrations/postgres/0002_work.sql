-- What is done about a ticket. action is JSON, one of several kinds.
CREATE TABLE actions (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	ticket BIGINT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
	by BIGINT NOT NULL REFERENCES users (id),
	at TIMESTAMPTZ NOT NULL,
	internal BOOLEAN NOT NULL, -- for agents only
	action JSONB NOT NULL
);
CREATE INDEX actions_ticket ON actions (ticket, id);

CREATE TABLE attachments (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	ticket BIGINT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
	by BIGINT NOT NULL REFERENCES users (id),
	at TIMESTAMPTZ NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	size BIGINT NOT NULL,
	sha256 TEXT NOT NULL,
	content BYTEA NOT NULL
);
CREATE INDEX attachments_ticket ON attachments (ticket, id);

-- What has happened, for those who follow it. Events outlive their tickets.
CREATE TABLE events (
	id BIGINT PRIMARY KEY,
	kind TEXT NOT NULL,
	ticket BIGINT NOT NULL,
	requester BIGINT NOT NULL, -- of the ticket
	by BIGINT NOT NULL,
	at TIMESTAMPTZ NOT NULL,
	internal BOOLEAN NOT NULL
);

-- The number of the last event. Whoever adds one holds this row until the transaction ends, so events are committed in the order of
-- their numbers: a reader that has seen one has seen all before it.
CREATE TABLE event_counter (last BIGINT NOT NULL);
INSERT INTO event_counter VALUES (0);

-- Other processes hear of new events, when they are committed.
CREATE FUNCTION tell_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('events', '');
	RETURN NULL;
END $$;
CREATE TRIGGER tell_of_events AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION tell_of_events();
