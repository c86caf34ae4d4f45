-- What a lane settles at once, as one array of composites each, as a commit's rows are (0026): what it costs a worker to
-- put the values into the statements falls by half. Never altered, for the same reason.
CREATE TYPE settle_end AS (
    id uuid, state text, rule text, reason text, evidence text, external_id text, cause_id uuid, mapping_version integer
);
CREATE TYPE settle_attempt AS (
    id uuid, delivery_id uuid, number integer, step text, outcome text, code text, reason text, detail text
);
