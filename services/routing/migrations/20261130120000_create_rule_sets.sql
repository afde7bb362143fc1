-- Published sets of rules and the draft of the next. Source: R4.

-- A set is never changed; the greatest number is in force, and `rules` holds it ready.
CREATE TABLE rule_sets (
    number         bigint      PRIMARY KEY,
    -- 1 what there was when sets began to be kept, 2 one change at once, 3 a draft, 4 rolled back
    kind           smallint    NOT NULL CONSTRAINT rule_sets_kind CHECK (kind BETWEEN 1 AND 4),
    published_at   timestamptz NOT NULL,
    published_by   text        NOT NULL,
    note           text        NOT NULL,
    rolled_back_to bigint      CONSTRAINT rule_sets_rolled_back_to REFERENCES rule_sets (number),
    -- Its rules, in the order in which they are tried.
    revisions      bigint[]    NOT NULL
);

INSERT INTO rule_sets (number, kind, published_at, published_by, note, revisions)
SELECT 1, 1, now(), '', '', coalesce(array_agg(revision ORDER BY position), '{}') FROM rules;

-- What is changed over the rules in force, rule by rule; none: there is no draft.
CREATE TABLE rule_draft_changes (
    rule_id    text        PRIMARY KEY,
    -- none: the rule is taken out
    revision   bigint      CONSTRAINT rule_draft_changes_revision REFERENCES rule_revisions (revision),
    -- the revision in force when it was changed; none: there was none
    over       bigint,
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL
);

-- Its version grows with every change of the draft and when it is published or given up.
CREATE TABLE rule_draft (
    single    boolean     PRIMARY KEY DEFAULT true CONSTRAINT rule_draft_single CHECK (single),
    version   bigint      NOT NULL,
    opened_at timestamptz,
    opened_by text        NOT NULL
);

INSERT INTO rule_draft (version, opened_by) VALUES (1, '');

-- Rules change places with each other in one statement.
ALTER TABLE rules DROP CONSTRAINT rules_position;
ALTER TABLE rules ADD CONSTRAINT rules_position UNIQUE (position) DEFERRABLE INITIALLY DEFERRED;
