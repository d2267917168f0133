-- A catalog's lists: for each offer a row for the whole, its vendor, product, categories, whom it is sold
-- to, and each of its words, in the order of the catalog. A page is a short run of a term's rows.
CREATE TABLE offer_terms (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    term TEXT NOT NULL,
    place TEXT NOT NULL,
    offer_id UUID NOT NULL,
    PRIMARY KEY (organization_id, term, place, offer_id)
) /* clustered */;

INSERT INTO rebuilds (name) VALUES ('offer_terms');
