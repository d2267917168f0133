-- Views of the order desk beside those of the Orders section, each list with names of its own. The table
-- is made anew, since not every database can change what is unique in one that exists.
CREATE TABLE saved_views_of_lists (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    -- `orders` or `desk`.
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    is_shared BIGINT NOT NULL,
    -- Saved by somebody who sees markups: its name or filter may speak of one.
    knows_markup BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, user_id, list, name)
);
INSERT INTO saved_views_of_lists
    (organization_id, id, user_id, list, name, is_shared, knows_markup, body)
    SELECT organization_id, id, user_id, 'orders', name, is_shared, knows_markup, body
    FROM saved_views;
DROP TABLE saved_views;
ALTER TABLE saved_views_of_lists RENAME TO saved_views;
CREATE INDEX saved_views_of_team ON saved_views (organization_id, list, is_shared, name);
