-- Dead letters grouped by cause, and replays that are runs.

SELECT 1;
