-- Claims in a row of which nothing was heard: what fails again and again by our own fault is set aside.
ALTER TABLE tasks ADD COLUMN strikes BIGINT NOT NULL DEFAULT 0;

-- Vendor accounts that are put off; one that works has no row.
CREATE TABLE vendor_pauses (
    organization_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    paused_until BIGINT NOT NULL,
    -- What of it the vendor itself asked for: no answer to an earlier call ends that.
    wished_until BIGINT NOT NULL,
    strikes BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (organization_id, vendor_id),
    FOREIGN KEY (organization_id, vendor_id) REFERENCES vendors (organization_id, id)
);
