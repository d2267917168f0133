-- Lists that people saved under a name. They belong to the organization that the person works for,
-- whichever customer's orders were on the screen, and hold nothing of any customer.
CREATE TABLE saved_views (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    is_shared BIGINT NOT NULL,
    -- Saved by somebody who sees markups: its name or filter may speak of one.
    knows_markup BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, user_id, name)
);
CREATE INDEX saved_views_of_team ON saved_views (organization_id, is_shared, name);
