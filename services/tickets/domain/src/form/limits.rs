//! How large forms and what is filled in may be.

/// Bytes of a schema.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;
/// Bytes of what is filled in, as JSON.
pub const MAX_VALUES_BYTES: usize = 64 * 1024;
/// Fields of a form that can be filtered on.
pub const MAX_SEARCHABLE: usize = 16;
/// Characters of a text that can be filtered on.
pub const MAX_SEARCHABLE_CHARS: usize = 256;

/// How deep schemas are below each other, references followed.
pub(super) const DEPTH: usize = 24;
/// Schemas in a form, references followed each time: what judging a value may come to.
pub(super) const SCHEMAS: usize = 2_000;
/// How deep values may be below each other.
pub(super) const VALUE_DEPTH: usize = 16;
/// Values in what is filled in.
pub(super) const VALUES: usize = 2_000;
/// Characters of a pattern.
pub(super) const PATTERN_CHARS: usize = 512;
/// Bytes that a compiled pattern may take.
pub(super) const PATTERN: usize = 1 << 20;
/// Violations that are told of one form or one set of values.
pub(super) const TOLD: usize = 100;
