//! All SQL. One file a table or view.

pub(crate) mod acts;
pub(crate) mod answers;
pub(crate) mod facts;
pub(crate) mod handlings;
pub(crate) mod quality_errors;
pub(crate) mod rebuilds;
pub(crate) mod rounds;
pub(crate) mod shadow;
pub(crate) mod units;
