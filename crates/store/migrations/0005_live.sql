-- What customer roles are told of moves with what they may learn of alone: a hidden change moves
-- neither their version nor their place in the order of changes.
ALTER TABLE orders ADD COLUMN public_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN public_changed_at BIGINT NOT NULL DEFAULT 0;
-- A feed begins anew with each connection, so that what happened before this release needs no more
-- than an instant in the past; the version is written with the next visible change.
UPDATE orders SET public_version = version, public_changed_at = changed_at;
CREATE INDEX orders_by_public_change ON orders (organization_id, public_changed_at, number);
