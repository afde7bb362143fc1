//! CEL expressions that people write: refused when saved if they cannot work, evaluated fast when they are asked.
//!
//! There is no type checker: names, fields and functions are checked against a published [`Language`] by walking the
//! parsed expression, and each expression is tried on samples. An expression is kept as its parts joined by `&&`, so that
//! a false one can be named. Nothing here runs on the caller's stack: the parser and the interpreter recurse, and an
//! overflow cannot be caught.

mod check;
mod error;
mod facts;
mod limits;
mod quick;
mod stack;

pub use error::ExpressionError;
pub use facts::{Fact, Facts};
pub use stack::deep;

use cel::{Context, Env, IdedExpr, Value};
use error::{describe, shorten};
use facts::Resolver;
use quick::Quick;
use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

/// What expressions of one kind may read, and what they are tried on.
#[derive(Clone, Copy)]
pub struct Language<'a> {
    /// Each variable with its fields.
    pub variables: &'a [(&'a str, &'a [&'a str])],
    /// Named samples; every operand of `&&`, `||`, `!` and `?:` must be able to give true or false on each.
    pub samples: &'a [(&'a str, &'a dyn Facts)],
    /// The whole must give true or false on every sample: not even what depends on the values may fail.
    pub total: bool,
    /// Which texts a field can have.
    pub texts: Option<&'a Texts<'a>>,
}

/// What is wrong with a text that an expression compares a field, `root.field`, with: a word that it never is.
pub type Texts<'a> = dyn Fn(&str, &str) -> Result<(), String> + Sync + 'a;

/// What an expression says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// The part of this number is false.
    False(usize),
    /// It could not be worked out.
    Failed(String),
}

/// A compiled expression that gives true or false.
#[derive(Debug, Clone)]
pub struct Expression {
    parts: Arc<[Part]>,
    reads: BTreeSet<String>,
}

/// What stands between two `&&`.
#[derive(Debug)]
struct Part {
    written: IdedExpr,
    quick: Option<Quick>,
}

impl Expression {
    /// Compiles an expression, and refuses what could not give true or false: over the limits, not CEL, with unknown
    /// variables or functions, or of another type.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn compile(source: &str, language: &Language<'_>) -> Result<Self, ExpressionError> {
        let scan = limits::scan(source)?;
        deep(|| {
            let program =
                environment().compile(source).map_err(|errors| ExpressionError::first(source, errors))?;
            let reads = check::names(source, &program, language)?;
            check::gives_a_boolean(source, &program, language)?;
            let parts =
                compile_parts(source, &scan.ands).unwrap_or_else(|| vec![program.expression().clone()]);
            let part = |written: IdedExpr| Part { quick: Quick::of(&written), written };
            Ok(Self { parts: parts.into_iter().map(part).collect(), reads })
        })
    }

    /// Whether it asks for `root.field`.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        self.reads.contains(name)
    }

    /// Whether it asks for nothing but these.
    #[must_use]
    pub fn reads_only(&self, names: &[&str]) -> bool {
        self.reads.iter().all(|name| names.contains(&name.as_str()))
    }

    /// What it says. Only inside [`deep`]; who asks many there pays for one deep stack.
    #[must_use]
    pub fn verdict(&self, facts: &dyn Facts) -> Verdict {
        self.judge(facts, |part| part.quick.as_ref().and_then(|quick| quick.says(facts)))
    }

    /// What it says, each part asked of the interpreter.
    #[cfg(test)]
    fn interpreted(&self, facts: &dyn Facts) -> Verdict {
        self.judge(facts, |_| None)
    }

    fn judge(&self, facts: &dyn Facts, quickly: impl Fn(&Part) -> Option<bool>) -> Verdict {
        let resolver = Resolver(facts);
        let mut context = None;
        let mut failed = None;
        for (number, part) in self.parts.iter().enumerate() {
            match quickly(part) {
                Some(true) => continue,
                Some(false) => return Verdict::False(number),
                None => {}
            }
            let context = context.get_or_insert_with(|| {
                let mut context = Context::with_env(environment().clone());
                context.set_variable_resolver(&resolver);
                context
            });
            match Value::resolve(&part.written, context) {
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

    /// What it says, from any stack.
    #[must_use]
    pub fn evaluate(&self, facts: &dyn Facts) -> Verdict {
        deep(|| self.verdict(facts))
    }
}

/// The parts of an expression joined by `&&` at its top, as written.
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

/// The functions expressions can call: the standard ones.
fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| Arc::new(Env::stdlib().with_optional_support(false)))
}

#[cfg(test)]
mod tests;
