-- Which orders in Recent fail for which cause, so that one look tells how many others do. A cause is
-- the vendor's code; markups have none, so nothing hidden is counted.
CREATE TABLE order_failures (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    vendor_id UUID NOT NULL,
    cause TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (organization_id, vendor_id, cause, number)
);
CREATE INDEX order_failures_by_order ON order_failures (organization_id, number);

-- Orders that leave Recent by themselves once nothing has happened to them for a while; carts are not
-- among them. A filed order has no row any more, so the index stays as small as Recent.
CREATE TABLE order_rests (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    order_id UUID NOT NULL,
    phase_since BIGINT NOT NULL,
    -- The vendor takes something back until then; 0 where nothing keeps the order.
    kept_until BIGINT NOT NULL,
    PRIMARY KEY (organization_id, order_id)
);
CREATE INDEX order_rests_by_phase ON order_rests (phase_since);
-- An order of before is looked at once and then known exactly.
INSERT INTO order_rests (organization_id, order_id, phase_since, kept_until)
    SELECT organization_id, id, changed_at, 0 FROM orders WHERE view = 'recent' AND phase <> 'cart';
