-- Where an organization's days begin and end, and what kind of customer it is.
ALTER TABLE organizations ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE organizations ADD COLUMN segment TEXT NOT NULL DEFAULT 'commercial';

-- What vendors ask, by the instant since when. Of a plan's rows the last one that has begun counts, until
-- it ends; none is rewritten once it has begun. Amounts are millionths of the major unit.
CREATE TABLE plan_prices (
    organization_id UUID NOT NULL,
    offer_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    valid_from BIGINT NOT NULL,
    -- The far end of time while it is open.
    valid_till BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    retail BIGINT NOT NULL,
    PRIMARY KEY (organization_id, offer_id, plan_id, valid_from),
    FOREIGN KEY (organization_id, offer_id) REFERENCES offers (organization_id, id)
);

-- Percentages of a distributor for its sellers, of a seller for its customers.
CREATE TABLE price_rules (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    -- For whom and on what; the nil id stands for everybody and for everything.
    buyer_id UUID NOT NULL,
    subject_id UUID NOT NULL,
    -- Days as text, both inclusive; 9999-12-31 while it is open.
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX price_rules_by_place ON price_rules (organization_id, buyer_id, subject_id, last_day);
CREATE INDEX price_rules_by_age ON price_rules (organization_id, created_at, id);

INSERT INTO rebuilds (name) VALUES ('plan_prices');
