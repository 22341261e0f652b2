-- Bellfounder graph, migration 1. ${schema} is replaced by the schema's name.
CREATE TABLE ${schema}.migration (
  n    integer PRIMARY KEY,
  name text NOT NULL,
  at   timestamptz NOT NULL DEFAULT now()
);

-- Who claims a tenant's runs locks its row, counts what runs, and only then takes more. So no limit is passed, and no count
-- can drift; what ends or hands back a run touches no shared row.
CREATE TABLE ${schema}.tenant (
  id          text PRIMARY KEY CHECK (id <> ''),
  running_max integer NOT NULL DEFAULT 100 CHECK (running_max >= 0),
  -- A bucket that holds rate_max tokens and fills within rate_ms; the first claim of a run takes one.
  rate_max    integer CHECK (rate_max > 0),
  rate_ms     bigint CHECK (rate_ms > 0),
  tokens      double precision NOT NULL DEFAULT 0,
  tokens_at   timestamptz NOT NULL DEFAULT now(),
  -- Whose turn it is: among tenants with as many running, the one served longest ago.
  served_at   timestamptz NOT NULL DEFAULT '-infinity',
  CHECK ((rate_max IS NULL) = (rate_ms IS NULL))
) WITH (fillfactor = 60);

-- Limits of a part of a tenant's runs, under a key of the tenant's choice. Guarded by the tenant's row.
CREATE TABLE ${schema}.lane (
  tenant      text NOT NULL REFERENCES ${schema}.tenant,
  id          text NOT NULL CHECK (id <> ''),
  running_max integer CHECK (running_max >= 0),
  rate_max    integer CHECK (rate_max > 0),
  rate_ms     bigint CHECK (rate_ms > 0),
  tokens      double precision NOT NULL DEFAULT 0,
  tokens_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, id),
  CHECK ((rate_max IS NULL) = (rate_ms IS NULL))
) WITH (fillfactor = 60);

-- One row per thread, locked when runs of it start and end.
CREATE TABLE ${schema}.thread (
  tenant   text NOT NULL,
  id       text NOT NULL,
  last_run uuid,
  PRIMARY KEY (tenant, id)
);

CREATE TABLE ${schema}.run (
  id               uuid PRIMARY KEY,
  tenant           text NOT NULL REFERENCES ${schema}.tenant,
  thread           text,
  -- What carries it: 'postgres' is the workers of this library.
  driver           text NOT NULL DEFAULT 'postgres',
  graph            text NOT NULL,
  spec_hash        text NOT NULL,
  start_key        text,
  request_hash     text NOT NULL,
  input            json NOT NULL,
  lane             text NOT NULL DEFAULT '',
  priority         smallint NOT NULL DEFAULT 0,
  status           text NOT NULL CHECK (status IN ('queued', 'running', 'waiting', 'paused',
                     'completed', 'failed', 'cancelled', 'dead', 'parked')),
  -- Behind another run of its thread.
  blocked          boolean NOT NULL DEFAULT false,
  -- Not before available_at; a worker takes the mark off then.
  delayed          boolean NOT NULL DEFAULT false,
  -- Never claimed yet: only its first claim counts for a rate.
  fresh            boolean NOT NULL DEFAULT true,
  -- The order of claiming: older first, each point of priority counts as a minute of age.
  queue_at         timestamptz NOT NULL,
  available_at     timestamptz NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  ended_at         timestamptz,
  owner            text,
  epoch            bigint NOT NULL DEFAULT 0,
  lease_until      timestamptz,
  takeovers        integer NOT NULL DEFAULT 0,
  cancel_requested boolean NOT NULL DEFAULT false,
  -- Why: asked for, or because of the next run of its thread, which begins with its state or without.
  cancel_as        text CHECK (cancel_as IN ('asked', 'interrupted', 'rolled_back')),
  pause_requested  boolean NOT NULL DEFAULT false,
  checkpoint       bigint NOT NULL DEFAULT 0,
  step             bigint NOT NULL DEFAULT 0,
  seq              bigint NOT NULL DEFAULT 0,
  error_code       text,
  error_message    text,
  UNIQUE (tenant, start_key),
  CHECK ((status = 'running') = (lease_until IS NOT NULL)),
  CHECK ((status = 'running') = (owner IS NOT NULL)),
  CHECK ((status IN ('completed', 'failed', 'cancelled')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 60);

-- What can be claimed; its first columns tell apart the queues, whose heads are found by skipping from one to the next.
CREATE INDEX run_queued ON ${schema}.run (driver, spec_hash, tenant, lane, fresh, queue_at)
  WHERE status = 'queued' AND NOT blocked AND NOT delayed;
-- For counting and for the sweep. Without lease_until, so that a heartbeat changes no index.
CREATE INDEX run_running ON ${schema}.run (tenant, lane) WHERE status = 'running';
CREATE INDEX run_delayed ON ${schema}.run (available_at) WHERE status = 'queued' AND delayed;
CREATE INDEX run_thread ON ${schema}.run (tenant, thread, created_at) WHERE thread IS NOT NULL;
CREATE INDEX run_cancel ON ${schema}.run (id) WHERE cancel_requested AND ended_at IS NULL;
CREATE UNIQUE INDEX run_one_per_thread ON ${schema}.run (tenant, thread)
  WHERE thread IS NOT NULL AND NOT blocked AND NOT delayed AND ended_at IS NULL;

CREATE TABLE ${schema}.checkpoint (
  run      uuid NOT NULL REFERENCES ${schema}.run ON DELETE CASCADE,
  n        bigint NOT NULL,
  step     bigint NOT NULL,
  control  json NOT NULL,
  snapshot json,
  at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, n)
);

CREATE TABLE ${schema}.channel_delta (
  run     uuid NOT NULL REFERENCES ${schema}.run ON DELETE CASCADE,
  n       bigint NOT NULL,
  ordinal integer NOT NULL,
  frame   text NOT NULL,
  channel text NOT NULL,
  whole   boolean NOT NULL,
  value   json NOT NULL,
  PRIMARY KEY (run, n, ordinal)
);

-- Results of finished siblings (effect = '') and what runs at most once (effect = its name).
CREATE TABLE ${schema}.task (
  run    uuid NOT NULL REFERENCES ${schema}.run ON DELETE CASCADE,
  path   text NOT NULL,
  effect text NOT NULL,
  epoch  bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('intent', 'done')),
  result json,
  -- What a finished sibling told, for the step's commit: its data as text, so that it is kept as it is.
  events json,
  PRIMARY KEY (run, path, effect)
);

CREATE TABLE ${schema}.interrupt (
  id          uuid PRIMARY KEY,
  run         uuid NOT NULL REFERENCES ${schema}.run ON DELETE CASCADE,
  key         text NOT NULL,
  n           bigint NOT NULL,
  node        text NOT NULL,
  payload     json NOT NULL,
  status      text NOT NULL CHECK (status IN ('pending', 'answered', 'void')),
  answer      json,
  CHECK ((status = 'answered') = (answer IS NOT NULL))
);
CREATE INDEX interrupt_run ON ${schema}.interrupt (run, n);

CREATE TABLE ${schema}.event (
  run  uuid NOT NULL REFERENCES ${schema}.run ON DELETE CASCADE,
  seq  bigint NOT NULL,
  kind text NOT NULL,
  data json NOT NULL,
  at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, seq)
);

-- Text as it is being written, for readers of the present. It belongs to the step after event number after, counts only for
-- the run's epoch, and goes when the step is committed. Without a reference to the run, whose row it would lock; a sweep cleans up.
CREATE TABLE ${schema}.token (
  id      bigint GENERATED ALWAYS AS IDENTITY,
  run     uuid NOT NULL,
  after   bigint NOT NULL,
  epoch   bigint NOT NULL,
  message text NOT NULL,
  attempt integer NOT NULL,
  -- The first one's number within message and attempt, from 1.
  n       bigint NOT NULL,
  texts   json NOT NULL,
  at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, id)
);

CREATE TABLE ${schema}.schedule (
  tenant       text NOT NULL REFERENCES ${schema}.tenant,
  id           text NOT NULL CHECK (id <> ''),
  driver       text NOT NULL,
  graph        text NOT NULL,
  spec_hash    text NOT NULL,
  input        json NOT NULL,
  thread       text,
  policy       text NOT NULL,
  lane         text NOT NULL,
  priority     smallint NOT NULL,
  cron         text NOT NULL,
  zone         text NOT NULL,
  missed       text NOT NULL,
  time_channel text,
  next_at      timestamptz NOT NULL,
  last_at      timestamptz,
  paused       boolean NOT NULL DEFAULT false,
  -- Why it cannot be followed; it is paused then.
  problem      text,
  PRIMARY KEY (tenant, id),
  CHECK (problem IS NULL OR paused)
);
CREATE INDEX schedule_due ON ${schema}.schedule (next_at) WHERE NOT paused;

-- Who is there and what it knows; only for people, nothing is decided by it.
CREATE TABLE ${schema}.worker (
  id          uuid PRIMARY KEY,
  name        text NOT NULL,
  spec_hashes text[] NOT NULL,
  running     integer NOT NULL,
  running_max integer NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT now(),
  expected_by timestamptz NOT NULL
) WITH (fillfactor = 60);
