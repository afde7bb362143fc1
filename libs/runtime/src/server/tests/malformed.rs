//! Requests that are none.

use super::{
    config, get,
    raw::{GET_MATRIX, Raw, Told, framed},
    start,
};
use crate::ServerConfig;
use http::StatusCode;
use tonic::Code;
use tonic_types::StatusExt as _;

fn reason(told: &Told) -> (Code, String) {
    let status = told.grpc.as_ref().unwrap_or_else(|| panic!("no status: {told:?}"));
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

#[tokio::test]
async fn what_cannot_be_read_is_the_callers_fault_and_the_connection_goes_on() {
    let running = start(config(), None).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let unreadable = (Code::InvalidArgument, "MESSAGE_UNREADABLE".to_owned());
    let bodies: [(&str, &[u8]); 7] = [
        ("nothing", b""),
        ("half a prefix", b"\0\0\0"),
        ("shorter than it says", b"\0\0\0\0\x09\x08"),
        ("packed without saying how", b"\x01\0\0\0\x02\x08\x00"),
        ("an unknown flag", b"\x07\0\0\0\x02\x08\x00"),
        ("a field cut off", b"\0\0\0\0\x01\x08"),
        ("a group that never ends", b"\0\0\0\0\x01\x0b"),
    ];
    for (what, body) in bodies {
        assert_eq!(reason(&raw.call(GET_MATRIX, &[], body).await), unreadable, "{what}");
    }
    let packed = raw.call(GET_MATRIX, &[("grpc-encoding", "br")], &framed(b"")).await;
    assert_eq!(reason(&packed), (Code::Unimplemented, "METHOD_UNKNOWN".into()));
    let unknown = raw.call("/gongdan.tickets.v1.PriorityService/Nothing", &[], &framed(b"")).await;
    assert_eq!(reason(&unknown), (Code::Unimplemented, "METHOD_UNKNOWN".into()));
    let json = raw.call(GET_MATRIX, &[("content-type", "application/json")], b"{}").await;
    assert_eq!(json.http, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let good = raw.call(GET_MATRIX, &[("grpc-timeout", "soon")], &framed(b"")).await;
    assert_eq!(good.grpc.unwrap().code(), Code::Ok);
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused_either_way() {
    let running =
        start(ServerConfig { max_message_bytes: 1_000, max_answer_bytes: 1_000, ..config() }, None).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let too_large = (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned());
    // Of an unknown field, so that the message is good but for its size.
    let message = |length: u16| {
        let mut message = vec![0xfa, 0x3f, 0x80 | (length & 0x7f) as u8, (length >> 7) as u8];
        message.resize(usize::from(length) + 4, b'x');
        framed(&message)
    };
    assert_eq!(reason(&raw.call(GET_MATRIX, &[], &message(996)).await).0, Code::Ok);
    assert_eq!(reason(&raw.call(GET_MATRIX, &[], &message(997)).await), too_large);
    assert_eq!(reason(&raw.call(GET_MATRIX, &[], &message(9_000)).await), too_large);
    assert_eq!(reason(&raw.call(GET_MATRIX, &[], &framed(&[0x08, super::LARGE as u8])).await), too_large);
}

#[tokio::test]
async fn a_nul_in_a_text_is_refused_by_its_field() {
    let running = start(config(), None).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let path = "/gongdan.tickets.v1.PriorityService/SetPriorityMatrix";
    let told = raw.call(path, &[], &framed(b"\x0a\x03a\0b")).await.grpc.unwrap();
    assert_eq!(told.code(), Code::InvalidArgument);
    let violations = told.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "request_id");
}

#[tokio::test]
async fn headers_above_the_limit_are_refused_and_nothing_falls_over() {
    let config = config();
    let limit = config.connections.header_bytes as usize;
    let running = start(config, None).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let large = "x".repeat(limit + 1_000);
    let told = raw.call(GET_MATRIX, &[("x-large", &large)], &framed(b"")).await;
    assert_eq!(told.http, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let good = raw.call(GET_MATRIX, &[], &framed(b"")).await;
    assert_eq!(good.grpc.unwrap().code(), Code::Ok);
    assert!(get(running.http, "/healthz").await.contains("200 OK"));
}
