-- A version of each responsibility, which is its etag. Source: R5, X2.
CREATE SEQUENCE responsibility_versions AS bigint;
ALTER TABLE responsibilities ADD COLUMN version bigint NOT NULL DEFAULT nextval('responsibility_versions');
ALTER TABLE responsibilities ALTER COLUMN version DROP DEFAULT;

-- What requests were answered with, as long as they may be asked again; none of a customer who is forgotten.
CREATE TABLE responsibility_revisions (
    version     bigint      PRIMARY KEY,
    id          uuid        NOT NULL,
    customer_id uuid,
    asset       text,
    item        text        NOT NULL,
    person_id   text        NOT NULL,
    unit_id     text        NOT NULL,
    valid_from  timestamptz,
    valid_to    timestamptz,
    everywhere  boolean     NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text        NOT NULL,
    answered_at timestamptz NOT NULL
);

CREATE INDEX responsibility_revisions_by_answer ON responsibility_revisions (answered_at);
