-- Every stream has its own time; a run that gets nowhere is taken over; a sweep knows when it began.

ALTER TABLE run ADD COLUMN progress_at timestamptz;

-- When the sweep under way began: what it has not met since is asked for by a fresh GET when it ends.
ALTER TABLE checkpoint ADD COLUMN swept_from timestamptz;

CREATE INDEX checkpoint_due ON checkpoint (next_at) WHERE next_at IS NOT NULL;

-- The row of stream '*' asks for a new plan of all streams; it is gone once they have their own times.
UPDATE checkpoint SET next_at = now() WHERE stream = '*' AND kind = 'pull';
