-- Which process claimed a task last, as its machine knows it; NULL where none can be told. While it holds the
-- task, the next process on that machine looks here whether it is dead.
ALTER TABLE tasks ADD COLUMN claimed_by TEXT;
