use super::*;

/// `thing.name`, `thing.count`, `thing.tags`, `thing.hot`, `place.name`.
struct Thing {
    count: i64,
    tags: Vec<&'static str>,
}

impl Facts for Thing {
    fn fact(&self, name: &str) -> Option<Fact<'_>> {
        Some(match name {
            "thing.name" => Fact::Text("lamp"),
            "thing.count" => Fact::Number(self.count),
            "thing.tags" => Fact::List(self.tags.clone()),
            "thing.hot" => Fact::Flag(true),
            "place.name" => Fact::Made("hall".to_owned()),
            _ => return None,
        })
    }
}

const VARIABLES: [(&str, &[&str]); 2] = [("thing", &["name", "count", "tags", "hot"]), ("place", &["name"])];

fn compile(source: &str, total: bool) -> Result<Expression, ExpressionError> {
    let (one, none) = (Thing { count: 1, tags: vec!["a"] }, Thing { count: 0, tags: Vec::new() });
    let samples: [(&str, &dyn Facts); 2] = [("one", &one), ("none", &none)];
    let texts = |field: &str, text: &str| match (field, text) {
        ("thing.name", "lamp" | "chair") | ("thing.tags", "a" | "b" | "x" | "y") => Ok(()),
        ("thing.name" | "thing.tags", other) => Err(format!("{field} is never `{other}`")),
        _ => Ok(()),
    };
    let language = Language { variables: &VARIABLES, samples: &samples, total, texts: Some(&texts) };
    Expression::compile(source, &language)
}

#[test]
fn an_expression_reads_what_is_published() {
    let thing = Thing { count: 3, tags: vec!["x", "y"] };
    for source in [
        "thing.name == 'lamp' && place.name.startsWith('h')",
        "thing.count > 2 && thing.hot && 'x' in thing.tags",
        "size(thing.tags) == 2 ? thing.tags[1] == 'y' : false",
    ] {
        assert_eq!(compile(source, true).unwrap().evaluate(&thing), Verdict::Holds, "{source}");
    }
    let expression = compile("thing.hot && thing.count == 4", true).unwrap();
    assert_eq!(expression.evaluate(&thing), Verdict::False(1));
    assert!(expression.reads("thing.count") && !expression.reads("thing.name"));
    assert!(expression.reads_only(&["thing.hot", "thing.count"]) && !expression.reads_only(&["thing.hot"]));
}

#[test]
fn what_others_publish_is_refused_with_its_position_and_what_there_is() {
    for (source, column, message) in [
        ("thing.hot && ticket.type == 'x'", 14, "unknown variable `ticket`; there are thing and place"),
        ("thing.cold", 1, "unknown field `thing.cold`; there are name, count, tags, hot"),
        ("thing.name.size == 1", 11, "`.size`: there are fields of thing and place only"),
        ("shout(thing.name)", 6, "unknown function shout"),
        ("thing.count", 6, "gives a value of type Int, not true or false"),
    ] {
        let error = compile(source, false).unwrap_err();
        assert_eq!((error.line, error.column, error.message.as_str()), (1, column, message), "{source}");
    }
}

#[test]
fn a_total_expression_gives_true_or_false_on_every_sample() {
    let source = "thing.hot && thing.tags[0] == 'a'";
    assert!(compile(source, false).is_ok(), "it may fail on values");
    let error = compile(source, true).unwrap_err();
    assert_eq!(error.message, "on the sample \"none\": no element of this number in the list");
    assert_eq!(error.column, 24, "where it fails: {error}");
    assert!(compile("size(thing.tags) > 0 && thing.tags[0] == 'a'", true).is_ok());
    let error = compile("10 / thing.count > 1", true).unwrap_err();
    assert_eq!(error.message, "on the sample \"none\": division by zero");
}

#[test]
fn what_would_take_too_long_or_too_much_memory_is_refused() {
    let list = |n: usize| format!("[{}]", vec!["'a'"; n].join(","));
    let nested = format!("{0}.exists(x, {0}.exists(y, x == y))", list(150));
    let error = compile(&nested, false).unwrap_err();
    assert_eq!(error.message, "lists inside each other that take more than 10000 steps");
    assert!(compile(&format!("{0}.exists(x, {0}.exists(y, x == y))", list(90)), false).is_ok());
    let error = compile("thing.name.matches('[^a]{2000}')", false).unwrap_err();
    assert_eq!((error.column, error.message.as_str()), (20, "the pattern is too large"));
    // Written out, it would be compiled for every element: it is left to the interpreter.
    let many = format!("{}.exists(x, thing.name == x && place.name.matches('^h[a-z]+l$'))", list(300));
    assert!(compile(&many, false).unwrap().parts.iter().any(|part| part.quick.is_none()));
}

#[test]
fn what_fails_says_nothing_of_the_values() {
    let expression = compile("{'a': true}[thing.name]", false).unwrap();
    let Verdict::Failed(said) = expression.evaluate(&Thing { count: 1, tags: Vec::new() }) else {
        panic!("there is no such key")
    };
    assert_eq!(said, "no such key");
}

#[test]
fn a_text_that_a_field_never_is_is_refused_where_it_stands() {
    for (source, column, message) in [
        ("thing.hot && thing.name == 'lump'", 28, "thing.name is never `lump`"),
        ("'lump' != thing.name", 1, "thing.name is never `lump`"),
        ("thing.name in ['lamp', 'lump']", 24, "thing.name is never `lump`"),
        ("'z' in thing.tags", 1, "thing.tags is never `z`"),
    ] {
        let error = compile(source, false).unwrap_err();
        assert_eq!((error.column, error.message.as_str()), (column, message), "{source}");
    }
    for source in ["thing.name in ['lamp', 'chair']", "place.name == 'lump'", "thing.name.startsWith('lu')"] {
        assert!(compile(source, false).is_ok(), "{source}");
    }
}

#[test]
fn comparisons_are_worked_out_without_the_interpreter() {
    for (source, quick) in [
        ("thing.name == 'lamp' && 2 < thing.count", true),
        ("thing.name in ['lamp', 'chair'] || !thing.hot", true),
        ("'x' in thing.tags && place.name.matches('^h.l+$')", true),
        ("['hall', 'yard'].exists(place_name, place.name.contains(place_name))", true),
        ("['x', 'z'].exists(tag, tag == place.name || tag in thing.tags)", true),
        ("size(thing.tags) == 2", false),
        ("thing.tags.exists(tag, tag == 'x')", false),
        ("thing.tags[0] == 'x'", false),
        ("thing.count + 1 > 2", false),
    ] {
        let expression = compile(source, false).unwrap();
        let all = expression.parts.iter().all(|part| part.quick.is_some());
        assert_eq!(all, quick, "{source}");
    }
}

fn comparison() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let leaf = proptest::sample::select(vec![
        "thing.name == 'lamp'",
        "'chair' == thing.name",
        "thing.name != 'lamp'",
        "thing.name in ['chair', 'lamp']",
        "thing.name in []",
        "thing.name.contains('am')",
        "thing.name.startsWith('am')",
        "place.name.endsWith('ll')",
        "place.name.matches('^h.l+$')",
        "thing.name.size() > 3",
        "thing.count > 1",
        "2 >= thing.count",
        "thing.count == 1",
        "thing.count != 2",
        "thing.count == '1'",
        "thing.name == 1",
        "thing.hot",
        "true",
        "'a' in thing.tags",
        "'b' in thing.tags",
        "thing.tags[1] == 'b'",
        "1 / thing.count == 1",
        "['al', 'am'].exists(x, thing.name.contains(x))",
        "['a', 'x'].exists(x, x in thing.tags && thing.tags[1] == x)",
        "[].exists(x, x in thing.tags)",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest::proptest! {
    /// The quick way says what the interpreter says, errors and the number of the false part included.
    #[test]
    fn the_quick_way_is_the_interpreter_s(
        parts in proptest::collection::vec(comparison(), 1..4),
        count in 0_i64..4,
        tags in proptest::collection::vec(proptest::sample::select(vec!["a", "b", "x"]), 0..3),
    ) {
        let thing = Thing { count, tags };
        if let Ok(expression) = compile(&parts.join(" && "), false) {
            proptest::prop_assert_eq!(deep(|| expression.verdict(&thing)), deep(|| expression.interpreted(&thing)));
        }
    }

    /// Whatever is typed, the answer is an expression or a refusal, never a crash.
    #[test]
    fn nothing_typed_brings_it_down(
        source in r#"([a-z.'"()\[\]{}&|!<>=+*/%?: 0-9噪\\\n]|thing\.name| && | in |true){0,60}"#,
        total in proptest::bool::ANY,
    ) {
        if let Ok(expression) = compile(&source, total) {
            let verdict = expression.evaluate(&Thing { count: 2, tags: vec!["b"] });
            if let Verdict::False(part) = verdict {
                proptest::prop_assert!(part < parts(&source).len());
            }
        }
    }
}
