-- Who edited a fact that no order makes (an ERP number, what a product is sorted under), and when. Rows are
-- only added; those of one edit share their id.
CREATE TABLE edits (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    id UUID NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, subject, at, id)
) /* clustered */;
