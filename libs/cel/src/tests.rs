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
    Expression::compile(source, &Language { variables: &VARIABLES, samples: &samples, total })
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

proptest::proptest! {
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
