//! What callers are answered, kept to be searched.

use gongdan_e2e::{search::Piece, suite::Suite};
use std::fmt::Debug;

/// Every answer, by what was asked: `answer ticket get`.
#[derive(Default)]
pub(super) struct Answers(pub Vec<Piece>);

impl Answers {
    /// Keeps an answer of a service, a refusal with its details too.
    pub(super) fn keep(&mut self, asked: &str, answer: &impl Debug) {
        self.0.push(Piece { place: format!("answer {asked}"), bytes: format!("{answer:?}").into_bytes() });
    }

    /// Runs the client, which must succeed; gives what it prints.
    pub(super) async fn cli(&mut self, suite: &Suite, arguments: &[&str]) -> String {
        let (good, said) = self.run(suite, arguments).await;
        assert!(good, "{arguments:?}: {said}");
        said
    }

    /// Runs the client, which must be refused.
    pub(super) async fn refused(&mut self, suite: &Suite, arguments: &[&str]) {
        let (good, said) = self.run(suite, arguments).await;
        assert!(!good, "{arguments:?}: {said}");
    }

    async fn run(&mut self, suite: &Suite, arguments: &[&str]) -> (bool, String) {
        let output = suite.cli(arguments).await;
        let bytes = [output.stdout.as_slice(), &output.stderr].concat();
        let said = String::from_utf8_lossy(&bytes).into_owned();
        let words: Vec<&str> = arguments.iter().copied().take(2).collect();
        self.0.push(Piece { place: format!("answer {}", words.join(" ")), bytes });
        (output.status.success(), said)
    }
}
