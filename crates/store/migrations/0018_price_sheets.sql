-- The vendor's own ids of an offer, product and plan, to find it by.
ALTER TABLE offers ADD COLUMN code TEXT NOT NULL DEFAULT '';
CREATE INDEX offers_by_code ON offers (organization_id, vendor_id, code);

-- Price sheets that were taken over: who, when, which file, and how many rows of each kind.
CREATE TABLE price_imports (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX price_imports_by_age ON price_imports (organization_id, started_at, id);

-- Offers of before get their code with their prices.
INSERT INTO rebuilds (name) VALUES ('plan_prices') ON CONFLICT DO NOTHING;
