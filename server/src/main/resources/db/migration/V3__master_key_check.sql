-- Which master key this database was made with, as a value derived from it: a node with another one is refused. The owner's
-- alone; no tenant's.
CREATE TABLE master_key_check (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  value    bytea NOT NULL CHECK (octet_length(value) = 32)
);
REVOKE ALL ON master_key_check FROM "${appRole}";
