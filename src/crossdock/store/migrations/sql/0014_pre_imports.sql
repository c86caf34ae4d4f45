-- Imports as runs, and errors that link to their rows.

SELECT 1;
