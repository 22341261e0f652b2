-- Bellfounder graph, migration 3: what is written in each step or at each start refers to its run and tenant without a foreign key.
--
-- Checking them was up to a quarter of a step's commit. Rows of a run are only written by a statement that holds its row, and
-- only deleted with it, in one transaction; tenants are never deleted.
ALTER TABLE ${schema}.checkpoint DROP CONSTRAINT checkpoint_run_fkey;
ALTER TABLE ${schema}.channel_delta DROP CONSTRAINT channel_delta_run_fkey;
ALTER TABLE ${schema}.event DROP CONSTRAINT event_run_fkey;
ALTER TABLE ${schema}.run DROP CONSTRAINT run_tenant_fkey;
