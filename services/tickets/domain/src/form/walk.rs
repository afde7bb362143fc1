//! A walk through a schema that finds what a form may not have, and what it marks.

use super::{
    Broken,
    fields::{Kind, Searchable},
    limits::{DEPTH, MAX_SEARCHABLE, PATTERN_CHARS, SCHEMAS, TOLD},
};
use serde_json::{Map, Value};

/// The only dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords whose value is a schema.
const ONE: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
const NAMED: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];
/// Keywords whose value is no schema.
const PLAIN: [&str; 35] = [
    "$comment",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
    "$ref",
    SEARCHABLE,
    PERSONAL,
    "x-label",
];

/// Marks a field that can be filtered on.
const SEARCHABLE: &str = "x-searchable";
/// Marks a field that says who somebody is.
const PERSONAL: &str = "x-personal";

/// What a form marks.
#[derive(Default)]
pub(super) struct Marked {
    pub searchable: Vec<Searchable>,
    pub personal: Vec<Vec<String>>,
}

/// Looks through a schema.
pub(super) fn walk(schema: &Value) -> Result<Marked, Vec<Broken>> {
    let mut walk =
        Walk { root: schema, broken: Vec::new(), marked: Marked::default(), left: SCHEMAS, full: false };
    let Some(root) = schema.as_object() else {
        return Err(vec![Broken::new("", "an object, as a form is one")]);
    };
    if root.get("type").and_then(Value::as_str) != Some("object") {
        walk.broke("/type", "\"object\", as a form is one");
    }
    if root.get("$schema").is_some_and(|dialect| dialect.as_str() != Some(DIALECT)) {
        walk.broke("/$schema", DIALECT);
    }
    walk.schema(schema, "", Some(&[]), &mut Vec::new(), DEPTH);
    if walk.full {
        walk.broke("", &format!("at most {SCHEMAS} schemas, each reference counted with all it leads to"));
    }
    if walk.marked.searchable.len() > MAX_SEARCHABLE {
        walk.broke("", &format!("at most {MAX_SEARCHABLE} fields with {SEARCHABLE}"));
    }
    if walk.broken.is_empty() { Ok(walk.marked) } else { Err(walk.broken) }
}

struct Walk<'a> {
    root: &'a Value,
    broken: Vec<Broken>,
    marked: Marked,
    left: usize,
    full: bool,
}

impl<'a> Walk<'a> {
    fn broke(&mut self, at: &str, rule: &str) {
        let broken = Broken::new(at, rule);
        if self.broken.len() < TOLD && !self.broken.contains(&broken) {
            self.broken.push(broken);
        }
    }

    /// One schema at `at`. `field` is the path of the field it describes, none where there may be many or none of it;
    /// `refs` are the references that led here.
    fn schema(
        &mut self,
        schema: &'a Value,
        at: &str,
        field: Option<&[String]>,
        refs: &mut Vec<&'a str>,
        depth: usize,
    ) {
        if self.full {
            return;
        }
        if self.left == 0 {
            self.full = true;
            return;
        }
        self.left -= 1;
        if depth == 0 {
            self.broke(at, &format!("at most {DEPTH} schemas deep"));
            return;
        }
        match schema {
            Value::Bool(_) => {}
            Value::Object(keywords) => {
                for (keyword, value) in keywords {
                    let below = format!("{at}/{}", keyword.replace('~', "~0").replace('/', "~1"));
                    self.keyword(keyword, value, &below, at, field, refs, depth);
                }
                self.marks(keywords, at, field);
            }
            _ => self.broke(at, "a schema: an object, true or false"),
        }
    }

    fn keyword(
        &mut self,
        keyword: &'a str,
        value: &'a Value,
        at: &str,
        parent: &str,
        field: Option<&[String]>,
        refs: &mut Vec<&'a str>,
        depth: usize,
    ) {
        if ONE.contains(&keyword) {
            self.schema(value, at, None, refs, depth - 1);
        } else if LIST.contains(&keyword) {
            let Some(list) = value.as_array() else { return self.broke(at, "a list of schemas") };
            for (index, one) in list.iter().enumerate() {
                self.schema(one, &format!("{at}/{index}"), None, refs, depth - 1);
            }
        } else if NAMED.contains(&keyword) {
            self.named(keyword, value, at, field, refs, depth);
        } else if keyword == "$ref" {
            self.reference(value, at, refs, depth);
        } else if keyword == "pattern" {
            self.pattern(value.as_str().unwrap_or_default(), at);
        } else if keyword == "$schema" || keyword == "$id" {
            if !parent.is_empty() {
                self.broke(at, "only at the top");
            }
        } else if keyword == SEARCHABLE || keyword == PERSONAL {
            if !value.is_boolean() {
                self.broke(at, "true or false");
            }
        } else if !PLAIN.contains(&keyword) {
            self.broke(at, "a keyword of JSON Schema 2020-12 that forms may have");
        }
    }

    fn named(
        &mut self,
        keyword: &str,
        value: &'a Value,
        at: &str,
        field: Option<&[String]>,
        refs: &mut Vec<&'a str>,
        depth: usize,
    ) {
        let Some(named) = value.as_object() else { return self.broke(at, "an object of schemas") };
        for (name, one) in named {
            let below = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            if keyword == "patternProperties" {
                self.pattern(name, &below);
            }
            // Only what is reached by names alone is there once.
            let path = match field {
                Some(path) if keyword == "properties" && refs.is_empty() => {
                    if name.is_empty() || name.len() > 64 || name.contains(['.', '[', ']', '/']) {
                        self.broke(&below, "a name of 1 to 64 bytes without '.', '[', ']', '/'");
                    }
                    Some([path, std::slice::from_ref(name)].concat())
                }
                _ => None,
            };
            // What only waits to be referred to is looked at where it is.
            self.schema(one, &below, path.as_deref(), refs, depth - 1);
        }
    }

    fn reference(&mut self, value: &'a Value, at: &str, refs: &mut Vec<&'a str>, depth: usize) {
        let Some(target) = value.as_str().filter(|text| *text == "#" || text.starts_with("#/")) else {
            return self.broke(at, "a reference within the form: #/$defs/…");
        };
        let root = self.root;
        let pointer = target.trim_start_matches('#');
        // One that is written in percent signs is not looked up: a name can be given as it is.
        let Some(found) = root.pointer(pointer) else {
            return self.broke(at, "a reference to what is there");
        };
        if refs.contains(&target) || pointer.is_empty() {
            return self.broke(at, "a reference that does not lead back to itself");
        }
        refs.push(target);
        self.schema(found, pointer, None, refs, depth - 1);
        refs.pop();
    }

    fn pattern(&mut self, pattern: &str, at: &str) {
        if pattern.chars().count() > PATTERN_CHARS {
            self.broke(at, &format!("at most {PATTERN_CHARS} characters"));
        }
    }

    /// What a schema says of its field.
    fn marks(&mut self, keywords: &Map<String, Value>, at: &str, field: Option<&[String]>) {
        let is = |mark| keywords.get(mark) == Some(&Value::Bool(true));
        let (searchable, personal) = (is(SEARCHABLE), is(PERSONAL));
        if !searchable && !personal {
            return;
        }
        let mark = if searchable { SEARCHABLE } else { PERSONAL };
        let Some(path) = field.filter(|path| !path.is_empty()) else {
            return self.broke(
                &format!("{at}/{mark}"),
                "only on a property of the form, or of an object in it, that is there once",
            );
        };
        if searchable && personal {
            return self.broke(&format!("{at}/{SEARCHABLE}"), "not on what is personal");
        }
        if personal {
            self.marked.personal.push(path.to_vec());
            return;
        }
        let kind = match (keywords.get("type").and_then(Value::as_str), keywords.get("format")) {
            (Some("string"), Some(format)) if format == "date" => Kind::Date,
            (Some("string"), _) => Kind::Text,
            (Some("number" | "integer"), _) => Kind::Number,
            (Some("boolean"), _) => Kind::Flag,
            _ => {
                return self.broke(
                    &format!("{at}/{SEARCHABLE}"),
                    "only with type string, number, integer or boolean beside it",
                );
            }
        };
        self.marked.searchable.push(Searchable { name: path.join("."), kind, path: path.to_vec() });
    }
}
