//! What is wrong with an expression, and where.

use cel::ExecutionError;
use std::fmt;

/// Why an expression cannot be kept, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ExpressionError {}

impl ExpressionError {
    /// At a byte of the source.
    pub(crate) fn at(source: &str, byte: usize, message: impl Into<String>) -> Self {
        let before = source.get(..byte).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }

    /// The first that the parser complains about.
    pub(crate) fn first(source: &str, errors: cel::ParseErrors) -> Self {
        let Some(first) = errors.errors.into_iter().next() else {
            return Self::at(source, 0, "not a CEL expression");
        };
        let line = usize::try_from(first.pos.0).unwrap_or(1).max(1);
        let column = usize::try_from(first.pos.1).unwrap_or(1).max(1);
        Self { line, column, message: shorten(first.msg.trim_start_matches("Syntax error: ")) }
    }
}

/// An evaluation error without the values it met, which may be the citizen's words.
pub(crate) fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(_) => "no such key".into(),
        ExecutionError::NoSuchOverload(overload) => overload.to_string(),
        ExecutionError::UndeclaredReference(name) => format!("unknown name: {name}"),
        ExecutionError::FunctionError { function, .. } => {
            format!("{function} cannot be applied to this value")
        }
        ExecutionError::UnexpectedType { got, want } => format!("{want} expected, {got} found"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".into(),
        ExecutionError::Overflow(operator, ..) => format!("{operator}: the number is too large"),
        ExecutionError::IndexOutOfBounds(_) => "no element of this number in the list".into(),
        ExecutionError::ValuesNotComparable(..) => "values of different types cannot be compared".into(),
        ExecutionError::UnsupportedBinaryOperator(operator, ..) => {
            format!("{operator} cannot be applied to these types")
        }
        _ => "the expression cannot be worked out".into(),
    }
}

pub(crate) fn shorten(message: &str) -> String {
    const LONGEST: usize = 300;
    let line = message.lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST {
        line.to_owned()
    } else {
        line.chars().take(LONGEST).chain(['…']).collect()
    }
}
