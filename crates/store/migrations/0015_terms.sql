-- Versions of a partner's terms and conditions; what was accepted has to stay readable, so none is ever
-- changed. The nil vendor stands for all that the partner sells.
CREATE TABLE terms (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    label TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, vendor_id, label),
    UNIQUE (organization_id, vendor_id, valid_from)
);
CREATE INDEX terms_by_begin ON terms (organization_id, valid_from, id);
