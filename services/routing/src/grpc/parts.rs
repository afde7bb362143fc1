//! A request that comes in parts is read to its end: in time, and never more of it than is allowed. Source: R1, R5, DESIGN rule 7.
//!
//! Whoever may import may still be slow, broken or mistaken: what a part says wrong is told when the part comes, not behind
//! half a million rows.

use crate::{Rooms, config::ImportsConfig};
use futures::{Stream, StreamExt as _};
use gongdan_errors::{Code, Error, Reason, Violations};
use prost::Message;
use std::time::Duration;
use tokio::{
    sync::SemaphorePermit,
    time::{Instant, timeout, timeout_at},
};
use tonic::Status;

/// So many violations say enough.
pub(super) const MOST_FOUND: usize = 100;

/// A part of a request; the request is what all of them together say.
pub(super) trait Part: Message + Default {
    /// The field that is told when there are too many rows.
    const ROWS: &'static str;
    /// Most rows of all parts.
    const MOST_ROWS: usize;

    /// The id of the request: the same in all parts, or only in the first.
    fn request_id(&mut self) -> &mut String;
    /// How many rows it has.
    fn rows(&self) -> usize;
    /// What is wrong with its rows whatever there is; `before` so many rows came with earlier parts.
    fn check(&self, _before: usize, _violations: &mut Violations) {}
    /// The rows of a later part, behind its own.
    fn append(&mut self, later: Self);
}

/// When a place may be free again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// A place among the imports that may go on at once, until it is dropped.
///
/// # Errors
/// RESOURCE_EXHAUSTED/SERVER_BUSY.
pub(super) fn one_of_few(rooms: &Rooms) -> Result<SemaphorePermit<'_>, Error> {
    let most = rooms.imports.at_once;
    rooms.importing.try_acquire().map_err(|_| {
        Error::exhausted(Reason::ServerBusy, "as many imports as may go on at once go on", RETRY_AFTER)
            .with("limit", "imports.at_once")
            .with("at_once", most)
    })
}

/// All parts as one.
///
/// # Errors
/// DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED and INVALID_ARGUMENT; each names part and row, from 0.
pub(super) async fn read<P: Part>(
    mut parts: impl Stream<Item = Result<P, Status>> + Unpin,
    limits: &ImportsConfig,
) -> Result<P, Error> {
    let ends = Instant::now() + limits.longest;
    let (mut whole, mut bytes) = (P::default(), 0_u64);
    for n in 0_usize.. {
        let here = |error: Error| error.with("part", n).with("row", whole.rows());
        let next = timeout(limits.idle, timeout_at(ends, parts.next())).await;
        let part = match next {
            Ok(Ok(Some(part))) => part.map_err(|status| here(unread(&status)))?,
            Ok(Ok(None)) => break,
            Ok(Err(_)) => return Err(here(Error::deadline_exceeded().with("limit", "imports.longest"))),
            Err(_) => return Err(here(Error::deadline_exceeded().with("limit", "imports.idle"))),
        };
        bytes = bytes.saturating_add(u64::try_from(part.encoded_len()).unwrap_or(u64::MAX));
        if bytes > limits.max_bytes {
            return Err(here(too_large(limits.max_bytes, n, whole.rows())));
        }
        let part = fits(&mut whole, part, n).map_err(|error| error.with("part", n))?;
        whole.append(part);
    }
    Ok(whole)
}

/// The part, if it belongs to those before it and has no more rows than are left, each of them with texts that can be kept.
fn fits<P: Part>(whole: &mut P, mut part: P, n: usize) -> Result<P, Error> {
    let id = std::mem::take(part.request_id());
    if whole.request_id().is_empty() {
        *whole.request_id() = id;
    } else if !id.is_empty() && id != *whole.request_id() {
        return Err(Error::invalid_field("request_id", "the same in all parts, or only in the first"));
    }
    let most = P::MOST_ROWS;
    if whole.rows() + part.rows() > most {
        let rule = format!("at most {most} rows in all parts: part {n} goes beyond");
        return Err(Error::invalid_field(P::ROWS, rule).with("row", whole.rows()));
    }
    let mut violations = Violations::new();
    part.check(whole.rows(), &mut violations);
    if violations.is_empty() { Ok(part) } else { Err(violations.into_error()) }
}

fn too_large(most: u64, part: usize, row: usize) -> Error {
    Error::too_large(format!("at most {most} bytes in all parts: part {part}, behind row {row}, goes beyond"))
}

/// The stream broke.
fn unread(status: &Status) -> Error {
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => {
            Error::too_large("a part is larger than a message may be")
        }
        Code::Internal => Error::unreadable("a part is not what the contract sends"),
        _ => Error::unreadable("the parts were cut off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::routing::v1::{ImportResponsibilitiesRequest, Responsibility};
    use tokio_stream::iter;

    const LIMITS: ImportsConfig = ImportsConfig {
        idle: Duration::from_secs(30),
        longest: Duration::from_secs(90),
        max_bytes: 1_000,
        at_once: 1,
    };

    fn part(id: &str, assets: &[&str]) -> Result<ImportResponsibilitiesRequest, Status> {
        let rows = assets.iter().map(|asset| Responsibility {
            asset: (*asset).to_owned(),
            person_id: "an".into(),
            ..Responsibility::default()
        });
        Ok(ImportResponsibilitiesRequest { request_id: id.into(), rows: rows.collect(), replace: false })
    }

    /// Part, row and limit that an error names.
    fn told(error: Error) -> [String; 3] {
        let details = tonic_types::StatusExt::get_error_details(&Status::from(error));
        let info = details.error_info().unwrap().metadata.clone();
        ["part", "row", "limit"].map(|key| info.get(key).cloned().unwrap_or_default())
    }

    #[tokio::test]
    async fn parts_are_put_together_in_their_order() {
        let parts = [part("a", &["1"]), part("", &["2", "3"]), part("a", &["4"])];
        let whole = read(iter(parts), &LIMITS).await.unwrap();
        let assets: Vec<_> = whole.rows.iter().map(|row| row.asset.as_str()).collect();
        assert_eq!((whole.request_id.as_str(), assets), ("a", vec!["1", "2", "3", "4"]));
        let other = read(iter([part("a", &["1"]), part("b", &["2"])]), &LIMITS).await.unwrap_err();
        assert_eq!(other.violations()[0].field, "request_id");
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_is_silent_is_not_waited_for() {
        let began = Instant::now();
        let silent = iter([part("a", &["1", "2"])]).chain(futures::stream::pending());
        let error = read(silent, &LIMITS).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
        assert_eq!(began.elapsed(), LIMITS.idle);
        assert_eq!(told(error), ["1", "2", "imports.idle"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_sends_a_little_again_and_again_comes_to_an_end() {
        let began = Instant::now();
        let slow = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Some((part("a", &["1"]), ()))
        });
        let error = read(Box::pin(slow), &LIMITS).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
        assert_eq!(began.elapsed(), LIMITS.longest);
        assert_eq!(told(error), ["4", "4", "imports.longest"]);
    }

    #[tokio::test]
    async fn no_more_is_kept_than_is_allowed() {
        let many = (0..).map(|_| part("a", &["LAMP-1", "LAMP-2", "LAMP-3"]));
        let error = read(iter(many), &LIMITS).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted);
        let whole = 1_000 / part("a", &["LAMP-1", "LAMP-2", "LAMP-3"]).unwrap().encoded_len();
        assert_eq!(told(error), [whole.to_string(), (3 * whole).to_string(), String::new()]);
        let limits = ImportsConfig { max_bytes: u64::MAX, ..LIMITS };
        let full = ImportResponsibilitiesRequest {
            rows: vec![
                Responsibility { asset: "L".into(), person_id: "an".into(), ..Default::default() };
                300_000
            ],
            ..Default::default()
        };
        let error = read(iter([Ok(full.clone()), Ok(full)]), &limits).await.unwrap_err();
        let violation = &error.violations()[0];
        assert_eq!(violation.field, "rows");
        assert_eq!(violation.rule, "at most 500000 rows in all parts: part 1 goes beyond");
    }

    #[tokio::test]
    async fn what_is_wrong_in_a_part_is_told_before_the_next_one_is_there() {
        let long = "x".repeat(3_000_000);
        let bad = Ok(ImportResponsibilitiesRequest {
            rows: vec![Responsibility { asset: "L".into(), person_id: long, ..Default::default() }],
            ..Default::default()
        });
        let limits = ImportsConfig { max_bytes: u64::MAX, ..LIMITS };
        let error = read(iter([part("a", &["1"]), bad]).chain(futures::stream::pending()), &limits).await;
        let error = error.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        let [violation] = error.violations() else { panic!("{error:?}") };
        assert_eq!(violation.field, "rows[1].person_id");
        assert!(violation.rule.len() < 200, "what is too long is not said again: {}", violation.rule.len());
        assert_eq!(told(error)[0], "1");
    }

    #[tokio::test]
    async fn a_broken_stream_is_the_callers_and_says_where() {
        let error =
            read(iter([part("a", &["1"]), Err(Status::internal("wire"))]), &LIMITS).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(told(error), ["1", "1", ""]);
    }
}
