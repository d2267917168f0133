-- Which offers are add-ons to which, whoever's catalogs the two are in. An offer that is not an add-on any
-- more may leave a row behind; the offer itself says what it is.
CREATE TABLE offer_addons (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    parent_id UUID NOT NULL,
    offer_id UUID NOT NULL,
    PRIMARY KEY (organization_id, parent_id, offer_id)
);

-- What a subscription is of, so that those of one offer are found before it is bought again.
ALTER TABLE subscriptions ADD COLUMN offer_id UUID;
CREATE INDEX subscriptions_by_offer ON subscriptions (organization_id, offer_id, status, started_at, id);

INSERT INTO rebuilds (name) VALUES ('subscription_offers');
