//! Parts of an expression that need no interpreter: fields compared with literals, joined by `&&`, `||` and `!`.
//!
//! They give what the interpreter gives, and nothing where it would fail or where a value is of another type than the
//! literal: those are left to it. Most conditions that people write are of these, and an interpreter that makes a value
//! of each literal and compiles each regular expression anew takes a hundred times as long.

use crate::{Fact, Facts};
use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators},
};
use regex::{Regex, RegexBuilder};
use std::cell::Cell;

/// What an expression may come to, written out: a comparison is one, a pattern [`PATTERN`]. Larger ones are left to the
/// interpreter.
const MOST: usize = 2_000;
/// What a pattern counts for.
const PATTERN: usize = 50;
/// Largest compiled pattern, in bytes.
pub(crate) const MAX_PATTERN: usize = 1 << 18;

/// A comparison, or several.
#[derive(Debug, Clone)]
pub(crate) enum Quick {
    Always(bool),
    Flag(String),
    Text { field: String, is: TextTest },
    Number { field: String, is: Order, than: i64 },
    Contains { field: String, element: String },
    Not(Box<Quick>),
    All(Vec<Quick>),
    Any(Vec<Quick>),
}

/// What a text is asked.
#[derive(Debug, Clone)]
pub(crate) enum TextTest {
    Equals(String),
    OneOf(Vec<String>),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Matches(Regex),
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Quick {
    /// The comparisons an expression is made of; none when it needs more than comparisons.
    pub(crate) fn of(node: &IdedExpr) -> Option<Self> {
        Reader { bound: None, left: &Cell::new(MOST) }.expression(&node.expr)
    }

    /// What it says; none where the interpreter has to be asked.
    pub(crate) fn says(&self, facts: &dyn Facts) -> Option<bool> {
        match self {
            Self::Always(value) => Some(*value),
            Self::Flag(field) => match facts.fact(field)? {
                Fact::Flag(flag) => Some(flag),
                _ => None,
            },
            Self::Text { field, is } => match facts.fact(field)? {
                Fact::Text(text) => Some(is.says(text)),
                Fact::Made(text) => Some(is.says(&text)),
                _ => None,
            },
            Self::Number { field, is, than } => match facts.fact(field)? {
                Fact::Number(number) => Some(is.says(number, *than)),
                _ => None,
            },
            Self::Contains { field, element } => match facts.fact(field)? {
                Fact::List(texts) => Some(texts.contains(&element.as_str())),
                _ => None,
            },
            Self::Not(inner) => inner.says(facts).map(|value| !value),
            Self::All(parts) => decided_by(parts, false, facts),
            Self::Any(parts) => decided_by(parts, true, facts),
        }
    }
}

/// `decisive` at the first part that gives it, the contrary when none does. A part that is not known, before one that
/// is decisive, leaves the whole to the interpreter.
fn decided_by(parts: &[Quick], decisive: bool, facts: &dyn Facts) -> Option<bool> {
    for part in parts {
        if part.says(facts)? == decisive {
            return Some(decisive);
        }
    }
    Some(!decisive)
}

impl TextTest {
    fn says(&self, text: &str) -> bool {
        match self {
            Self::Equals(other) => text == other,
            Self::OneOf(others) => others.iter().any(|other| other == text),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::StartsWith(part) => text.starts_with(part.as_str()),
            Self::EndsWith(part) => text.ends_with(part.as_str()),
            Self::Matches(regex) => regex.is_match(text),
        }
    }
}

impl Order {
    fn of(operator: &str) -> Option<Self> {
        Some(match operator {
            operators::EQUALS => Self::Equal,
            operators::LESS => Self::Less,
            operators::LESS_EQUALS => Self::LessOrEqual,
            operators::GREATER => Self::Greater,
            operators::GREATER_EQUALS => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// The same said from the other side: `3 < x` is `x > 3`.
    const fn turned(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    fn says(self, number: i64, than: i64) -> bool {
        match self {
            Self::Equal => number == than,
            Self::Less => number < than,
            Self::LessOrEqual => number <= than,
            Self::Greater => number > than,
            Self::GreaterOrEqual => number >= than,
        }
    }
}

/// Reads an expression, inside an `exists` with a literal for the name it binds.
struct Reader<'a> {
    bound: Option<(&'a str, &'a str)>,
    /// What it may still come to.
    left: &'a Cell<usize>,
}

impl<'a> Reader<'a> {
    fn expression(&self, node: &'a Expr) -> Option<Quick> {
        self.spend(1)?;
        match node {
            Expr::Literal(LiteralValue::Boolean(value)) => Some(Quick::Always(*value.inner())),
            Expr::Select(_) => Some(Quick::Flag(self.field(node)?)),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(exists) => self.exists(exists),
            _ => None,
        }
    }

    fn call(&self, call: &'a CallExpr) -> Option<Quick> {
        let operands: Vec<&Expr> = call.args.iter().map(|operand| &operand.expr).collect();
        let all = || operands.iter().map(|operand| self.expression(operand)).collect::<Option<Vec<_>>>();
        match (call.target.as_ref().map(|target| &target.expr), call.func_name.as_str(), &operands[..]) {
            (None, operators::LOGICAL_AND, _) => Some(Quick::All(all()?)),
            (None, operators::LOGICAL_OR, _) => Some(Quick::Any(all()?)),
            (None, operators::LOGICAL_NOT, [inner]) => Some(Quick::Not(Box::new(self.expression(inner)?))),
            (None, operators::NOT_EQUALS, [left, right]) => {
                Some(Quick::Not(Box::new(self.comparison(operators::EQUALS, left, right)?)))
            }
            (None, operators::IN, [element, list]) => self.within(element, list),
            (None, operator, [left, right]) => self.comparison(operator, left, right),
            (Some(target), function, [argument]) => self.method(target, function, argument),
            _ => None,
        }
    }

    fn comparison(&self, operator: &str, left: &'a Expr, right: &'a Expr) -> Option<Quick> {
        let order = Order::of(operator)?;
        let (field, literal, order) = match self.field(left) {
            Some(field) => (field, right, order),
            None => (self.field(right)?, left, order.turned()),
        };
        if let Expr::Literal(LiteralValue::Int(than)) = literal {
            return Some(Quick::Number { field, is: order, than: *than.inner() });
        }
        let text = self.text(literal)?;
        matches!(order, Order::Equal).then(|| Quick::Text { field, is: TextTest::Equals(text.to_owned()) })
    }

    fn within(&self, element: &'a Expr, list: &'a Expr) -> Option<Quick> {
        if let Expr::List(list) = list {
            if !list.optional_indices.is_empty() {
                return None;
            }
            let field = self.field(element)?;
            let texts = list.elements.iter().map(|element| self.text(&element.expr).map(str::to_owned));
            return Some(Quick::Text { field, is: TextTest::OneOf(texts.collect::<Option<_>>()?) });
        }
        Some(Quick::Contains { field: self.field(list)?, element: self.text(element)?.to_owned() })
    }

    fn method(&self, target: &'a Expr, function: &str, argument: &'a Expr) -> Option<Quick> {
        let field = self.field(target)?;
        let text = self.text(argument)?;
        let is = match function {
            "contains" => TextTest::Contains(text.to_owned()),
            "startsWith" => TextTest::StartsWith(text.to_owned()),
            "endsWith" => TextTest::EndsWith(text.to_owned()),
            "matches" => {
                self.spend(PATTERN)?;
                TextTest::Matches(pattern(text).ok()?)
            }
            _ => return None,
        };
        Some(Quick::Text { field, is })
    }

    /// `['a', 'b'].exists(x, …)`, written out.
    fn exists(&self, exists: &'a ComprehensionExpr) -> Option<Quick> {
        let Expr::List(list) = &exists.iter_range.expr else { return None };
        let is_exists = self.bound.is_none()
            && exists.iter_var2.is_none()
            && list.optional_indices.is_empty()
            && matches!(&exists.accu_init.expr, Expr::Literal(LiteralValue::Boolean(start)) if !start.inner())
            && matches!(&exists.result.expr, Expr::Ident(name) if *name == exists.accu_var);
        let Expr::Call(step) = &exists.loop_step.expr else { return None };
        let [before, body] = &step.args[..] else { return None };
        let joins = step.func_name == operators::LOGICAL_OR
            && matches!(&before.expr, Expr::Ident(name) if *name == exists.accu_var);
        if !is_exists || !joins {
            return None;
        }
        let element = |element: &'a IdedExpr| {
            let text = self.text(&element.expr)?;
            Reader { bound: Some((&exists.iter_var, text)), left: self.left }.expression(&body.expr)
        };
        list.elements.iter().map(element).collect::<Option<_>>().map(Quick::Any)
    }

    /// Notes what it comes to; none when that is too much.
    fn spend(&self, cost: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(cost)?);
        Some(())
    }

    /// `root.field`.
    fn field(&self, node: &Expr) -> Option<String> {
        let Expr::Select(select) = node else { return None };
        match &select.operand.expr {
            Expr::Ident(root) if !select.test && self.bound.is_none_or(|(name, _)| name != root) => {
                Some(format!("{root}.{}", select.field))
            }
            _ => None,
        }
    }

    /// A text that is written there, or that the name in an `exists` stands for.
    fn text(&self, node: &'a Expr) -> Option<&'a str> {
        match node {
            Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
            Expr::Ident(name) => self.bound.filter(|(bound, _)| bound == name).map(|(_, text)| text),
            _ => None,
        }
    }
}

/// A compiled pattern, unless it is bad or too large.
pub(crate) fn pattern(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(MAX_PATTERN).build()
}
