//! Forms: which schemas are refused, and what is said of values that violate one. Source: T6.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use gongdan_tickets_domain::form::{Broken, Form, Found, Kind, MAX_SCHEMA_BYTES, together};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn form(schema: &Value) -> Form {
    Form::compile(&schema.to_string()).unwrap_or_else(|broken| panic!("{broken:?}"))
}

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

fn values(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(values) => values,
        other => panic!("{other} is no object"),
    }
}

/// Places that are refused.
fn refused(schema: &Value) -> Vec<String> {
    refused_text(&schema.to_string())
}

fn refused_text(schema: &str) -> Vec<String> {
    let mut places: Vec<_> = Form::compile(schema).unwrap_err().into_iter().map(|b| b.path).collect();
    places.sort();
    places
}

#[test]
fn every_keyword_that_is_violated_names_its_path() {
    let form = form(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/forms/water",
        "type": "object",
        "required": ["meter"],
        "additionalProperties": false,
        "properties": {
            "meter": { "type": "string", "pattern": "^[0-9]{8}$" },
            "kind": { "enum": ["cold", "hot"] },
            "agreed": { "const": true },
            "day": { "type": "string", "format": "date" },
            "address": {
                "type": "object",
                "properties": {
                    "floor": { "type": "integer", "minimum": -3, "maximum": 120 },
                    "rooms": { "type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true,
                               "items": { "type": "string", "minLength": 1, "maxLength": 3 } },
                },
                "required": ["floor"],
                "minProperties": 1,
                "maxProperties": 2,
            },
            "share": { "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.25 },
            "either": { "anyOf": [{ "type": "string" }, { "type": "boolean" }] },
            "one": { "oneOf": [{ "minimum": 1 }, { "minimum": 2 }] },
            "not": { "not": { "const": 7 } },
            "has": { "type": "array", "contains": { "const": "x" } },
            "never": false,
            "names": { "type": "object", "propertyNames": { "maxLength": 2 } },
            "many": { "type": ["string", "null"] },
        },
        "dependentRequired": { "agreed": ["day"] },
        "if": { "properties": { "kind": { "const": "hot" } }, "required": ["kind"] },
        "then": { "required": ["share"] },
    }));
    let cases = [
        (json!({}), "meter", "required"),
        (json!({ "meter": 5 }), "meter", "type"),
        (json!({ "meter": "1234567x" }), "meter", "pattern"),
        (json!({ "meter": "12345678", "kind": "warm" }), "kind", "enum"),
        (json!({ "meter": "12345678", "agreed": false, "day": "2026-11-29" }), "agreed", "const"),
        (json!({ "meter": "12345678", "agreed": true }), "day", "required"),
        (json!({ "meter": "12345678", "kind": "hot" }), "share", "required"),
        (json!({ "meter": "12345678", "day": "2026-02-30" }), "day", "format"),
        (json!({ "meter": "12345678", "address": { "floor": 121 } }), "address.floor", "maximum"),
        (json!({ "meter": "12345678", "address": { "floor": -4 } }), "address.floor", "minimum"),
        (json!({ "meter": "12345678", "address": { "floor": 1.5 } }), "address.floor", "type"),
        (json!({ "meter": "12345678", "address": { "rooms": ["1"] } }), "address.floor", "required"),
        (json!({ "meter": "12345678", "address": {} }), "address", "minProperties"),
        (
            json!({ "meter": "12345678", "address": { "floor": 1, "a": 1, "b": 1 } }),
            "address",
            "maxProperties",
        ),
        (json!({ "meter": "12345678", "address": { "floor": 1, "rooms": [] } }), "address.rooms", "minItems"),
        (
            json!({ "meter": "12345678", "address": { "floor": 1, "rooms": ["1", "2", "3"] } }),
            "address.rooms",
            "maxItems",
        ),
        (
            json!({ "meter": "12345678", "address": { "floor": 1, "rooms": ["1", "1"] } }),
            "address.rooms",
            "uniqueItems",
        ),
        (
            json!({ "meter": "12345678", "address": { "floor": 1, "rooms": ["1", "1234"] } }),
            "address.rooms[1]",
            "maxLength",
        ),
        (
            json!({ "meter": "12345678", "address": { "floor": 1, "rooms": [""] } }),
            "address.rooms[0]",
            "minLength",
        ),
        (json!({ "meter": "12345678", "share": 0 }), "share", "exclusiveMinimum"),
        (json!({ "meter": "12345678", "share": 1 }), "share", "exclusiveMaximum"),
        (json!({ "meter": "12345678", "share": 0.3 }), "share", "multipleOf"),
        (json!({ "meter": "12345678", "either": 1 }), "either", "anyOf"),
        (json!({ "meter": "12345678", "one": 0 }), "one", "oneOf"),
        (json!({ "meter": "12345678", "one": 3 }), "one", "oneOf"),
        (json!({ "meter": "12345678", "not": 7 }), "not", "not"),
        (json!({ "meter": "12345678", "has": ["y"] }), "has", "contains"),
        (json!({ "meter": "12345678", "never": 1 }), "never", "no value"),
        (json!({ "meter": "12345678", "names": { "long": 1 } }), "names", "propertyNames"),
        (json!({ "meter": "12345678", "many": 1 }), "many", "type"),
        (json!({ "meter": "12345678", "color": "red" }), "", "additionalProperties"),
    ];
    for (given, path, keyword) in cases {
        let broken = form.check(&values(given.clone())).unwrap_err();
        assert!(
            broken.iter().any(|b| b.path == path && b.rule.starts_with(keyword)),
            "{given}: {path} {keyword} is not in {broken:?}"
        );
    }
    let good = json!({ "meter": "12345678", "kind": "hot", "share": 0.25, "agreed": true, "day": "2026-11-29",
                       "address": { "floor": 3, "rooms": ["301"] }, "many": null });
    assert_eq!(form.check(&values(good)), Ok(()));
}

#[test]
fn several_violations_are_told_at_once_and_no_value_with_them() {
    let form = form(&object(json!({
        "id": { "type": "string", "maxLength": 3 },
        "floor": { "type": "integer" },
    })));
    let broken = form.check(&values(json!({ "id": "440106199001011234", "floor": "third" }))).unwrap_err();
    let told: Vec<_> = broken.iter().map(|b| b.path.as_str()).collect();
    assert_eq!(told, ["floor", "id"]);
    assert!(!format!("{broken:?}").contains("440106"), "{broken:?}");
    assert!(!format!("{broken:?}").contains("third"), "{broken:?}");
}

#[test]
fn a_schema_that_is_none_is_refused() {
    assert_eq!(refused_text("{"), [""]);
    assert_eq!(refused_text("[]"), [""]);
    assert_eq!(refused_text("true"), [""]);
    assert_eq!(refused(&json!({ "type": "array" })), ["/type"]);
    assert_eq!(refused(&json!({ "type": "object", "properties": { "a": 1 } })), ["/properties/a"]);
    assert_eq!(refused(&object(json!({ "a": { "type": "text" } }))), ["/properties/a/type"]);
    assert_eq!(refused(&object(json!({ "a": { "minLength": -1 } }))), ["/properties/a/minLength"]);
    assert_eq!(refused(&object(json!({ "a": { "format": "phone-of-ours" } }))).len(), 1);
    let draft = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object" });
    assert_eq!(refused(&draft), ["/$schema"]);
}

#[test]
fn a_misspelt_keyword_is_refused_instead_of_doing_nothing() {
    assert_eq!(refused(&object(json!({ "a": { "maxlength": 3 } }))), ["/properties/a/maxlength"]);
    assert_eq!(refused(&object(json!({ "a": { "x-searchabel": true } }))), ["/properties/a/x-searchabel"]);
    // What is a name of a field is no keyword.
    form(&object(json!({ "maxlength": { "const": { "any": "thing" }, "x-label": "长度" } })));
}

#[test]
fn nothing_outside_the_form_is_referred_to() {
    for target in [
        "https://example.com/schema.json",
        "file:///etc/passwd",
        "other.json",
        "https://json-schema.org/draft/2020-12/schema",
        "#anchor",
        "#/$defs/missing",
    ] {
        assert_eq!(refused(&object(json!({ "a": { "$ref": target } }))), ["/properties/a/$ref"], "{target}");
    }
    for keyword in ["$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary"] {
        let place = format!("/properties/a/{keyword}");
        assert_eq!(refused(&object(json!({ "a": { keyword: "#x" } }))), [place], "{keyword}");
    }
    assert_eq!(refused(&object(json!({ "a": { "$id": "http://a/" } }))), ["/properties/a/$id"]);
    let inner = json!({ "type": "object", "$defs": { "floor": { "type": "integer" } },
                        "properties": { "a": { "$ref": "#/$defs/floor" } } });
    assert!(form(&inner).check(&values(json!({ "a": "x" }))).is_err());
}

#[test]
fn a_form_does_not_lead_back_to_itself() {
    assert_eq!(refused(&object(json!({ "a": { "$ref": "#" } }))), ["/properties/a/$ref"]);
    let tree = json!({ "type": "object", "$defs": { "node": { "properties": { "next": { "$ref": "#/$defs/node" } } } },
                       "properties": { "a": { "$ref": "#/$defs/node" } } });
    assert!(refused(&tree).contains(&"/$defs/node/properties/next/$ref".to_owned()));
}

#[test]
fn a_form_whose_references_multiply_is_refused() {
    let mut defs = Map::new();
    defs.insert("d0".to_owned(), json!({ "type": "string" }));
    for at in 1..20 {
        let one = json!({ "$ref": format!("#/$defs/d{}", at - 1) });
        defs.insert(format!("d{at}"), json!({ "allOf": [one, one] }));
    }
    let laughs = json!({ "type": "object", "$defs": defs, "properties": { "a": { "$ref": "#/$defs/d19" } } });
    assert!(refused(&laughs).contains(&String::new()), "{:?}", refused(&laughs));
}

#[test]
fn a_form_is_neither_too_large_nor_too_deep() {
    let large = object(json!({ "a": { "description": "字".repeat(MAX_SCHEMA_BYTES / 2) } }));
    assert_eq!(refused(&large), [""]);
    let mut deep = json!({ "type": "string" });
    for _ in 0..60 {
        deep = json!({ "items": deep });
    }
    assert_eq!(refused(&object(json!({ "a": deep }))).len(), 1);
    // As deep as it gets before anything looks at it.
    let nested = format!("{}{}", "{\"not\":".repeat(9_000), "}".repeat(9_000));
    assert_eq!(refused_text(&nested), [""]);
}

#[test]
fn a_pattern_that_could_take_for_ever_is_refused_and_a_hard_one_is_quick() {
    assert_eq!(refused(&object(json!({ "a": { "pattern": "(?=a)b" } }))).len(), 1);
    assert_eq!(refused(&object(json!({ "a": { "pattern": "(a)\\1" } }))).len(), 1);
    assert_eq!(refused(&object(json!({ "a": { "pattern": "(" } }))).len(), 1);
    assert_eq!(refused(&object(json!({ "a": { "pattern": "((a{1000}){1000}){1000}" } }))).len(), 1);
    assert_eq!(refused(&object(json!({ "a": { "pattern": "a".repeat(600) } }))), ["/properties/a/pattern"]);
    let form = form(&object(json!({ "a": { "type": "string", "pattern": "^(a+)+$" } })));
    let begun = std::time::Instant::now();
    assert!(form.check(&values(json!({ "a": format!("{}b", "a".repeat(50_000)) }))).is_err());
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn what_is_filled_in_is_neither_too_large_nor_too_deep() {
    let form = form(&json!({ "type": "object" }));
    let mut deep = json!(1);
    for _ in 0..30 {
        deep = json!([deep]);
    }
    for (given, what) in [
        (json!({ "a": deep }), "deep"),
        (json!({ "a": "字".repeat(30_000) }), "long"),
        (json!({ "a": vec![0; 3_000] }), "many"),
    ] {
        let broken = form.check(&values(given)).unwrap_err();
        assert_eq!(broken.len(), 1, "{what}: {broken:?}");
        assert_eq!(broken[0].path, "", "{what}");
    }
}

#[test]
fn control_characters_are_refused_with_their_place() {
    let form = form(&json!({ "type": "object" }));
    let given = values(json!({ "a": { "b": ["x", "nul \0"] }, "c": "two\nlines", "d\u{1b}": 1 }));
    let places: Vec<_> = form.check(&given).unwrap_err().into_iter().map(|b| b.path).collect();
    assert_eq!(places, ["a.b[1]", ""]);
}

#[test]
fn searchable_fields_are_scalars_that_are_there_once() {
    let form = form(&json!({ "type": "object", "properties": {
        "meter": { "type": "string", "x-searchable": true },
        "amount": { "type": "number", "x-searchable": true },
        "count": { "type": "integer", "x-searchable": true },
        "agreed": { "type": "boolean", "x-searchable": true },
        "day": { "type": "string", "format": "date", "x-searchable": true },
        "plain": { "type": "string", "x-searchable": false },
        "address": { "type": "object", "properties": { "floor": { "type": "integer", "x-searchable": true } } },
    }}));
    let mut kinds: Vec<_> = form.searchable().iter().map(|f| (f.name.as_str(), f.kind)).collect();
    kinds.sort_by_key(|(name, _)| *name);
    assert_eq!(
        kinds,
        [
            ("address.floor", Kind::Number),
            ("agreed", Kind::Flag),
            ("amount", Kind::Number),
            ("count", Kind::Number),
            ("day", Kind::Date),
            ("meter", Kind::Text),
        ]
    );
    let given = values(
        json!({ "meter": "12345678", "day": "2026-11-29", "address": { "floor": 3 }, "agreed": false }),
    );
    form.check(&given).unwrap();
    let mut found = form.found(&given);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        found,
        [
            ("address.floor".to_owned(), Found::Number(3.0)),
            ("agreed".to_owned(), Found::Flag(false)),
            ("day".to_owned(), Found::Date("2026-11-29".parse().unwrap())),
            ("meter".to_owned(), Found::Text("12345678".to_owned())),
        ]
    );
    let long = form.check(&values(json!({ "meter": "1".repeat(257) }))).unwrap_err();
    assert!(matches!(&long[..], [Broken { path, rule }] if path == "meter" && rule.starts_with("maxLength")));

    let marked = json!({ "type": "string", "x-searchable": true });
    for (schema, place) in [
        (object(json!({ "a": { "type": "array", "x-searchable": true } })), "/properties/a/x-searchable"),
        (object(json!({ "a": { "x-searchable": true } })), "/properties/a/x-searchable"),
        (
            object(json!({ "a": { "type": ["string", "null"], "x-searchable": true } })),
            "/properties/a/x-searchable",
        ),
        (object(json!({ "a": { "items": marked } })), "/properties/a/items/x-searchable"),
        (object(json!({ "a": { "anyOf": [marked] } })), "/properties/a/anyOf/0/x-searchable"),
        (object(json!({ "a": { "type": "string", "x-searchable": "yes" } })), "/properties/a/x-searchable"),
        (json!({ "type": "object", "x-searchable": true }), "/x-searchable"),
        (object(json!({ "a.b": marked })), "/properties/a.b"),
        (
            object(json!({ "a": { "type": "string", "x-searchable": true, "x-personal": true } })),
            "/properties/a/x-searchable",
        ),
    ] {
        assert_eq!(refused(&schema), [place], "{schema}");
    }
}

#[test]
fn what_is_personal_is_parted_from_the_rest_and_put_together_again() {
    let form = form(&json!({ "type": "object", "properties": {
        "plate": { "type": "string", "x-personal": true },
        "color": { "type": "string" },
        "owner": { "type": "object", "properties": {
            "licence": { "type": "string", "x-personal": true }, "since": { "type": "integer" },
        }},
    }}));
    let given =
        values(json!({ "plate": "粤A12345", "color": "red", "owner": { "licence": "x", "since": 3 } }));
    let (rest, personal) = form.part(given.clone());
    assert_eq!(Value::Object(rest.clone()), json!({ "color": "red", "owner": { "since": 3 } }));
    assert_eq!(Value::Object(personal.clone()), json!({ "plate": "粤A12345", "owner": { "licence": "x" } }));
    assert_eq!(together(rest, personal), given);
}

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e6..1e6f64).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z$-]{1,12}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Something that looks like a schema.
fn any_schema() -> impl Strategy<Value = Value> {
    let keyword = prop::sample::select(vec![
        "type",
        "properties",
        "items",
        "allOf",
        "anyOf",
        "not",
        "$ref",
        "$defs",
        "pattern",
        "minLength",
        "enum",
        "required",
        "format",
        "x-searchable",
        "x-personal",
        "if",
        "then",
        "patternProperties",
        "$id",
        "const",
    ]);
    let leaf = prop_oneof![
        prop::sample::select(vec!["object", "string", "integer", "#", "#/$defs/a", "date", "^a+$"])
            .prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (0..9).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let named = prop::collection::btree_map("[ab]", inner.clone(), 0..3)
            .prop_map(|map| Value::Object(map.into_iter().collect()));
        let list = prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from);
        prop::collection::btree_map(keyword.clone(), prop_oneof![inner, named, list], 0..5)
            .prop_map(|map| Value::Object(map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
    })
}

proptest! {
    /// Whatever is put as a form is judged and does not break anything, nor do values that are held to it.
    #[test]
    fn nothing_that_is_put_breaks_anything(mut schema in any_schema(), value in any_json()) {
        if let Some(root) = schema.as_object_mut() {
            root.insert("type".to_owned(), json!("object"));
        }
        if let (Ok(form), Value::Object(given)) = (Form::compile(&schema.to_string()), value) {
            let checked = form.check(&given);
            let (rest, personal) = form.part(given.clone());
            prop_assert_eq!(&together(rest, personal), &given);
            if checked.is_ok() {
                prop_assert!(form.found(&given).len() <= form.searchable().len());
            }
        }
    }
}
