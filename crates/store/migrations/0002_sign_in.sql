-- Wrong passwords of the last hour, so that nobody tries many; any node counts them.
CREATE TABLE sign_in_failures (
    email TEXT NOT NULL,
    failed_at BIGINT NOT NULL,
    id UUID NOT NULL,
    PRIMARY KEY (email, failed_at, id)
);
