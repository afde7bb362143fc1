use super::*;

fn refused(source: &str) -> ConditionError {
    match Condition::compile(source) {
        Ok(_) => panic!("`{source}` was accepted"),
        Err(error) => error,
    }
}

fn holds(source: &str) -> Verdict {
    let at: Timestamp = "2026-11-22T10:30:00Z".parse().unwrap();
    Condition::compile(source)
        .unwrap_or_else(|error| panic!("`{source}`: {error}"))
        .evaluate(&sample().unwrap(), at)
}

#[test]
fn conditions_see_ticket_customer_and_time() {
    for source in [
        "true",
        "ticket.type == 'complaint'",
        "ticket.item.startsWith('城乡建设/') && '城乡建设/安全生产' in ticket.item_path",
        "ticket.item_path[0] == '城乡建设' && size(ticket.item_path) == 3",
        "ticket.region == '440106000000' && ticket.province == '广东省' && ticket.city == '广州市' && ticket.county == '天河区'",
        "ticket.priority <= 3 && ticket.channel in ['phone', 'web']",
        "ticket.urgency == 'medium' || ticket.impact == 'critical'",
        "ticket.subject.contains('噪音') && ticket.body.matches('施工|装修')",
        "ticket.round == 1 && ticket.return_count > 0 && 'a-unit' in ticket.returned_by",
        "ticket.tier == 1 && !ticket.sensitive && customer.known",
        "customer.tier == 'standard' && ticket.type_key == 'noise_complaint'",
        "time.hour == 18 && time.minute == 30 && time.weekday == 7 && time.day == 22 && time.month == 11",
        "time.date == '2026-11-22' && time.now == '2026-11-22T18:30:00+08:00'",
        "ticket.repeat_count == 2 && !time.working",
        "timestamp(ticket.received_at) < timestamp(time.now)",
        "['噪音', '油烟'].exists(word, ticket.subject.contains(word))",
        "time.hour < 8 ? ticket.priority == 1 : ticket.priority == 3",
    ] {
        assert_eq!(holds(source), Verdict::Holds, "{source}");
    }
}

#[test]
fn the_part_that_is_false_is_named() {
    let source = "ticket.type == 'complaint' && ticket.priority == 1 && ticket.channel == 'web'";
    assert_eq!(holds(source), Verdict::False(1));
    assert_eq!(parts(source)[1], "ticket.priority == 1");
    assert_eq!(holds("ticket.priority == 1 || ticket.channel == 'web'"), Verdict::False(0));
}

#[test]
fn a_false_part_counts_more_than_one_that_fails() {
    assert_eq!(holds("ticket.item_path[7] == 'x' && ticket.priority == 1"), Verdict::False(1));
    assert!(matches!(holds("ticket.item_path[7] == 'x' && ticket.priority == 3"), Verdict::Failed(_)));
}

#[test]
fn a_bad_condition_is_refused_with_its_position() {
    for (source, line, column, message) in [
        ("", 1, 1, "empty"),
        ("ticket.type ==", 1, 15, ""),
        ("ticket.type = 'x'", 1, 13, ""),
        ("ticket.priority < 3 &&\n  ticket.typ == 'x'", 2, 3, "unknown field `ticket.typ`"),
        ("'噪音' == ticket.thema", 1, 9, "unknown field `ticket.thema`"),
        ("'噪音' == 'x' && ticket.type = 'x'", 1, 28, ""),
        ("true && tiket.type == 'x'", 1, 9, "unknown variable `tiket`"),
        ("ticket == 'x'", 1, 1, "`ticket` needs a field"),
        ("true && customer", 1, 9, "`customer` needs a field"),
        ("has(ticket.type)", 1, 4, "has() is not needed"),
        ("ticket.type.foo == 'x'", 1, 12, "`.foo`"),
        ("rm(ticket.type)", 1, 3, "unknown function rm"),
        ("ticket.subject.shout()", 1, 21, "unknown function shout"),
        ("1 + 1", 1, 3, "gives a value of type Int"),
        ("ticket.subject", 1, 7, "gives a value of type String"),
        ("ticket.sensitive && ticket.subject", 1, 27, "gives a value of type String"),
        ("ticket.subject > 3", 1, 16, ""),
        ("ticket.subject.matches('(')", 1, 23, "matches cannot be applied"),
        ("[1].exists(a, [1].exists(b, [1].exists(c, a == b && b == c)))", 1, 39, "more than 2"),
        ("ticket.?type == 'x'", 1, 7, ""),
    ] {
        let error = refused(source);
        assert_eq!((error.line, error.column), (line, column), "{source}: {error}");
        assert!(error.message.contains(message), "{source}: {error}");
    }
}

#[test]
fn a_word_that_a_field_never_is_is_refused_with_its_position() {
    for (source, column, message) in [
        (
            "ticket.type == 'nonsense'",
            16,
            "no type of tickets `nonsense`; there are consultation, complaint,",
        ),
        ("ticket.priority == 1 && 'Complaint' == ticket.type", 25, "no type of tickets `Complaint`"),
        ("ticket.channel in ['phone', 'telephone']", 29, "no channel `telephone`; there are phone,"),
        ("ticket.urgency != 'urgent'", 19, "no urgency `urgent`; there are low, medium, high, critical"),
        ("ticket.impact == ''", 18, "no impact ``"),
        ("ticket.city == '广州'", 16, "no city `广州`; there is `广州市`"),
        ("ticket.county in ['天河区', '天河']", 26, "no county `天河`; there is `天河区`"),
        ("ticket.province == '广州市'", 20, "no province `广州市` in the national table"),
        ("ticket.region == '440106'", 18, "a region has 12 digits here: `440106000000`"),
        ("ticket.region == '999999000000'", 18, "no region `999999000000`"),
    ] {
        let error = refused(source);
        assert_eq!((error.line, error.column), (1, column), "{source}: {error}");
        assert!(error.message.starts_with(message), "{source}: {error}");
        assert!(Condition::compile_kept(source).is_ok(), "what was kept is kept: {source}");
    }
    let nobody = std::collections::HashMap::new();
    let error = Condition::compile_among("'nowhere' in ticket.returned_by", &nobody).err().unwrap();
    assert_eq!((error.column, error.message.as_str()), (1, "no unit `nowhere`"));
    assert_eq!(holds("ticket.city != '' && ticket.type_key != 'whatever'"), Verdict::Holds);
}

#[test]
fn working_time_is_that_of_the_national_calendar() {
    let condition = Condition::compile("time.working").unwrap();
    for (at, working) in
        [("2026-11-23T02:00:00Z", true), ("2026-11-23T04:30:00Z", false), ("2026-10-01T02:00:00Z", false)]
    {
        let verdict = condition.evaluate(&sample().unwrap(), at.parse().unwrap());
        assert_eq!(verdict, if working { Verdict::Holds } else { Verdict::False(0) }, "{at}");
    }
}

#[test]
fn the_deepest_condition_that_is_allowed_does_not_overflow() {
    let deep = format!("{}true{}", "(".repeat(24), ")".repeat(24));
    assert_eq!(holds(&deep), Verdict::Holds);
    let sum = format!("{} == 200", vec!["1"; 200].join("+"));
    assert_eq!(holds(&sum), Verdict::Holds);
    assert_eq!(holds(&format!("{}true", "!".repeat(200))), Verdict::Holds);
    let ors = vec!["false"; 200].join(" || ");
    assert_eq!(holds(&format!("{ors} || true")), Verdict::Holds);
    let _ = Condition::compile(&format!("{}1{}", "[".repeat(24), "]".repeat(24)));
    let _ = Condition::compile(&format!("a{}", ".b".repeat(400)));
    let _ = Condition::compile(&vec!["true ? true : "; 199].concat());
    let _ = Condition::compile(&format!("{}{}", "(".repeat(24), "-".repeat(200)));
}

#[test]
fn whether_texts_are_read_is_known() {
    assert!(Condition::compile("ticket.subject.contains('x')").unwrap().reads_text());
    assert!(Condition::compile("ticket.type == 'help' || ticket.body == ''").unwrap().reads_text());
    assert!(!Condition::compile("ticket.type_key == 'subject'").unwrap().reads_text());
}

proptest::proptest! {
    /// Whatever is typed, the answer is a condition or a refusal, never a crash.
    #[test]
    fn nothing_typed_brings_it_down(source in r#"([a-z.'"()\[\]{}&|!<>=+*/%?: 0-9噪\\\n]|ticket\.type| && | in |true){0,60}"#) {
        if let Ok(condition) = Condition::compile(&source) {
            let verdict = condition.evaluate(&sample().unwrap(), Timestamp::UNIX_EPOCH);
            if let Verdict::False(part) = verdict {
                proptest::prop_assert!(part < parts(&source).len());
            }
        }
    }

    /// Splitting into parts does not change what a condition says.
    #[test]
    fn parts_together_say_what_the_whole_says(values in proptest::collection::vec(proptest::bool::ANY, 1..12)) {
        let source = values.iter().map(|v| if *v { "ticket.round == 1" } else { "ticket.round == 2" }).collect::<Vec<_>>().join(" && ");
        let expected = values.iter().position(|v| !v).map_or(Verdict::Holds, Verdict::False);
        proptest::prop_assert_eq!(holds(&source), expected);
    }
}
