-- One text for both databases: UUID, TEXT and BIGINT are all there is, and schema.rs says what they
-- are called on SQLite. The organization leads every key, so that the tables can be sharded by it.

-- Few, small and rarely written: organizations and people are found before an organization is known.
CREATE TABLE organizations (
    id UUID NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    -- Ids from the root down to this one, in hex with a slash after each: a subtree is a range.
    path TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    country TEXT NOT NULL,
    currency TEXT NOT NULL
);

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    blocked_at BIGINT
);

CREATE TABLE memberships (
    user_id UUID NOT NULL REFERENCES users (id),
    organization_id UUID NOT NULL REFERENCES organizations (id),
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, organization_id, role)
);

-- Browser sessions and API tokens; only hashes are kept.
CREATE TABLE credentials (
    hash TEXT NOT NULL PRIMARY KEY,
    id UUID NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id),
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX credentials_by_user ON credentials (user_id, kind);

-- Connections to vendors and the catalog belong to a distributor or seller; those below may use them.
CREATE TABLE vendors (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, slug)
);

CREATE TABLE offers (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, vendor_id) REFERENCES vendors (organization_id, id)
);
CREATE INDEX offers_by_name ON offers (organization_id, name, id);

CREATE TABLE orders (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    number BIGINT NOT NULL,
    -- Derived by the domain with each save; what lists filter and sort by.
    phase TEXT NOT NULL,
    view TEXT NOT NULL,
    is_markup_only BIGINT NOT NULL,
    created_by UUID NOT NULL,
    -- The date people see: of placement, before that of creation.
    listed_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, number)
);
CREATE INDEX orders_by_view ON orders (organization_id, view, listed_at, number);
CREATE INDEX orders_by_phase ON orders (organization_id, phase, created_by);
CREATE INDEX orders_by_change ON orders (organization_id, changed_at);

CREATE TABLE order_events (
    organization_id UUID NOT NULL,
    order_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, order_id, sequence),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id)
);

CREATE TABLE subscriptions (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX subscriptions_by_start ON subscriptions (organization_id, started_at, id);

CREATE TABLE tasks (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    order_id UUID NOT NULL,
    line_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    kind TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id)
);
-- Workers look for due work across organizations; a finished task is deleted, so the index stays small.
CREATE INDEX tasks_by_due ON tasks (due_at);

-- Answers to requests with an Idempotency-Key, in the key space of one person in one organization.
CREATE TABLE requests (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    user_id UUID NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    order_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id, key)
);
