-- Many changes from one sheet. Rows are found by what became of them, so that a batch is a short run of
-- the index however long the sheet is.
CREATE TABLE jobs (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    -- Whose people asked; nobody else sees it.
    acting_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX jobs_by_creation ON jobs (organization_id, acting_id, created_at, id);
-- Workers look for what runs across organizations.
CREATE INDEX jobs_by_state ON jobs (state, created_at);

CREATE TABLE job_rows (
    organization_id UUID NOT NULL,
    job_id UUID NOT NULL,
    number BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, job_id, number),
    FOREIGN KEY (organization_id, job_id) REFERENCES jobs (organization_id, id)
);
CREATE INDEX job_rows_by_outcome ON job_rows (organization_id, job_id, outcome, number);
