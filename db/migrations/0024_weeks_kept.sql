-- A week's rows are dropped when no figure stands on them any more; the week itself is remembered.
ALTER TABLE chalkline.release_versions ADD COLUMN kept boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN chalkline.release_versions.kept IS 'False when its rows have been dropped; what was released from them stands.';
