//! What is refused after parsing: unknown names, loops in loops in loops, and what gives no boolean.

use crate::{ExpressionError, Language, Texts, describe, environment, facts::Resolver, quick::pattern};
use cel::{
    Context, ExecutionError, IdedExpr, Program, Value,
    common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators},
};
use std::collections::BTreeSet;

/// Deepest nesting of `exists`, `all`, `map`, `filter`: each multiplies the work.
const MAX_LOOPS: usize = 2;

/// Most steps of loops over written-out lists inside each other.
const MAX_STEPS: usize = 10_000;

/// What expressions can call beside operators.
const FUNCTIONS: [&str; 25] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "dyn",
    "type",
    "timestamp",
    "duration",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "@not_strictly_false",
];

/// Names of types, which may stand where a variable may.
const TYPES: [&str; 10] =
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];

/// The fields an expression reads, as `root.field`; refuses unknown names and too many loops.
pub(crate) fn names(
    source: &str,
    program: &Program,
    language: &Language<'_>,
) -> Result<BTreeSet<String>, ExpressionError> {
    let mut walk = Walk {
        source,
        program,
        variables: language.variables,
        texts: language.texts,
        scope: Vec::new(),
        loops: 0,
        steps: 1,
        read: BTreeSet::new(),
    };
    walk.expression(program.expression())?;
    Ok(walk.read)
}

struct Walk<'a> {
    source: &'a str,
    program: &'a Program,
    variables: &'a [(&'a str, &'a [&'a str])],
    texts: Option<&'a Texts<'a>>,
    scope: Vec<&'a str>,
    loops: usize,
    /// The lengths of the written-out lists around, multiplied.
    steps: usize,
    read: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn expression(&mut self, node: &'a IdedExpr) -> Result<(), ExpressionError> {
        match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.bare_name(node, name),
            Expr::Select(select) => {
                if select.test {
                    return Err(self.refuse(node, "has() is not needed: every field is always there"));
                }
                match &select.operand.expr {
                    Expr::Ident(root) if !self.scope.contains(&root.as_str()) => {
                        self.field(&select.operand, root, &select.field)
                    }
                    _ => Err(self.refuse(
                        node,
                        &format!("`.{}`: there are fields of {} only", select.field, self.roots()),
                    )),
                }
            }
            Expr::Call(call) => {
                let operator =
                    call.func_name.contains('_') && !call.func_name.chars().any(char::is_alphabetic);
                let known = operator
                    || call.func_name == operators::IN
                    || FUNCTIONS.contains(&call.func_name.as_str());
                if !known {
                    return Err(self.refuse(node, &format!("unknown function {}", call.func_name)));
                }
                call.target.iter().try_for_each(|target| self.expression(target))?;
                call.args.iter().try_for_each(|argument| self.expression(argument))?;
                self.pattern(call)?;
                self.compared(call)
            }
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.expression(element)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.expression(&entry.key)?;
                    self.expression(&entry.value)
                }
                EntryExpr::StructField(field) => self.expression(&field.value),
            }),
            Expr::Struct(_) => Err(self.refuse(node, "messages cannot be made here")),
            Expr::Comprehension(inner) => {
                self.expression(&inner.iter_range)?;
                self.expression(&inner.accu_init)?;
                self.loops += 1;
                if self.loops > MAX_LOOPS {
                    return Err(self.refuse(
                        node,
                        &format!("more than {MAX_LOOPS} of exists, all, map, filter inside each other"),
                    ));
                }
                let around = self.steps;
                if let Expr::List(list) = &inner.iter_range.expr {
                    self.steps = around.saturating_mul(list.elements.len().max(1));
                }
                if self.steps > MAX_STEPS {
                    return Err(self.refuse(
                        node,
                        &format!("lists inside each other that take more than {MAX_STEPS} steps"),
                    ));
                }
                let outside = self.scope.len();
                self.scope.push(&inner.accu_var);
                self.scope.push(&inner.iter_var);
                self.scope.extend(inner.iter_var2.as_deref());
                self.expression(&inner.loop_cond)?;
                self.expression(&inner.loop_step)?;
                self.expression(&inner.result)?;
                self.scope.truncate(outside);
                self.loops -= 1;
                self.steps = around;
                Ok(())
            }
        }
    }

    /// Refuses a pattern that takes too much memory once it is compiled.
    fn pattern(&self, call: &'a CallExpr) -> Result<(), ExpressionError> {
        let (true, Some(argument)) = (call.func_name == "matches", call.args.last()) else { return Ok(()) };
        let Expr::Literal(LiteralValue::String(text)) = &argument.expr else { return Ok(()) };
        match pattern(text.inner()) {
            Err(regex::Error::CompiledTooBig(_)) => Err(self.refuse(argument, "the pattern is too large")),
            _ => Ok(()),
        }
    }

    /// Refuses texts that the field they are compared with never is.
    fn compared(&self, call: &'a CallExpr) -> Result<(), ExpressionError> {
        let [left, right] = &call.args[..] else { return Ok(()) };
        let pairs: Vec<(&IdedExpr, &IdedExpr)> = match (call.func_name.as_str(), &right.expr) {
            (operators::EQUALS | operators::NOT_EQUALS, _) => vec![(left, right), (right, left)],
            (operators::IN, Expr::List(list)) => list.elements.iter().map(|text| (left, text)).collect(),
            (operators::IN, _) => vec![(right, left)],
            _ => return Ok(()),
        };
        pairs.into_iter().try_for_each(|(field, text)| self.is_possible(field, text))
    }

    fn is_possible(&self, field: &IdedExpr, text: &IdedExpr) -> Result<(), ExpressionError> {
        let (Some(texts), Expr::Select(select), Expr::Literal(LiteralValue::String(literal))) =
            (self.texts, &field.expr, &text.expr)
        else {
            return Ok(());
        };
        match &select.operand.expr {
            Expr::Ident(root) if !self.scope.contains(&root.as_str()) => {
                texts(&format!("{root}.{}", select.field), literal.inner())
                    .map_err(|message| self.refuse(text, &message))
            }
            _ => Ok(()),
        }
    }

    fn bare_name(&self, node: &IdedExpr, name: &str) -> Result<(), ExpressionError> {
        if self.scope.contains(&name) || TYPES.contains(&name) {
            return Ok(());
        }
        match self.variables.iter().find(|(root, _)| *root == name) {
            Some((root, fields)) => {
                let example = fields.first().copied().unwrap_or_default();
                Err(self.refuse(node, &format!("`{root}` needs a field, for example `{root}.{example}`")))
            }
            None => Err(self.refuse(node, &format!("unknown variable `{name}`; there are {}", self.roots()))),
        }
    }

    /// The variables there are, for people to read.
    fn roots(&self) -> String {
        let roots: Vec<&str> = self.variables.iter().map(|(root, _)| *root).collect();
        match roots.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, before)) => format!("{} and {last}", before.join(", ")),
            None => "none".to_owned(),
        }
    }

    fn field(&mut self, at: &IdedExpr, root: &str, field: &str) -> Result<(), ExpressionError> {
        let Some((_, fields)) = self.variables.iter().find(|(name, _)| *name == root) else {
            return self.bare_name(at, root);
        };
        if !fields.contains(&field) {
            let all = fields.join(", ");
            return Err(self.refuse(at, &format!("unknown field `{root}.{field}`; there are {all}")));
        }
        self.read.insert(format!("{root}.{field}"));
        Ok(())
    }

    fn refuse(&self, node: &IdedExpr, message: &str) -> ExpressionError {
        ExpressionError::at(self.source, offset(self.source, self.program, node), message)
    }
}

/// Byte where a node begins.
fn offset(source: &str, program: &Program, node: &IdedExpr) -> usize {
    let start = program.source_info().offset_for(node.id).map_or(0, |(start, _)| start);
    source.len().min(usize::try_from(start).unwrap_or(0))
}

/// Refuses an expression whose value, or that of an operand of `&&`, `||`, `!` and `?:`, is no boolean on a sample. There
/// is no type checker: only what depends on the sample's values may fail, and where the whole must be total not even that.
pub(crate) fn gives_a_boolean(
    source: &str,
    program: &Program,
    language: &Language<'_>,
) -> Result<(), ExpressionError> {
    for (name, sample) in language.samples {
        let resolver = Resolver(*sample);
        let mut context = Context::with_env(environment().clone());
        context.set_variable_resolver(&resolver);
        let root = program.expression();
        boolean(source, program, root, &context)?;
        if language.total
            && let Err(error) = Value::resolve(root, &context)
        {
            let at = failing(root, &context);
            return Err(ExpressionError::at(
                source,
                offset(source, program, at),
                format!("on the sample \"{name}\": {}", describe(&error)),
            ));
        }
    }
    Ok(())
}

/// The innermost operand that fails.
fn failing<'a>(node: &'a IdedExpr, context: &Context<'_, '_>) -> &'a IdedExpr {
    if let Expr::Call(call) = &node.expr {
        let mut operands = call.target.as_deref().into_iter().chain(&call.args);
        if let Some(operand) = operands.find(|operand| Value::resolve(operand, context).is_err()) {
            return failing(operand, context);
        }
    }
    node
}

fn boolean(
    source: &str,
    program: &Program,
    node: &IdedExpr,
    context: &Context<'_, '_>,
) -> Result<(), ExpressionError> {
    if let Expr::Call(call) = &node.expr {
        match call.func_name.as_str() {
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT => {
                return call.args.iter().try_for_each(|operand| boolean(source, program, operand, context));
            }
            operators::CONDITIONAL => {
                return call.args.iter().try_for_each(|operand| boolean(source, program, operand, context));
            }
            _ => {}
        }
    }
    let refuse = |message: String| Err(ExpressionError::at(source, offset(source, program, node), message));
    match Value::resolve(node, context) {
        Ok(Value::Bool(_)) => Ok(()),
        Ok(other) => refuse(format!("gives a value of type {:?}, not true or false", other.type_of())),
        Err(error) if depends_on_values(&error) => Ok(()),
        Err(error) => refuse(describe(&error)),
    }
}

/// Whether another sample could do without this error.
fn depends_on_values(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::FunctionError { function, .. } => function != "matches",
        ExecutionError::NoSuchKey(_)
        | ExecutionError::DivisionByZero(_)
        | ExecutionError::RemainderByZero(_)
        | ExecutionError::Overflow(..)
        | ExecutionError::IndexOutOfBounds(_) => true,
        _ => false,
    }
}
