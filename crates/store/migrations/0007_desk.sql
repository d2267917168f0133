-- The order desk: a row for each order that needs people, at the seller and at the distributor above
-- its customer. Written with the order, when its place there changes; an order that needs nobody has
-- none, so the desk costs the same however many orders there are.
CREATE TABLE desk_entries (
    -- At whose desk it lies.
    organization_id UUID NOT NULL REFERENCES organizations (id),
    customer_id UUID NOT NULL,
    order_id UUID NOT NULL,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    is_markup_only BIGINT NOT NULL,
    PRIMARY KEY (organization_id, customer_id, order_id)
);
CREATE INDEX desk_entries_by_since ON desk_entries
    (organization_id, since, order_id, is_markup_only);
CREATE INDEX desk_entries_by_reason ON desk_entries
    (organization_id, reason, since, order_id, is_markup_only);
