-- Who answers for what of a unit that ends. Source: R1, R5.
CREATE INDEX responsibilities_by_unit ON responsibilities (unit_id);
