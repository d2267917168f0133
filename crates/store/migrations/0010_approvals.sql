-- Orders that a partner wants to approve: its rules, few and small.
CREATE TABLE approval_rules (
    -- The distributor or seller that approves.
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name)
);

-- Organizations that are suspended, and how far their open orders have been stopped.
CREATE TABLE suspensions (
    organization_id UUID NOT NULL PRIMARY KEY REFERENCES organizations (id),
    -- 1 while open orders may be left.
    is_stopping BIGINT NOT NULL,
    -- The last order that was looked at.
    after_id UUID,
    body TEXT NOT NULL
);
CREATE INDEX suspensions_by_work ON suspensions (is_stopping);
