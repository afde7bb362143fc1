-- Versions of working calendars: never changed, only added. S1.
CREATE TABLE calendars (
    key         text        NOT NULL,
    version     integer     NOT NULL,
    name        text        NOT NULL,
    time_zone   text        NOT NULL,
    -- The document as it was imported; equal documents are one version.
    document    jsonb       NOT NULL,
    imported_at timestamptz NOT NULL,
    -- A principal's id; `gongdan` for what ships with the product.
    imported_by text        NOT NULL,
    CONSTRAINT calendars_pkey PRIMARY KEY (key, version),
    CONSTRAINT calendars_version_check CHECK (version >= 1)
);

-- Versions of policy sets: never changed, only added. S2.
CREATE TABLE policy_sets (
    key         text        NOT NULL,
    version     integer     NOT NULL,
    document    jsonb       NOT NULL,
    imported_at timestamptz NOT NULL,
    imported_by text        NOT NULL,
    CONSTRAINT policy_sets_pkey PRIMARY KEY (key, version),
    CONSTRAINT policy_sets_version_check CHECK (version >= 1)
);
