//! Why policies are refused.

/// A policy file that is refused, whole.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPolicies {
    /// Cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Is no Cedar.
    #[error("{0}")]
    Syntax(String),
    /// Does not fit the schema, or says what policies may not say; one line each.
    #[error("{}", .0.join("\n"))]
    Rules(Vec<String>),
    /// The schema that ships with the product is not what the contracts need.
    #[error("the Cedar schema and the contracts differ: {0}")]
    Schema(String),
}
