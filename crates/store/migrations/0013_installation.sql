-- Where this database lives, and whether its vendors may be called: a copy must not buy by itself. One row.
CREATE TABLE installation (
    id BIGINT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL,
    -- Why no vendor is called, until a person takes over.
    paused TEXT,
    paused_at BIGINT
);
