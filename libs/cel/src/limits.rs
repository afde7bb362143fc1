//! What is refused before the parser sees it: the parser recurses, and its stack is finite.

use crate::ExpressionError;

/// Longest expression, in characters.
pub(crate) const MAX_LENGTH: usize = 4_000;
/// Deepest nesting of brackets.
pub(crate) const MAX_NESTING: usize = 24;
/// Most operators: signs, `in`, `[`, `?`.
pub(crate) const MAX_OPERATORS: usize = 200;
/// Most dots.
pub(crate) const MAX_DOTS: usize = 400;

/// What a look at the text shows.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Bytes where the `&&` begin that join the expression at its top; none when something weaker joins it.
    pub ands: Vec<usize>,
}

/// Looks at the text and refuses what is too long, too deep or has too many operators.
pub(crate) fn scan(source: &str) -> Result<Scan, ExpressionError> {
    if source.trim().is_empty() {
        return Err(ExpressionError::at(source, 0, "empty; `true` always holds"));
    }
    if source.chars().count() > MAX_LENGTH {
        return Err(ExpressionError::at(source, 0, format!("longer than {MAX_LENGTH} characters")));
    }
    let mut scanner =
        Scanner { source, at: 0, nesting: 0, operators: 0, dots: 0, ands: Vec::new(), weaker: false };
    while scanner.at < source.len() {
        scanner.token()?;
    }
    Ok(Scan { ands: if scanner.weaker { Vec::new() } else { scanner.ands } })
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    nesting: usize,
    operators: usize,
    dots: usize,
    ands: Vec<usize>,
    weaker: bool,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn token(&mut self) -> Result<(), ExpressionError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(()) };
        if first == '"' || first == '\'' {
            return self.string(false);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            return self.word();
        }
        if first.is_ascii_digit() {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
            self.at += length;
            return Ok(());
        }
        if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
            return Ok(());
        }
        match first {
            '(' | '[' | '{' => {
                self.nesting += 1;
                if self.nesting > MAX_NESTING {
                    return Err(self.refuse(format!("nested deeper than {MAX_NESTING} brackets")));
                }
                if first == '[' {
                    self.operator(1)?;
                } else {
                    self.at += 1;
                }
                Ok(())
            }
            ')' | ']' | '}' => {
                self.nesting = self.nesting.saturating_sub(1);
                self.at += 1;
                Ok(())
            }
            '.' => {
                self.dots += 1;
                if self.dots > MAX_DOTS {
                    return Err(self.refuse(format!("more than {MAX_DOTS} dots")));
                }
                self.at += 1;
                Ok(())
            }
            '&' | '|' | '=' | '!' | '<' | '>' | '+' | '-' | '*' | '/' | '%' | '?' => self.sign(),
            _ => {
                self.at += first.len_utf8();
                Ok(())
            }
        }
    }

    fn sign(&mut self) -> Result<(), ExpressionError> {
        let two = self.rest().get(..2).unwrap_or_default();
        if self.nesting == 0 {
            if two == "&&" {
                self.ands.push(self.at);
            }
            self.weaker |= two == "||" || two.starts_with('?') || self.rest().starts_with('?');
        }
        self.operator(if matches!(two, "&&" | "||" | "==" | "!=" | "<=" | ">=") { 2 } else { 1 })
    }

    fn operator(&mut self, length: usize) -> Result<(), ExpressionError> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return Err(self.refuse(format!("more than {MAX_OPERATORS} operators")));
        }
        self.at += length;
        Ok(())
    }

    fn word(&mut self) -> Result<(), ExpressionError> {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let word = &rest[..length];
        let prefix = matches!(word.to_ascii_lowercase().as_str(), "r" | "b" | "rb" | "br");
        let raw = prefix && word.to_ascii_lowercase().contains('r');
        if prefix && rest[length..].starts_with(['"', '\'']) {
            self.at += length;
            return self.string(raw);
        }
        if word == "in" {
            return self.operator(length);
        }
        self.at += length;
        Ok(())
    }

    /// Passes over a string; one without end is left to the parser to complain about.
    fn string(&mut self, raw: bool) -> Result<(), ExpressionError> {
        let rest = self.rest();
        let quote = &rest[..1];
        let triple = quote.repeat(3);
        let end = if rest.starts_with(&triple) { triple.as_str() } else { quote };
        let mut inside = end.len();
        while let Some(next) = rest[inside..].chars().next() {
            if rest[inside..].starts_with(end) {
                self.at += inside + end.len();
                return Ok(());
            }
            inside += next.len_utf8();
            if next == '\\' && !raw {
                inside += rest[inside..].chars().next().map_or(0, char::len_utf8);
            }
        }
        self.at = self.source.len();
        Ok(())
    }

    fn refuse(&self, message: String) -> ExpressionError {
        ExpressionError::at(self.source, self.at, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ands(source: &str) -> usize {
        scan(source).unwrap().ands.len()
    }

    #[test]
    fn only_what_joins_the_whole_is_a_part() {
        assert_eq!(ands("a && b && c"), 2);
        assert_eq!(ands("(a && b) && c"), 1);
        assert_eq!(ands("a && b || c"), 0);
        assert_eq!(ands("a ? b && c : d"), 0);
        assert_eq!(ands("a == '&& ?' && b == \"it's && \\\" &&\""), 1);
        assert_eq!(ands("a == r'\\' && b"), 1);
        assert_eq!(ands("a == '''x ' && ''' && b // && c\n && d"), 2);
    }

    #[test]
    fn too_much_is_refused_where_it_begins_to_be() {
        let deep = format!("{}true{}", "(".repeat(25), ")".repeat(25));
        assert_eq!(scan(&deep).unwrap_err().column, 25);
        assert!(scan(&deep[1..deep.len() - 1]).is_ok());
        let long = vec!["1"; 202].join("+");
        assert_eq!(scan(&long).unwrap_err().message, "more than 200 operators");
        assert!(scan(&vec!["1"; 201].join("+")).is_ok());
        assert!(scan(&"!".repeat(201)).is_err());
        assert!(scan(&format!("a{}", ".b".repeat(401))).is_err());
        assert!(scan(&format!("'{}'", "噪".repeat(4_000))).is_err());
        assert!(scan(&format!("'{}'", "噪".repeat(3_998))).is_ok());
        assert!(scan(" \n").is_err());
    }

    #[test]
    fn brackets_and_signs_inside_strings_do_not_count() {
        assert!(scan(&format!("a == '{}'", "(+".repeat(300))).is_ok());
    }
}
