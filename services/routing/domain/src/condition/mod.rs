//! Conditions in CEL: refused when saved if they cannot work, evaluated fast when a ticket comes. Source: R4.
//!
//! A condition is kept as its parts joined by `&&`, so that a false one can be named. Nothing here runs on the caller's
//! stack: the parser and the interpreter recurse, and an overflow cannot be caught.

mod check;
mod limits;
mod schema;
mod stack;

use crate::TicketFacts;
use cel::{Context, Env, ExecutionError, IdedExpr, Value};
use jiff::Timestamp;
use std::{fmt, sync::Arc, sync::OnceLock};

pub(crate) use schema::Variables;
pub(crate) use stack::deep;

#[cfg(test)]
pub(crate) fn sample_ticket() -> TicketFacts {
    check::sample().unwrap()
}

/// Why a condition cannot be kept, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ConditionError {}

impl ConditionError {
    /// At a byte of the source.
    fn at(source: &str, byte: usize, message: impl Into<String>) -> Self {
        let before = source.get(..byte).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}

/// What a condition says about a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// The part of this number is false.
    False(usize),
    /// It could not be worked out.
    Failed(String),
}

/// A compiled condition.
#[derive(Debug, Clone)]
pub struct Condition {
    parts: Arc<[IdedExpr]>,
    reads_text: bool,
}

impl Condition {
    /// Compiles a condition, and refuses what could not give true or false on a ticket: over the limits, not CEL, with
    /// unknown variables or functions, or of another type.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn compile(source: &str) -> Result<Self, ConditionError> {
        let scan = limits::scan(source)?;
        deep(|| {
            let program = environment().compile(source).map_err(|errors| first_error(source, errors))?;
            let names = check::names(source, &program)?;
            check::gives_a_boolean(source, &program)?;
            let parts =
                compile_parts(source, &scan.ands).unwrap_or_else(|| vec![program.expression().clone()]);
            Ok(Self { parts: parts.into(), reads_text: names.contains("subject") || names.contains("body") })
        })
    }

    /// Whether it asks for the ticket's subject or body.
    #[must_use]
    pub fn reads_text(&self) -> bool {
        self.reads_text
    }

    /// What it says about a ticket at an instant. Only on a deep stack.
    pub(crate) fn verdict(&self, variables: &Variables<'_>) -> Verdict {
        let mut context = Context::with_env(environment().clone());
        context.set_variable_resolver(variables);
        let mut failed = None;
        for (number, part) in self.parts.iter().enumerate() {
            match Value::resolve(part, &context) {
                Ok(Value::Bool(true)) => {}
                Ok(Value::Bool(false)) => return Verdict::False(number),
                Ok(other) => {
                    failed.get_or_insert_with(|| format!("gives a value of type {:?}", other.type_of()));
                }
                Err(error) => {
                    failed.get_or_insert_with(|| describe(&error));
                }
            }
        }
        failed.map_or(Verdict::Holds, |message| Verdict::Failed(shorten(&message)))
    }

    /// What it says about one ticket at an instant.
    #[must_use]
    pub fn evaluate(&self, ticket: &TicketFacts, at: Timestamp) -> Verdict {
        deep(|| self.verdict(&Variables::new(ticket, at)))
    }
}

/// The parts of a condition joined by `&&` at its top, as written.
#[must_use]
pub fn parts(source: &str) -> Vec<&str> {
    let ands = limits::scan(source).map(|scan| scan.ands).unwrap_or_default();
    split(source, &ands)
}

fn split<'a>(source: &'a str, ands: &[usize]) -> Vec<&'a str> {
    let mut from = 0;
    let mut parts = Vec::with_capacity(ands.len() + 1);
    for at in ands {
        parts.push(source[from..*at].trim());
        from = at + 2;
    }
    parts.push(source[from..].trim());
    parts
}

fn compile_parts(source: &str, ands: &[usize]) -> Option<Vec<IdedExpr>> {
    split(source, ands)
        .into_iter()
        .map(|part| environment().compile(part).ok().map(|program| program.expression().clone()))
        .collect()
}

/// The functions conditions can call: the standard ones.
fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| Arc::new(Env::stdlib().with_optional_support(false)))
}

fn first_error(source: &str, errors: cel::ParseErrors) -> ConditionError {
    let Some(first) = errors.errors.into_iter().next() else {
        return ConditionError::at(source, 0, "not a CEL expression");
    };
    let line = usize::try_from(first.pos.0).unwrap_or(1).max(1);
    let column = usize::try_from(first.pos.1).unwrap_or(1).max(1);
    ConditionError { line, column, message: shorten(first.msg.trim_start_matches("Syntax error: ")) }
}

/// An evaluation error without the values it met, which may be the citizen's words.
fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
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

fn shorten(message: &str) -> String {
    const LONGEST: usize = 300;
    let line = message.lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST {
        line.to_owned()
    } else {
        line.chars().take(LONGEST).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests;
