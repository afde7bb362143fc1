//! Ports on loopback.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    path::Path,
};

use anyhow::{Context, Result};
use rand::Rng as _;

/// Below the ports that systems give to outgoing connections: none of those takes one that was found free before somebody
/// listens on it.
const QUIET: Range<u16> = 10_000..32_000;
/// Ports looked at for each that is wanted.
const TRIES: usize = 50;

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
    let mut dice = rand::rng();
    let mut listeners: Vec<TcpListener> = std::iter::repeat_with(|| dice.random_range(QUIET))
        .take(count * TRIES)
        .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .take(count)
        .collect();
    while listeners.len() < count {
        let any = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
        listeners.push(any);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ports_are_free_different_and_not_those_of_outgoing_connections() {
        let ports: BTreeSet<u16> = free_ports(24).unwrap().into_iter().collect();
        assert_eq!(ports.len(), 24);
        assert!(ports.iter().all(|port| QUIET.contains(port)), "{ports:?}");
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }
}
