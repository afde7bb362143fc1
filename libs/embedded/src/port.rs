//! Ports on loopback.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use anyhow::{Context, Result};

/// A port on 127.0.0.1 that nobody listens on at this moment.
///
/// # Errors
/// When the machine has none left.
pub fn free_port() -> Result<u16> {
    free_ports(1)?.pop().context("no free port on 127.0.0.1")
}

/// Different ports on 127.0.0.1 that nobody listens on at this moment.
///
/// # Errors
/// When the machine has not so many left.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners = std::iter::repeat_with(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .take(count)
        .collect::<io::Result<Vec<_>>>()
        .context("no free port on 127.0.0.1")?;
    Ok(listeners.iter().map(|l| Ok(l.local_addr()?.port())).collect::<io::Result<_>>()?)
}

/// Ports to try, in order: the wanted one, or the one that `file` remembers and some free ones.
pub(crate) fn to_try(file: &Path, wanted: Option<u16>) -> Result<Vec<u16>> {
    if let Some(port) = wanted {
        return Ok(vec![port]);
    }
    let last = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    let mut ports: Vec<u16> = last.into_iter().filter(|port| is_free(*port)).collect();
    for _ in 0..3 {
        ports.push(free_port()?);
    }
    Ok(ports)
}

/// Whether `port` on 127.0.0.1 can be listened on at this moment.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
