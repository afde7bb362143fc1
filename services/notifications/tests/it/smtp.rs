//! A small SMTP server that keeps what it is given and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use gongdan_testkit::eventually;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A message as it came.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub data: String,
}

impl Mail {
    /// A header, with its encoded words decoded and its folds undone.
    pub fn header(&self, name: &str) -> String {
        let head = self.data.split_once("\n\n").unwrap().0.replace("\n ", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
        let mut text = String::new();
        let mut after_encoded = false;
        for word in line.split(' ') {
            let encoded = word.strip_prefix("=?utf-8?b?").and_then(|w| w.strip_suffix("?="));
            // Only the space between two encoded words is none. Source: RFC 2047, section 6.2.
            let joined = after_encoded && encoded.is_some();
            if !text.is_empty() && !joined {
                text.push(' ');
            }
            match encoded {
                Some(encoded) => {
                    text.push_str(std::str::from_utf8(&STANDARD.decode(encoded).unwrap()).unwrap());
                }
                None => text.push_str(word),
            }
            after_encoded = encoded.is_some();
        }
        text
    }

    /// The text, whatever it is encoded in.
    pub fn text(&self) -> String {
        let (head, body) = self.data.split_once("\n\n").unwrap();
        if head.contains("base64") {
            let packed: String = body.split_whitespace().collect();
            return String::from_utf8(STANDARD.decode(packed).unwrap()).unwrap();
        }
        body.replace("=\n", "")
    }
}

#[derive(Clone)]
pub struct Smtp {
    pub port: u16,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Smtp {
    /// Answers the ends of messages with these in turn, then takes everything.
    pub async fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
            mails: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.converse(stream).await });
            }
        });
        server
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    /// What it was given, taken or not, once there is so much.
    pub async fn receives(&self, wanted: usize) -> Vec<Mail> {
        eventually("the mail arrives", async || self.mails().len() >= wanted).await;
        self.mails()
    }

    async fn converse(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        say(&mut stream, "220 mail.test ESMTP").await?;
        let mut mail = Mail::default();
        loop {
            let line = hear(&mut stream).await?;
            let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => say(&mut stream, "250-mail.test\r\n250 8BITMIME").await?,
                "MAIL" => {
                    mail = Mail { from: line, ..Mail::default() };
                    say(&mut stream, "250 ok").await?;
                }
                "RCPT" => {
                    mail.to = line;
                    say(&mut stream, "250 ok").await?;
                }
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    loop {
                        let line = hear(&mut stream).await?;
                        if line == "." {
                            break;
                        }
                        mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                        mail.data.push('\n');
                    }
                    self.mails.lock().unwrap().push(std::mem::take(&mut mail));
                    let answer = self.answers.lock().unwrap().pop_front().unwrap_or("250 taken");
                    say(&mut stream, answer).await?;
                }
                "QUIT" => {
                    say(&mut stream, "221 bye").await?;
                    return Some(());
                }
                _ => say(&mut stream, "250 ok").await?,
            }
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.ok()
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(1..) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}
