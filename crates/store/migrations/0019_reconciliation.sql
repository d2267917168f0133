-- The vendor's own id of a subscription, by which its word is held against our record.
ALTER TABLE subscriptions ADD COLUMN reference TEXT NOT NULL DEFAULT '';
-- A connection serves customers of many organizations: comparisons read all of one vendor, by its ids.
CREATE INDEX subscriptions_by_reference ON subscriptions (vendor_id, reference, organization_id, id);

-- Comparisons with a vendor, by whose connection it is.
CREATE TABLE reconciliation_runs (
    organization_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    is_running BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, vendor_id, id),
    FOREIGN KEY (organization_id, vendor_id) REFERENCES vendors (organization_id, id)
);
CREATE INDEX reconciliation_runs_by_start ON reconciliation_runs (organization_id, vendor_id, started_at, id);
-- One at a time for each connection.
CREATE UNIQUE INDEX reconciliation_runs_running ON reconciliation_runs (organization_id, vendor_id)
    WHERE is_running = 1;

-- What is otherwise at a vendor than here.
CREATE TABLE differences (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    reference TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    is_open BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    -- The run that saw it last.
    run_id UUID NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, vendor_id) REFERENCES vendors (organization_id, id)
);
-- One that is seen again is the same one.
CREATE UNIQUE INDEX differences_open ON differences (organization_id, vendor_id, reference, kind)
    WHERE is_open = 1;
CREATE INDEX differences_by_status ON differences (organization_id, status, first_seen, id);
CREATE INDEX differences_by_vendor ON differences (organization_id, vendor_id, status, first_seen, id);

INSERT INTO rebuilds (name) VALUES ('subscription_offers') ON CONFLICT DO NOTHING;
