-- Subscriptions: what runs, made of finished lines. They are made anew from the orders of before this
-- migration, which bought and changed nothing that an order does not tell.
DROP TABLE subscriptions;

CREATE TABLE subscriptions (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    vendor_id UUID NOT NULL,
    auto_renews BIGINT NOT NULL,
    -- When its term ends; the far end of time for what has none, or has ended.
    due_at BIGINT NOT NULL,
    -- Name, license, vendor and tenant in small letters.
    words TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX subscriptions_by_start ON subscriptions (organization_id, started_at, id);
CREATE INDEX subscriptions_by_status ON subscriptions (organization_id, status, started_at, id);
-- Workers look for terms that have ended across organizations.
CREATE INDEX subscriptions_by_due ON subscriptions (due_at);

-- What changed a subscription, for its history; a markup's row is hidden from customer roles.
CREATE TABLE subscription_changes (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    subscription_id UUID NOT NULL,
    at BIGINT NOT NULL,
    line_id UUID NOT NULL,
    is_hidden BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, subscription_id, at, line_id)
);

-- One open order for each subscription, and one planned change of each kind: the key refuses a second.
CREATE TABLE subscription_slots (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    subscription_id UUID NOT NULL,
    slot TEXT NOT NULL,
    order_id UUID NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (organization_id, subscription_id, slot)
);

INSERT INTO rebuilds (name) VALUES ('subscriptions');
