//! Spans of SQL statements.

/// The target of the spans of statements; they are off where nobody receives traces.
pub(crate) const SQL_TARGET: &str = "gongdan_sql";

/// A client span for one statement: `sql_span!("tickets.insert", "INSERT")` is named `INSERT tickets`.
/// The first argument is `<table>.<what>` and becomes the query summary; the second is the SQL verb.
#[macro_export]
macro_rules! sql_span {
    ($summary:literal, $operation:literal) => {
        $crate::tracing::info_span!(
            // As SQL_TARGET.
            target: "gongdan_sql",
            "sql",
            otel.name = %::std::format_args!("{} {}", $operation, $crate::collection_of($summary)),
            otel.kind = "client",
            db.system.name = "postgresql",
            db.operation.name = $operation,
            db.collection.name = $crate::collection_of($summary),
            db.query.summary = $summary,
        )
    };
}

/// The table in `<table>.<what>`.
#[must_use]
pub fn collection_of(summary: &str) -> &str {
    summary.split_once('.').map_or(summary, |(table, _)| table)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_what_stands_before_the_dot() {
        assert_eq!(super::collection_of("tickets.insert"), "tickets");
        assert_eq!(super::collection_of("tickets"), "tickets");
        let _span = crate::sql_span!("tickets.insert", "INSERT");
    }
}
