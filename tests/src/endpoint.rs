//! An endpoint of another system, on this machine.

use std::collections::BTreeMap;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// What an endpoint is sent: headers and body.
pub type Received = (BTreeMap<String, String>, String);

/// What lets webhooks lead to it.
pub const ALLOWED: [(&str, &str); 2] = [
    ("GONGDAN_NOTIFICATIONS__WEBHOOKS__ALLOW_HTTP", "true"),
    ("GONGDAN_NOTIFICATIONS__WEBHOOKS__ALLOW_NETWORKS", "[\"127.0.0.0/8\"]"),
];

/// An endpoint that fails the first time: its URL, and what it is sent.
///
/// # Panics
/// When there is no port.
pub async fn endpoint() -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let (received, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut status = 500;
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            while let Some(request) = read(&mut stream).await {
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                status = 204;
                if received.send(request).is_err() || stream.write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (url, requests)
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let (mut headers, mut line) = (BTreeMap::new(), String::new());
    while stream.read_line(&mut line).await.ok()? > 2 {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        line.clear();
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((headers, String::from_utf8(body).ok()?))
}
