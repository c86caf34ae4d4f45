-- A day's counts, latencies and requests of each connection, route and outcome.

SELECT 1;
