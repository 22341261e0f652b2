-- Bellfounder graph, migration 2: state on disk, and time.

-- Stored JSON says by which format it is to be read. 1 is plain; 2 may hold references to blobs.
ALTER TABLE ${schema}.channel_delta ADD COLUMN format smallint NOT NULL DEFAULT 1;
ALTER TABLE ${schema}.task ADD COLUMN format smallint NOT NULL DEFAULT 1;
ALTER TABLE ${schema}.event ADD COLUMN format smallint NOT NULL DEFAULT 1;
ALTER TABLE ${schema}.checkpoint
  ADD COLUMN format smallint NOT NULL DEFAULT 1,
  -- What the tasks gave that led here, where it does not follow from the deltas alone.
  ADD COLUMN results json,
  -- Where a run came to another spec: the one that its checkpoints before this have.
  ADD COLUMN spec_before text;
CREATE INDEX checkpoint_snapshot ON ${schema}.checkpoint (run, n) WHERE snapshot IS NOT NULL;

ALTER TABLE ${schema}.run
  -- The run and checkpoint that a fork began with; that run may be gone by now.
  ADD COLUMN forked_from uuid,
  ADD COLUMN forked_at bigint,
  -- Up to these numbers, checkpoints and events have been pruned.
  ADD COLUMN checkpoints_pruned bigint NOT NULL DEFAULT 0,
  ADD COLUMN events_pruned bigint NOT NULL DEFAULT 0,
  -- When something of an ended run is next to be pruned; at once until its policy was looked up.
  ADD COLUMN prune_at timestamptz NOT NULL DEFAULT '-infinity',
  ADD CHECK ((forked_from IS NULL) = (forked_at IS NULL));
CREATE INDEX run_prune ON ${schema}.run (prune_at) WHERE ended_at IS NOT NULL;

-- What runs are pinned to, as data: their past can be read where their code is not at hand.
CREATE TABLE ${schema}.spec (
  hash  text PRIMARY KEY,
  graph text NOT NULL,
  body  json NOT NULL,
  at    timestamptz NOT NULL DEFAULT now()
);

-- Large values, once per tenant and content. The hash is SHA-256 of the value's UTF-8.
CREATE TABLE ${schema}.blob (
  tenant  text NOT NULL REFERENCES ${schema}.tenant,
  hash    bytea NOT NULL CHECK (length(hash) = 32),
  value   text NOT NULL,
  used_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, hash)
) WITH (fillfactor = 90);

-- Which runs need a blob; none is deleted that one needs.
CREATE TABLE ${schema}.blob_use (
  run    uuid NOT NULL REFERENCES ${schema}.run ON DELETE CASCADE,
  tenant text NOT NULL,
  hash   bytea NOT NULL,
  PRIMARY KEY (run, hash),
  FOREIGN KEY (tenant, hash) REFERENCES ${schema}.blob
);
CREATE INDEX blob_use_hash ON ${schema}.blob_use (tenant, hash);

-- An empty tenant or graph stands for all. The most particular row holds; tenant before graph. Null keeps for ever.
CREATE TABLE ${schema}.retention (
  tenant          text NOT NULL,
  graph           text NOT NULL,
  history_for     interval,
  checkpoints_max integer NOT NULL CHECK (checkpoints_max >= 1),
  events_for      interval,
  runs_for        interval,
  PRIMARY KEY (tenant, graph)
);
