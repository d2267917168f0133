-- The customer whose orders are being stopped: a suspended distributor or seller has many, taken one
-- after another. Nothing before the first.
ALTER TABLE suspensions ADD COLUMN customer_id UUID;
