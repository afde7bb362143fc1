//! What expressions read.

use cel::{
    Value,
    common::{
        types::{CelBool, CelInt, CelString},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};

/// A value that an expression reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<'a> {
    /// A text that is lent.
    Text(&'a str),
    /// A text that was made for it.
    Made(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
    /// Texts in order.
    List(Vec<&'a str>),
}

/// What expressions are about: a value for each field of the published variables.
pub trait Facts: Sync {
    /// The value of `root.field`; none for what is not published.
    fn fact(&self, name: &str) -> Option<Fact<'_>>;
}

/// Facts as the interpreter asks for them.
pub(crate) struct Resolver<'a>(pub &'a dyn Facts);

impl VariableResolver for Resolver<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        Some(match self.0.fact(variable)? {
            Fact::Text(text) => CowVal::owned(CelString::from(text)),
            Fact::Made(text) => CowVal::owned(CelString::from(text)),
            Fact::Number(number) => CowVal::owned(CelInt::from(number)),
            Fact::Flag(flag) => CowVal::owned(CelBool::from(flag)),
            Fact::List(texts) => {
                let values: Vec<Value> = texts.into_iter().map(Value::from).collect();
                let list: Box<dyn Val> = Value::from(values).try_into().ok()?;
                CowVal::Owned(list)
            }
        })
    }
}
