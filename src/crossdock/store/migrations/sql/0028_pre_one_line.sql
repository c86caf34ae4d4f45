-- The line of a record at a route stands in one index instead of two: one head at most, and the others by their ids. Every
-- delivery is entered into each of its indexes when it is made and again when it is claimed. And a plan that was made
-- while the table was empty took the index of the route alone for a look at one line, and read all that the route had.
CREATE UNIQUE INDEX delivery_line ON delivery
    (record_id, route_id, (CASE WHEN head THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE id END));
DROP INDEX delivery_head;
DROP INDEX delivery_record;
