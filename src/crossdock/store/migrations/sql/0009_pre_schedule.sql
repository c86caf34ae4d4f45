-- Deliveries that wait for a time, and budgets of an account shared by all processes.

SELECT 1;
