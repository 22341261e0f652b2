-- Whoever came in by a one-time link chooses a password without knowing the one before.
ALTER TABLE session ADD COLUMN by_link boolean NOT NULL DEFAULT false;

-- Somebody at the server's machine looks for an administrator, in any organisation.
CREATE POLICY operator ON organisation FOR SELECT USING (current_task() = 'administrators');
CREATE POLICY operator ON member FOR SELECT
  USING (current_task() = 'administrators' AND role IN ('owner', 'admin'));
