-- Lists of orders: an inverted index of our own, the same on both databases. Each list, filter, pair of
-- filters and word has a term; a page is a short run of a term's rows, however many orders there are.

-- A shelf is a view and whom its rows are for: r or h (recent, historical), then 0 (everybody),
-- 1 (who reads internal notes) or 2 (who knows of markups). A reader looks at the shelves they have.
CREATE TABLE order_terms (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    shelf TEXT NOT NULL,
    term TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (organization_id, shelf, term, listed_at, number)
) /* clustered */;

-- Exact numbers of orders, in sixteen stripes so that writers seldom wait for one another.
CREATE TABLE order_counts (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    shelf TEXT NOT NULL,
    phase TEXT NOT NULL,
    stripe BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (organization_id, shelf, phase, stripe)
) /* clustered */;

-- Who created orders, by folded name and address: what `by:` looks in.
CREATE TABLE order_creators (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    word TEXT NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    PRIMARY KEY (organization_id, word, user_id)
) /* clustered */;

DROP INDEX orders_by_view;

-- What is still to be derived from orders of before this migration, and how far that has come.
CREATE TABLE rebuilds (
    name TEXT NOT NULL PRIMARY KEY,
    organization_id UUID,
    order_id UUID
);
INSERT INTO rebuilds (name) VALUES ('order_lists');
