//! One request, made from the seed and its number.

use crate::{
    caller::{Caller, Callers},
    contract::Rpc,
    message::{self, Mood},
    pool::Pool,
};
use prost::Message as _;
use prost_reflect::DynamicMessage;
use rand::{Rng, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use std::time::Duration;

/// What is wrong with a request, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// Values: a message of the contract.
    Values,
    /// Bytes: what was a message.
    Bytes,
    /// The frame around it.
    Frame,
    /// Headers.
    Headers,
    /// A body that never ends, with a deadline.
    Silence,
    /// No HTTP/2.
    Noise,
}

/// One request.
pub struct Shot {
    /// Its number.
    pub number: u64,
    /// What may be wrong with it.
    pub harm: Harm,
    /// Where to.
    pub rpc: Rpc,
    /// To which service of the suite.
    pub server: &'static str,
    /// By whom.
    pub caller: Caller,
    /// Beside those that every request has; replacing them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// What is sent, frame and all.
    pub body: Vec<u8>,
    /// Whether the body is left open.
    pub open: bool,
    /// What was meant, where the bytes are still that.
    pub message: Option<DynamicMessage>,
}

/// The dice of a request.
pub fn dice(seed: u64, number: u64) -> StdRng {
    StdRng::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Shot {
    /// The request of this number.
    pub fn make(seed: u64, number: u64, rpcs: &[Rpc], callers: &Callers, pool: &Pool) -> Self {
        let mut dice = dice(seed, number);
        // In turn, so that none is left out.
        let turn = usize::try_from(number).unwrap_or_default() % rpcs.len();
        let rpc = rpcs[turn].clone();
        let server = rpc.servers.choose(&mut dice).copied().unwrap_or("tickets");
        let harm = match dice.random_range(0..1_000) {
            0..680 => Harm::Values,
            680..830 => Harm::Bytes,
            830..920 => Harm::Frame,
            920..980 => Harm::Headers,
            980..995 => Harm::Silence,
            _ => Harm::Noise,
        };
        let message = meant(&rpc, pool, &mut dice);
        let encoded = message.encode_to_vec();
        let mut shot = Self {
            number,
            harm,
            server,
            caller: callers.pick(&mut dice),
            headers: Vec::new(),
            body: framed(&encoded),
            open: false,
            message: Some(message),
            rpc,
        };
        match harm {
            Harm::Values => {}
            Harm::Bytes => shot.body = framed(&broken(encoded, &mut dice)),
            Harm::Frame => misframe(&mut shot, encoded, &mut dice),
            Harm::Headers => shot.headers = headers(&mut shot.caller, &mut dice),
            Harm::Silence => {
                shot.open = true;
                shot.headers = vec![("grpc-timeout".into(), b"200m".to_vec())];
                shot.body.truncate(dice.random_range(0..=shot.body.len()));
            }
            Harm::Noise => shot.body = noise(&mut dice),
        }
        if harm != Harm::Values && harm != Harm::Headers {
            shot.message = None;
        }
        shot
    }

    /// A request as it is meant.
    pub fn plain(rpc: &Rpc, server: &'static str, caller: Caller, message: DynamicMessage) -> Self {
        Self {
            number: 0,
            harm: Harm::Values,
            rpc: rpc.clone(),
            server,
            caller,
            headers: Vec::new(),
            body: framed(&message.encode_to_vec()),
            open: false,
            message: Some(message),
        }
    }

    /// Whether an answer may be late: its own deadline ends it.
    pub fn is_hasty(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == "grpc-timeout")
    }

    /// The longest an answer may take.
    pub fn patience(&self, deadline: Duration) -> Duration {
        deadline + Duration::from_secs(2)
    }
}

fn meant(rpc: &Rpc, pool: &Pool, dice: &mut StdRng) -> DynamicMessage {
    match dice.random_range(0..10) {
        0..3 => message::message(&rpc.input, Mood::Wild, pool, dice),
        3..6 => message::message(&rpc.input, Mood::Sound, pool, dice),
        _ => match pool.liked(&rpc.path, dice) {
            Some(mut liked) => {
                message::bend(&mut liked, pool, dice);
                liked
            }
            None => message::message(&rpc.input, Mood::Sound, pool, dice),
        },
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    frame(0, u32::try_from(message.len()).unwrap_or(u32::MAX), message)
}

fn frame(flag: u8, length: u32, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend(length.to_be_bytes());
    frame.extend(message);
    frame
}

/// Bits turned, bytes gone or come, lengths that lie, fields twice, nesting without end.
fn broken(mut bytes: Vec<u8>, dice: &mut StdRng) -> Vec<u8> {
    let place = dice.random_range(0..=bytes.len());
    match dice.random_range(0..9) {
        0 if place < bytes.len() => bytes[place] ^= 1 << dice.random_range(0..8),
        1 => bytes.truncate(place),
        2 => bytes.insert(place, dice.random()),
        3 if place < bytes.len() => {
            bytes.remove(place);
        }
        // The same fields again: merged, lists twice as long, another member of each oneof.
        4 => bytes.extend(bytes.clone()),
        5 => bytes.splice(place..place, [0xff, 0xff, 0xff, 0xff, 0x7f]).for_each(drop),
        6 => {
            // Field 1 in field 1 in field 1.
            let depth = dice.random_range(10..400);
            let mut nested = Vec::new();
            for _ in 0..depth {
                let mut outer = vec![0x0a];
                prost::encoding::encode_varint(nested.len() as u64, &mut outer);
                outer.append(&mut nested);
                nested = outer;
            }
            bytes = nested;
        }
        7 => bytes.extend(std::iter::repeat_n(0x0b, dice.random_range(1..500))),
        _ => {
            let length = dice.random_range(1..60);
            bytes = (0..length).map(|_| dice.random()).collect();
        }
    }
    bytes
}

fn misframe(shot: &mut Shot, message: Vec<u8>, dice: &mut StdRng) {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    shot.body = match dice.random_range(0..11) {
        0 => Vec::new(),
        1 => framed(&message).into_iter().take(dice.random_range(1..5)).collect(),
        2 => frame(0, length.saturating_add(dice.random_range(1..1_000)), &message),
        3 => frame(0, length.saturating_sub(dice.random_range(1..10)), &message),
        4 => frame(0, u32::MAX, &message),
        5 => frame(1, length, &message),
        6 => frame(dice.random_range(2..=255), length, &message),
        7 => [framed(&message), framed(&message)].concat(),
        8 => [framed(&message), vec![0; dice.random_range(1..20)]].concat(),
        9 => {
            shot.headers = vec![("grpc-encoding".into(), b"gzip".to_vec())];
            frame(1, length, &message)
        }
        // Larger than any server takes.
        _ => framed(&vec![0x7a; dice.random_range(4_194_305..5_000_000)]),
    };
}

fn headers(caller: &mut Caller, dice: &mut StdRng) -> Vec<(String, Vec<u8>)> {
    let any = |dice: &mut StdRng, options: &[&[u8]]| {
        options.choose(dice).map(|value| value.to_vec()).unwrap_or_default()
    };
    match dice.random_range(0..7) {
        0 => {
            let kinds: &[&[u8]] = &[
                b"",
                b"text/plain",
                b"application/json",
                b"application/grpc+json",
                b"application/grpc-web",
                b"application/grpc-web-text",
                b"application/grpc-web+proto",
                b"application/grpc;x=y",
                b"\xff\xfe",
            ];
            vec![("content-type".into(), any(dice, kinds))]
        }
        1 => {
            let timeouts: &[&[u8]] = &[
                b"",
                b"0n",
                b"1n",
                b"99999999H",
                b"100000000H",
                b"-1S",
                b"1",
                b"S",
                b"1s",
                b"1.5S",
                b"\xff",
                b"18446744073709551615S",
            ];
            vec![("grpc-timeout".into(), any(dice, timeouts))]
        }
        2 => vec![(
            format!("x-large-{}", dice.random_range(0..9)),
            vec![b'x'; dice.random_range(1_000..60_000)],
        )],
        3 => (0..dice.random_range(10..400)).map(|n| (format!("x-many-{n}"), b"many".to_vec())).collect(),
        4 => {
            let encodings: &[&[u8]] = &[b"gzip", b"br", b"identity", b"zstd", b"\xff", b""];
            vec![
                ("grpc-encoding".into(), any(dice, encodings)),
                ("grpc-accept-encoding".into(), any(dice, encodings)),
            ]
        }
        5 => {
            let traces: &[&[u8]] = &[
                b"00-00000000000000000000000000000000-0000000000000000-00",
                b"00-zz-01",
                b"ff-0-0-0",
                b"\xff",
                b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ];
            vec![
                ("traceparent".into(), any(dice, traces)),
                ("tracestate".into(), vec![b'a'; dice.random_range(0..2_000)]),
            ]
        }
        _ => {
            caller.token = None;
            let credentials: &[&[u8]] = &[
                b"",
                b"Bearer",
                b"Bearer ",
                b"Bearer a.b.c",
                b"Basic YTpi",
                b"Bearer \xff",
                b"bearer ....",
                b"Bearer eyJhbGciOiJub25lIn0..",
            ];
            vec![("authorization".into(), any(dice, credentials))]
        }
    }
}

/// What no HTTP/2 client sends: nothing of it, or its preface and then nonsense.
fn noise(dice: &mut StdRng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..dice.random_range(0..300)).map(|_| dice.random()).collect();
    if dice.random_bool(0.6) {
        bytes.splice(0..0, *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").for_each(drop);
    } else if dice.random_bool(0.5) {
        bytes.splice(0..0, *b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n").for_each(drop);
    }
    bytes
}
