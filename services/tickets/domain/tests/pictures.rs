//! The shipped workflows as pictures, and the table of every act at every step, as they are checked in.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use gongdan_tickets_domain::{
    Phase,
    workflow::{Language, Move, START, Workflow, mermaid, shipped, svg},
};
use std::{fmt::Write as _, fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Compares with the file, or writes it.
fn held(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("GONGDAN_WRITE_REFERENCE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == text,
        "{path} is not what the definitions say: GONGDAN_WRITE_REFERENCE=1 cargo test -p gongdan-tickets-domain --test pictures"
    );
}

#[test]
fn the_three_workflows_are_pictured() {
    for workflow in shipped() {
        for (language, suffix) in [(Language::Zh, "zh"), (Language::En, "en")] {
            let picture = svg(workflow, language);
            for step in workflow.steps() {
                let name = if language == Language::Zh { &step.name.zh } else { &step.name.en };
                assert!(picture.contains(name.as_str()), "{name} is not in the picture");
            }
            held(&format!("docs/workflows/{}.{suffix}.svg", workflow.key()), &picture);
        }
        held(&format!("docs/workflows/{}.mmd", workflow.key()), &mermaid(workflow, Language::En));
    }
}

#[test]
fn mermaid_has_every_step_and_every_way() {
    for workflow in shipped() {
        let text = mermaid(workflow, Language::Zh);
        assert!(text.starts_with("stateDiagram-v2\n"));
        for transition in &workflow.definition().transitions {
            let id = |key: &String| if key == START { "[*]".to_owned() } else { key.replace('-', "_") };
            for from in &transition.from {
                assert!(
                    text.contains(&format!("    {} --> {}: ", id(from), id(&transition.to))),
                    "{from} → {}",
                    transition.to
                );
            }
        }
    }
}

#[test]
fn every_act_at_every_step_by_every_role_is_in_the_table() {
    let mut text = String::from(
        "# What may be done at which step\n\n\
         Made from the shipped workflows by `GONGDAN_WRITE_REFERENCE=1 cargo test -p gongdan-tickets-domain --test pictures`; \
         a test compares it. At each step stands every act: `✓` leads to the step named, for all whom the policies permit \
         the act to ([who may do what](access-matrix.md)); `role` and `guard` say what the workflow asks for beside that; \
         `step` is refused because no way leads there from here; `phase` is refused in this phase by every workflow. The \
         suite's own programs are held to steps and guards, not to roles.\n",
    );
    for workflow in shipped() {
        let _ = writeln!(text, "\n## {} ({})", workflow.definition().name.en, workflow.key());
        steps(&mut text, workflow);
    }
    held("docs/reference/workflow-matrix.md", &text);
}

fn steps(text: &mut String, workflow: &Workflow) {
    let places = std::iter::once((START, None))
        .chain(workflow.steps().iter().map(|s| (s.key.as_str(), Some(s.phase))));
    let roles = gongdan_tickets_domain::workflow::ROLES;
    for (key, phase) in places {
        let _ =
            write!(text, "\n### {key}{}\n\n| Act |", phase.map(|p| format!(" ({p})")).unwrap_or_default());
        for role in roles {
            let _ = write!(text, " {role} |");
        }
        let _ = writeln!(text, "\n|---|{}", "---|".repeat(roles.len()));
        for action in Move::ALL {
            let _ = write!(text, "| {action} |");
            for role in roles {
                let _ = write!(text, " {} |", cell(workflow, key, phase, *action, role));
            }
            text.push('\n');
        }
    }
}

/// What comes of an act at a step by a role, for each way that could be taken.
fn cell(workflow: &Workflow, key: &str, phase: Option<Phase>, action: Move, role: &str) -> String {
    if !action.table().0.contains(&phase) {
        return "phase".to_owned();
    }
    let ways: Vec<_> = workflow
        .definition()
        .transitions
        .iter()
        .filter(|t| t.action == action.name() && t.from.iter().any(|from| from == key))
        .collect();
    if ways.is_empty() {
        return "step".to_owned();
    }
    let said: Vec<String> = ways
        .iter()
        .map(|way| {
            if !way.roles.is_empty() && !way.roles.iter().any(|known| known == role) {
                return "role".to_owned();
            }
            let guard = way
                .guard
                .as_deref()
                .map(|g| format!(", guard `{}`", g.replace('|', "\\|")))
                .unwrap_or_default();
            format!("✓ {}{guard}", way.to)
        })
        .collect();
    let mut cells: Vec<String> = Vec::new();
    for one in said {
        if !cells.contains(&one) {
            cells.push(one);
        }
    }
    cells.join("; ")
}
