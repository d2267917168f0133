-- Quotes: priced proposals of a partner to people of a customer.
CREATE TABLE quotes (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    number BIGINT NOT NULL,
    -- What people decided; that one expired is read from the clock.
    status TEXT NOT NULL,
    -- The far end of time for what was not sent.
    expires_at BIGINT NOT NULL,
    listed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, number)
);
CREATE INDEX quotes_by_date ON quotes (organization_id, listed_at, number);
CREATE INDEX quotes_by_status ON quotes (organization_id, status, listed_at, number);

-- Whom a quote was sent to: what customers' lists are made of.
CREATE TABLE quote_recipients (
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    quote_id UUID NOT NULL,
    PRIMARY KEY (organization_id, user_id, quote_id),
    FOREIGN KEY (organization_id, quote_id) REFERENCES quotes (organization_id, id)
);
