//! Sends rows as one stream and takes an answer for each; what a broken stream left open is sent row by row. Source: T32.

use std::collections::BTreeMap;

use csv::Error as CsvError;
use gongdan_proto::tickets::v1::{
    self as pb, RecordPastTicketRequest, RecordPastTicketsRequest, RecordPastTicketsResponse,
    bulk_service_client::BulkServiceClient, record_past_tickets_response::Result as Came,
    ticket_service_client::TicketServiceClient,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::{
    row::RowError,
    send::{DEADLINE, FIRST_PAUSE, LONGEST_PAUSE, Sent, TRIES, send},
};
use crate::cli::{Channel, passes};

/// A row of the file.
pub struct Row {
    /// Where it is in the file.
    pub place: Place,
    /// What is sent, or what is wrong with it here already.
    pub request: Result<RecordPastTicketRequest, RowError>,
}

/// What of a row is needed when its answer comes.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub line: u64,
    pub byte: u64,
    /// It has a reply.
    pub replied: bool,
}

/// Records rows, at most `at_once` of them on their way, and calls `done` for each as its answer comes. Rows are read as
/// the service takes them. None when all rows have an answer, else why no more are recorded.
///
/// # Errors
/// When the file cannot be read.
pub async fn record_all(
    channel: Channel,
    mut rows: impl Iterator<Item = Result<Row, CsvError>>,
    at_once: usize,
    mut done: impl FnMut(Place, Sent),
) -> Result<Option<Box<Status>>, CsvError> {
    let single = TicketServiceClient::new(channel.clone());
    let mut ordinal = 0;
    let mut in_vain = 0;
    loop {
        let mut under_way = UnderWay { open: BTreeMap::new(), last: ordinal };
        let broken = match open(channel.clone(), at_once).await {
            Ok(stream) => match under_way.run(stream, &mut rows, at_once, &single, &mut done).await? {
                Ended::Whole => return Ok(None),
                Ended::GivenUp(status) => return Ok(Some(status)),
                Ended::Broken(status) => status,
            },
            Err(status) => status,
        };
        // What was on its way may be recorded or not, and one of it may be what broke the stream.
        in_vain = if under_way.last > ordinal { 0 } else { in_vain + 1 };
        ordinal = under_way.last;
        for (place, request) in under_way.open.into_values() {
            match send(single.clone(), request).await {
                Sent::GivenUp(status) => return Ok(Some(status)),
                sent => done(place, sent),
            }
        }
        if in_vain > 0 {
            if !passes(broken.code()) || in_vain >= TRIES {
                return Ok(Some(Box::new(broken)));
            }
            tokio::time::sleep((FIRST_PAUSE * 2_u32.pow(in_vain)).min(LONGEST_PAUSE)).await;
        }
    }
}

/// A stream of rows and of answers.
struct Opened {
    rows: mpsc::Sender<RecordPastTicketsRequest>,
    answers: Streaming<RecordPastTicketsResponse>,
}

async fn open(channel: Channel, at_once: usize) -> Result<Opened, Status> {
    let (rows, stream) = mpsc::channel(at_once);
    let mut client = BulkServiceClient::new(channel);
    let call = client.record_past_tickets(ReceiverStream::new(stream));
    let answers = tokio::time::timeout(DEADLINE, call).await.map_err(|_| slow())??;
    Ok(Opened { rows, answers: answers.into_inner() })
}

fn slow() -> Status {
    Status::deadline_exceeded("the service does not answer")
}

/// How a stream ended.
enum Ended {
    /// Every row has its answer.
    Whole,
    /// It broke; another may do better.
    Broken(Status),
    /// No row can be recorded any more.
    GivenUp(Box<Status>),
}

/// Rows without an answer, by their ordinals; those of one stream rise.
struct UnderWay {
    open: BTreeMap<i64, (Place, RecordPastTicketRequest)>,
    last: i64,
}

impl UnderWay {
    async fn run(
        &mut self,
        Opened { rows: sender, mut answers }: Opened,
        rows: &mut impl Iterator<Item = Result<Row, CsvError>>,
        at_once: usize,
        single: &TicketServiceClient<Channel>,
        done: &mut impl FnMut(Place, Sent),
    ) -> Result<Ended, CsvError> {
        let mut more = true;
        loop {
            while more && self.open.len() < at_once {
                let Some(row) = rows.next() else {
                    more = false;
                    break;
                };
                let Row { place, request } = row?;
                match request {
                    Ok(request) => {
                        self.last += 1;
                        let row = RecordPastTicketsRequest { ordinal: self.last, row: Some(request.clone()) };
                        self.open.insert(self.last, (place, request));
                        // There is room for as many as may be on their way: it fails when the stream is broken.
                        if sender.try_send(row).is_err() {
                            break;
                        }
                    }
                    Err(error) => done(place, Sent::Refused(vec![error])),
                }
            }
            if self.open.is_empty() {
                return Ok(Ended::Whole);
            }
            let answer = match tokio::time::timeout(DEADLINE, answers.message()).await {
                Ok(Ok(Some(answer))) => answer,
                Ok(Ok(None)) => return Ok(Ended::Broken(Status::unavailable("the stream ended early"))),
                Ok(Err(status)) => return Ok(Ended::Broken(status)),
                Err(_) => return Ok(Ended::Broken(slow())),
            };
            let Some((place, request)) = self.open.remove(&answer.ordinal) else { continue };
            let sent = match answer.result {
                Some(Came::Created(_)) => Sent::Recorded,
                Some(Came::Known(_)) => Sent::AlreadyThere,
                Some(Came::Error(error)) if refuses(error.code) => Sent::Refused(violations(error)),
                // It may go better alone, or later.
                Some(Came::Error(_)) | None => send(single.clone(), request).await,
            };
            match sent {
                Sent::GivenUp(status) => return Ok(Ended::GivenUp(status)),
                sent => done(place, sent),
            }
        }
    }
}

/// Whether the row is wrong, whenever it is sent.
fn refuses(code: i32) -> bool {
    use Code::{AlreadyExists, FailedPrecondition, InvalidArgument, OutOfRange};
    matches!(Code::from(code), InvalidArgument | AlreadyExists | FailedPrecondition | OutOfRange)
}

fn violations(error: pb::RowError) -> Vec<RowError> {
    if error.violations.is_empty() {
        return vec![RowError::new("", error.message)];
    }
    let listed = error.violations.into_iter();
    listed.map(|v| RowError { field: v.field, rule: v.description }).collect()
}
