//! The address a call comes from.

use http::{Extensions, HeaderMap};
use ipnet::IpNet;
use std::net::IpAddr;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

/// The caller's address: that of the connection, or what a trusted proxy says of the one behind it.
pub(crate) fn peer(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let connected = remote(extensions)?.to_canonical();
    Some(if trusted.is_empty() { connected } else { behind(connected, headers, trusted) })
}

fn remote(extensions: &Extensions) -> Option<IpAddr> {
    let plain = extensions.get::<TcpConnectInfo>();
    let info =
        plain.or_else(|| extensions.get::<TlsConnectInfo<TcpConnectInfo>>().map(TlsConnectInfo::get_ref))?;
    info.remote_addr().map(|address| address.ip())
}

/// Goes back through `x-forwarded-for`, nearest first, as long as those who say it are trusted.
fn behind(connected: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut known = connected;
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    for said in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Ok(next) = said.trim().parse::<IpAddr>() else { break };
        if !is_trusted(&known) {
            break;
        }
        known = next.to_canonical();
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (connected, said, known) in [
            ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
            // The client wrote the first one itself.
            ("10.0.0.1", "1.2.3.4, 203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("198.51.100.9", "203.0.113.7", "198.51.100.9"),
        ] {
            let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), said.parse().unwrap())]);
            assert_eq!(behind(ip(connected), &headers, &trusted), ip(known), "{connected} saying {said}");
        }
        assert_eq!(behind(ip("10.0.0.1"), &HeaderMap::new(), &trusted), ip("10.0.0.1"));
    }
}
