-- Workers look for due work vendor by vendor, so that what waits for one that is paused or has all its room
-- costs those of the others nothing.
DROP INDEX tasks_by_due;
CREATE INDEX tasks_by_vendor ON tasks (vendor_id, due_at);
-- Dates of orders are due whatever their vendor does.
CREATE INDEX tasks_of_dates ON tasks (due_at) WHERE kind = 'start';
