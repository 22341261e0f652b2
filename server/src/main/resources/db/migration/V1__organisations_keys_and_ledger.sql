-- Every tenant table has row-level security, forced. The application's role owns nothing and names its organisation once
-- per transaction: SELECT set_config('app.organisation', '…', true). A transaction that forgets sees no row.

CREATE FUNCTION current_organisation() RETURNS uuid LANGUAGE sql STABLE
  RETURN NULLIF(current_setting('app.organisation', true), '')::uuid;

-- The hash of a secret that somebody presents before it is known where they belong: it opens the one row that holds it.
CREATE FUNCTION presented_hash() RETURNS bytea LANGUAGE sql STABLE
  RETURN decode(NULLIF(current_setting('app.presented_hash', true), ''), 'hex');

CREATE FUNCTION presented_email() RETURNS text LANGUAGE sql STABLE
  RETURN NULLIF(current_setting('app.presented_email', true), '');

-- What a transaction does for all organisations at once, such as the gateway's reading of keys.
CREATE FUNCTION current_task() RETURNS text LANGUAGE sql STABLE
  RETURN NULLIF(current_setting('app.task', true), '');

-- Identity ------------------------------------------------------------------------------------------------------------

CREATE TABLE organisation (
  id         uuid PRIMARY KEY,
  name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE member (
  id              uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  email           text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email)),
  name            text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  role            text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'billing')),
  password_hash   text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organisation_id, email)
);
CREATE INDEX member_by_email ON member (email);

CREATE TABLE sign_in_link (
  id              uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  member_id       uuid NOT NULL REFERENCES member ON DELETE CASCADE,
  token_hash      bytea NOT NULL UNIQUE,
  created_at      timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  used_at         timestamptz
);

CREATE TABLE session (
  id              uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  member_id       uuid NOT NULL REFERENCES member ON DELETE CASCADE,
  token_hash      bytea NOT NULL UNIQUE,
  created_at      timestamptz NOT NULL,
  seen_at         timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  ends_at         timestamptz NOT NULL
);
CREATE INDEX session_of_member ON session (member_id);

-- Keys ----------------------------------------------------------------------------------------------------------------

CREATE TABLE api_key (
  id              uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  member_id       uuid REFERENCES member ON DELETE SET NULL,
  created_by      uuid REFERENCES member ON DELETE SET NULL,
  name            text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  prefix          text NOT NULL,
  secret_hmac     bytea NOT NULL UNIQUE CHECK (octet_length(secret_hmac) = 32),
  created_at      timestamptz NOT NULL,
  expires_at      timestamptz,
  revoked_at      timestamptz,
  last_used_at    timestamptz
);
CREATE INDEX api_key_newest ON api_key (organisation_id, created_at DESC, id DESC);

-- A number that grows with every change that other nodes must hear of. The notification is only a hint.
CREATE TABLE revision (
  subject text PRIMARY KEY,
  value   bigint NOT NULL
);
INSERT INTO revision VALUES ('keys', 1), ('config', 1);

CREATE FUNCTION keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE revision SET value = value + 1 WHERE subject = 'keys';
  PERFORM pg_notify('bell_keys', '');
  RETURN NULL;
END $$;

-- Not for last_used_at, which changes all the time and concerns nobody else.
CREATE TRIGGER keys_changed
  AFTER INSERT OR DELETE OR UPDATE OF name, member_id, secret_hmac, expires_at, revoked_at ON api_key
  FOR EACH STATEMENT EXECUTE FUNCTION keys_changed();

CREATE TRIGGER keys_changed AFTER UPDATE OF name ON member FOR EACH STATEMENT EXECUTE FUNCTION keys_changed();

-- The ledger ----------------------------------------------------------------------------------------------------------

-- Prices that calls were settled with. Public facts, so not by tenant.
CREATE TABLE price_version (
  version              text PRIMARY KEY,
  known                boolean NOT NULL,
  source               text,
  effective_from       timestamptz,
  input_pico           bigint NOT NULL,
  cache_write_5m_pico  bigint NOT NULL,
  cache_write_1h_pico  bigint NOT NULL,
  cache_read_pico      bigint NOT NULL,
  output_pico          bigint NOT NULL,
  first_used_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE call (
  id                     uuid NOT NULL,
  organisation_id        uuid NOT NULL,
  opened_at              timestamptz NOT NULL,
  settled_at             timestamptz NOT NULL,
  node                   text NOT NULL,
  key_id                 uuid NOT NULL,
  member_id              uuid,
  dialect                text NOT NULL,
  operation              text NOT NULL,
  requested_model        text NOT NULL,
  route                  text,
  provider               text,
  target_model           text,
  streaming              boolean NOT NULL,
  outcome                text NOT NULL,
  status                 int,
  error_type             text,
  input_tokens           bigint,
  cache_write_5m_tokens  bigint,
  cache_write_1h_tokens  bigint,
  cache_read_tokens      bigint,
  output_tokens          bigint,
  estimated              boolean NOT NULL,
  raw_usage              text,
  price_version          text,
  price_known            boolean,
  input_pico             bigint,
  cache_write_5m_pico    bigint,
  cache_write_1h_pico    bigint,
  cache_read_pico        bigint,
  output_pico            bigint,
  cost_pico              bigint NOT NULL,
  ttfb_millis            bigint,
  duration_millis        bigint NOT NULL,
  request_bytes          bigint NOT NULL,
  response_bytes         bigint NOT NULL,
  attempt_count          int NOT NULL,
  session_id             text,
  agent_id               text,
  parent_agent_id        text,
  user_agent             text,
  client_request_id      text,
  PRIMARY KEY (id, opened_at)
) PARTITION BY RANGE (opened_at);
CREATE INDEX call_newest ON call (organisation_id, opened_at DESC, id DESC);
CREATE INDEX call_of_key ON call (organisation_id, key_id, opened_at DESC, id DESC);
CREATE INDEX call_of_session ON call (organisation_id, session_id, opened_at DESC, id DESC) WHERE session_id IS NOT NULL;


CREATE TABLE attempt (
  organisation_id     uuid NOT NULL,
  call_id             uuid NOT NULL,
  call_opened_at      timestamptz NOT NULL,
  ordinal             int NOT NULL,
  provider            text NOT NULL,
  model               text NOT NULL,
  started_at          timestamptz NOT NULL,
  outcome             text NOT NULL,
  status              int,
  provider_request_id text,
  ttfb_millis         bigint,
  duration_millis     bigint NOT NULL,
  detail              text,
  PRIMARY KEY (call_id, call_opened_at, ordinal)
) PARTITION BY RANGE (call_opened_at);
CREATE INDEX attempt_newest ON attempt (organisation_id, call_opened_at DESC);

-- What the pages read instead of the calls: sums per quarter of an hour, because offsets from UTC are whole quarters and
-- so days add up in every time zone. Written in the transaction that inserts the calls.
CREATE TABLE call_rollup (
  organisation_id        uuid NOT NULL,
  slot                   timestamptz NOT NULL,
  key_id                 uuid NOT NULL,
  member_id              uuid,
  requested_model        text NOT NULL,
  provider               text,
  outcome                text NOT NULL,
  calls                  bigint NOT NULL,
  errors                 bigint NOT NULL,
  estimated_calls        bigint NOT NULL,
  unpriced_calls         bigint NOT NULL,
  input_tokens           numeric NOT NULL,
  cache_write_5m_tokens  numeric NOT NULL,
  cache_write_1h_tokens  numeric NOT NULL,
  cache_read_tokens      numeric NOT NULL,
  output_tokens          numeric NOT NULL,
  cost_pico              numeric NOT NULL,
  cache_cost_pico        numeric NOT NULL,
  ttfb                   bigint[] NOT NULL,
  UNIQUE NULLS NOT DISTINCT (organisation_id, slot, key_id, member_id, requested_model, provider, outcome)
);

CREATE FUNCTION add_counts(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE
  RETURN (SELECT array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY i)
          FROM unnest(a, b) WITH ORDINALITY AS pair (x, y, i));

-- One agent's share of a coding session; the main agent has no agent_id.
CREATE TABLE session_agent (
  organisation_id    uuid NOT NULL,
  session_id         text NOT NULL,
  agent_id           text,
  parent_agent_id    text,
  first_call_at      timestamptz NOT NULL,
  last_call_at       timestamptz NOT NULL,
  calls              bigint NOT NULL,
  errors             bigint NOT NULL,
  input_tokens       numeric NOT NULL,
  cache_read_tokens  numeric NOT NULL,
  output_tokens      numeric NOT NULL,
  cost_pico          numeric NOT NULL,
  UNIQUE NULLS NOT DISTINCT (organisation_id, session_id, agent_id)
);

CREATE TABLE coding_session (
  organisation_id    uuid NOT NULL,
  session_id         text NOT NULL,
  key_id             uuid NOT NULL,
  first_call_at      timestamptz NOT NULL,
  last_call_at       timestamptz NOT NULL,
  calls              bigint NOT NULL,
  errors             bigint NOT NULL,
  input_tokens       numeric NOT NULL,
  cache_read_tokens  numeric NOT NULL,
  output_tokens      numeric NOT NULL,
  cost_pico          numeric NOT NULL,
  models             text[] NOT NULL,
  PRIMARY KEY (organisation_id, session_id)
);
CREATE INDEX coding_session_newest ON coding_session (organisation_id, last_call_at DESC, session_id DESC);

-- Who did what --------------------------------------------------------------------------------------------------------

CREATE TABLE audit_record (
  organisation_id uuid NOT NULL REFERENCES organisation,
  sequence        bigint NOT NULL,
  at              timestamptz NOT NULL,
  actor_kind      text NOT NULL,
  actor_id        text,
  action          text NOT NULL,
  subject         text NOT NULL,
  detail          text NOT NULL,
  previous_hash   bytea NOT NULL,
  hash            bytea NOT NULL,
  PRIMARY KEY (organisation_id, sequence)
);
REVOKE UPDATE, DELETE, TRUNCATE ON audit_record FROM "${appRole}";

CREATE TABLE idempotency_record (
  organisation_id uuid NOT NULL REFERENCES organisation,
  member_id       uuid NOT NULL REFERENCES member ON DELETE CASCADE,
  key             text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
  request_hash    bytea NOT NULL,
  status          int,
  answer          bytea,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, member_id, key)
);
CREATE INDEX idempotency_record_age ON idempotency_record (organisation_id, created_at);

-- The first organisation, on every installation the same, renamed by its owner later.
INSERT INTO organisation (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'Default organisation');
INSERT INTO member (id, organisation_id, email, name, role)
  VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001',
          'admin@localhost', 'Administrator', 'owner');

-- Row-level security --------------------------------------------------------------------------------------------------

ALTER TABLE organisation ENABLE ROW LEVEL SECURITY;
ALTER TABLE organisation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organisation USING (id = current_organisation());

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['member', 'sign_in_link', 'session', 'api_key', 'call', 'attempt', 'call_rollup',
      'session_agent', 'coding_session', 'audit_record', 'idempotency_record'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (organisation_id = current_organisation())', t);
  END LOOP;
END $$;

-- The bearer of a secret may find the row that holds its hash, and nothing else, before its organisation is known.
CREATE POLICY bearer ON session FOR SELECT USING (token_hash = presented_hash());
CREATE POLICY bearer ON sign_in_link FOR SELECT USING (token_hash = presented_hash());
CREATE POLICY bearer ON member FOR SELECT USING (email = presented_email());
-- The gateway checks the keys of all organisations.
CREATE POLICY gateway ON api_key FOR SELECT USING (current_task() = 'key directory');
CREATE POLICY gateway ON member FOR SELECT USING (current_task() = 'key directory');

-- Partitions ----------------------------------------------------------------------------------------------------------

-- The application owns nothing, so it asks the owner for the partitions of the months to come. A partition grants nothing
-- to anybody: it is reached through its parent, whose policies hold.
CREATE FUNCTION prepare_partitions(from_month date, months int) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  parent text;
  starts date;
  part text;
BEGIN
  IF months NOT BETWEEN 1 AND 24 THEN
    RAISE EXCEPTION 'months must be 1 to 24';
  END IF;
  PERFORM pg_advisory_xact_lock(4740021);
  FOREACH parent IN ARRAY ARRAY['call', 'attempt'] LOOP
    FOR n IN 0 .. months - 1 LOOP
      starts := (date_trunc('month', from_month::timestamp) + make_interval(months => n))::date;
      part := parent || '_' || to_char(starts, 'YYYY_MM');
      IF to_regclass('public.' || part) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)', part, parent,
          starts::timestamp AT TIME ZONE 'UTC', (starts + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        PERFORM seal_partition(part);
      END IF;
    END LOOP;
  END LOOP;
END $$;

CREATE FUNCTION seal_partition(part text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
  EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
  EXECUTE format('REVOKE ALL ON public.%I FROM "${appRole}"', part);
END $$;

-- For records of a clock that is far off: nothing is lost, it is only slower to find.
CREATE TABLE call_default PARTITION OF call DEFAULT;
CREATE TABLE attempt_default PARTITION OF attempt DEFAULT;
SELECT seal_partition('call_default'), seal_partition('attempt_default');
SELECT prepare_partitions((date_trunc('month', now()) - interval '1 month')::date, 6);

REVOKE EXECUTE ON FUNCTION prepare_partitions(date, int), seal_partition(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_partitions(date, int) TO "${appRole}";
REVOKE ALL ON revision FROM "${appRole}";
GRANT SELECT, UPDATE ON revision TO "${appRole}";
REVOKE UPDATE, DELETE ON price_version FROM "${appRole}";
REVOKE INSERT, DELETE ON organisation FROM "${appRole}";
REVOKE ALL ON flyway_schema_history FROM "${appRole}";
