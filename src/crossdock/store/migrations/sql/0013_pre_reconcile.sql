-- What a reconciliation keeps between its steps.

SELECT 1;
