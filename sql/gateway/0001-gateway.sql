-- The gateway's own schema: what it must remember over a restart. Holds no secret and no share: whoever owns all of it
-- can make people wait for a sign-in, and make a request with a known idempotency key be carried out again, within what
-- its sender may do.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waas_web') THEN
    CREATE ROLE waas_web NOLOGIN;
  END IF;
END
$$;

CREATE SCHEMA waas_gateway;
REVOKE ALL ON SCHEMA waas_gateway FROM PUBLIC;
GRANT USAGE ON SCHEMA waas_gateway TO waas_web;

-- Applied migrations of this folder; see sql/README.md.
CREATE TABLE waas_gateway.migrations (
  number integer PRIMARY KEY CHECK (number > 0),
  name text NOT NULL,
  checksum bytea NOT NULL CHECK (octet_length(checksum) = 32),
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each idempotency key of a user on a route. While `status` is null somebody works on it; the answer is kept
-- as it was given.
CREATE TABLE waas_gateway.idempotency (
  user_id bytea NOT NULL CHECK (octet_length(user_id) = 16),
  route text NOT NULL CHECK (length(route) BETWEEN 1 AND 64),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
  fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
  attempt bytea NOT NULL CHECK (octet_length(attempt) = 16),
  held_until timestamptz,
  status smallint CHECK (status BETWEEN 200 AND 599),
  content_type text,
  body bytea CHECK (octet_length(body) <= 1048576),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, route, key),
  CHECK ((status IS NULL) = (held_until IS NOT NULL)),
  CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX idempotency_expiry ON waas_gateway.idempotency (expires_at);

-- Attempts to sign in or up, by hash of an address, an account, or both: how many of an allowance are used, and when
-- that was counted.
CREATE TABLE waas_gateway.attempts (
  subject bytea PRIMARY KEY CHECK (octet_length(subject) = 32),
  used double precision NOT NULL CHECK (used >= 0),
  counted_at timestamptz NOT NULL,
  granted boolean NOT NULL
);
CREATE INDEX attempts_age ON waas_gateway.attempts (counted_at);

-- Accounts that were signed in to from an address, as a hash of both.
CREATE TABLE waas_gateway.familiar (
  subject bytea PRIMARY KEY CHECK (octet_length(subject) = 32),
  seen_at timestamptz NOT NULL
);
CREATE INDEX familiar_age ON waas_gateway.familiar (seen_at);

-- How many attempts are used now, when `used` were at a time and one comes back each `refill` milliseconds.
CREATE FUNCTION waas_gateway.used_now(used double precision, counted_at timestamptz, refill bigint)
RETURNS double precision LANGUAGE sql VOLATILE
RETURN greatest(0, used - greatest(0, extract(epoch FROM clock_timestamp() - counted_at)) * 1000 / greatest(refill, 1));
REVOKE ALL ON FUNCTION waas_gateway.used_now FROM PUBLIC;

GRANT SELECT, INSERT, UPDATE, DELETE ON waas_gateway.idempotency, waas_gateway.attempts, waas_gateway.familiar TO waas_web;
GRANT EXECUTE ON FUNCTION waas_gateway.used_now TO waas_web;
