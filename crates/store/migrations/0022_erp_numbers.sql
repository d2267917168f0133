-- The customer's key in the books of whoever sells to it.
ALTER TABLE organizations ADD COLUMN erp_number TEXT;
-- 1 where a distributor or seller takes no orders of customers without one.
ALTER TABLE organizations ADD COLUMN needs_erp_number BIGINT NOT NULL DEFAULT 0;
