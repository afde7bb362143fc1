-- Which asset a ticket is about, for lists. Gone with the contact: it may be somebody's own. Source: R5.
CREATE TABLE ticket_assets (
    ticket_id uuid NOT NULL,
    asset     text NOT NULL,
    CONSTRAINT ticket_assets_pkey PRIMARY KEY (ticket_id)
);
CREATE INDEX ticket_assets_asset ON ticket_assets (asset, ticket_id);
