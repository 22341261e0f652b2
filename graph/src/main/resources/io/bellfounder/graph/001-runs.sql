-- Bellfounder graph, migration 1. ${schema} is replaced by the schema's name.
CREATE TABLE ${schema}.migration (
  n    integer PRIMARY KEY,
  name text NOT NULL,
  at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ${schema}.tenant (
  id          text PRIMARY KEY,
  running_max integer NOT NULL DEFAULT 100 CHECK (running_max >= 0),
  running     integer NOT NULL DEFAULT 0 CHECK (running >= 0)
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
  priority         smallint NOT NULL DEFAULT 0,
  status           text NOT NULL CHECK (status IN ('queued', 'running', 'waiting', 'paused',
                     'completed', 'failed', 'cancelled', 'dead', 'parked')),
  -- Behind another run of its thread.
  blocked          boolean NOT NULL DEFAULT false,
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

CREATE INDEX run_queued ON ${schema}.run (tenant, driver, queue_at)
  WHERE status = 'queued' AND NOT blocked;
CREATE INDEX run_leased ON ${schema}.run (lease_until) WHERE status = 'running';
CREATE INDEX run_thread ON ${schema}.run (tenant, thread, created_at) WHERE thread IS NOT NULL;
CREATE INDEX run_cancel ON ${schema}.run (id) WHERE cancel_requested AND ended_at IS NULL;
CREATE UNIQUE INDEX run_one_per_thread ON ${schema}.run (tenant, thread)
  WHERE thread IS NOT NULL AND NOT blocked AND ended_at IS NULL;

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
