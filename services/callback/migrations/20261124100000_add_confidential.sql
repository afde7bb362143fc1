-- Tasks of tickets whose reporter is not to be known to those who handle them.
ALTER TABLE tasks ADD COLUMN confidential boolean NOT NULL DEFAULT false;
