-- What a partner's products are sorted under, from which offers that come later take it.
CREATE TABLE sorted_products (
    organization_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    product TEXT NOT NULL,
    -- Names as JSON. In catalogs it stands under the first.
    categories TEXT NOT NULL,
    PRIMARY KEY (organization_id, vendor_id, product),
    FOREIGN KEY (organization_id, vendor_id) REFERENCES vendors (organization_id, id)
);

-- Catalogs are in the sequence of their categories now.
DELETE FROM offer_terms;
INSERT INTO rebuilds (name) VALUES ('offer_terms')
    ON CONFLICT (name) DO UPDATE SET organization_id = NULL, order_id = NULL;
