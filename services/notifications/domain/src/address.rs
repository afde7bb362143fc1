//! Addresses a webhook may lead to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix))
}

const fn v6_low(f: u16, g: u16, h: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, f, g, h), prefix))
}

/// Networks that are not the public internet, the narrower before the wider. Source: the IANA registries of special
/// purpose addresses; the metadata addresses are those of the clouds.
const SPECIAL: [(IpNet, &str); 38] = [
    (v4(169, 254, 169, 254, 32), "the cloud's metadata"),
    (v4(100, 100, 100, 200, 32), "the cloud's metadata"),
    (
        IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254), 128)),
        "the cloud's metadata",
    ),
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "a private network"),
    (v4(100, 64, 0, 0, 10), "a carrier's private network"),
    (v4(127, 0, 0, 0, 8), "this machine"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "a private network"),
    (v4(192, 0, 0, 0, 24), "reserved for protocols"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 31, 196, 0, 24), "anycast of a special use"),
    (v4(192, 52, 193, 0, 24), "anycast of a special use"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay"),
    (v4(192, 168, 0, 0, 16), "a private network"),
    (v4(192, 175, 48, 0, 24), "anycast of a special use"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
    (v6_low(0, 0, 1, 128), "this machine"),
    (v6_low(0, 0, 0, 128), "unspecified"),
    (v6_low(0xffff, 0, 0, 96), "IPv4 inside IPv6"),
    (v6_low(0, 0, 0, 96), "IPv4 inside IPv6"),
    (v6(0x64, 0xff9b, 0, 96), "NAT64"),
    (v6(0x64, 0xff9b, 1, 48), "NAT64"),
    (v6(0x100, 0, 0, 64), "discarded"),
    (v6(0x2001, 0, 0, 32), "Teredo"),
    (v6(0x2001, 0, 0, 23), "reserved for protocols"),
    (v6(0x2001, 0xdb8, 0, 32), "for documentation"),
    (v6(0x2002, 0, 0, 16), "6to4"),
    (v6(0x3fff, 0, 0, 20), "for documentation"),
    (v6(0x5f00, 0, 0, 16), "segment routing"),
    (v6(0xfc00, 0, 0, 7), "a private network"),
    (v6(0xfe80, 0, 0, 10), "link-local"),
    (v6(0xff00, 0, 0, 8), "multicast"),
];

/// What is given out as public IPv6. Source: RFC 4291.
const GLOBAL_UNICAST: IpNet = v6(0x2000, 0, 0, 3);

/// An address that webhooks may not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address on the public internet or in webhooks.allow_networks, not {0}")]
pub struct Forbidden(What);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Special(IpNet, &'static str),
    NotGivenOut,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Special(network, name) => write!(f, "one of {network} ({name})"),
            Self::NotGivenOut => f.write_str("one that is given out to nobody"),
        }
    }
}

/// The networks beside the public internet that webhooks may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(Vec<IpNet>);

impl Reach {
    /// The public internet and these.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self(allowed)
    }

    /// The public internet only.
    #[must_use]
    pub fn public() -> Self {
        Self::default()
    }

    /// Whether nothing but the public internet may be reached.
    #[must_use]
    pub fn is_public_only(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether webhooks may connect to the address.
    ///
    /// # Errors
    /// Names the special network it belongs to.
    pub fn permit(&self, address: IpAddr) -> Result<(), Forbidden> {
        if self.0.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        let special = SPECIAL.iter().find(|(network, _)| network.contains(&address));
        match special {
            Some((network, name)) => Err(Forbidden(What::Special(*network, name))),
            None if address.is_ipv6() && !GLOBAL_UNICAST.contains(&address) => {
                Err(Forbidden(What::NotGivenOut))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn public(text: &str) -> Result<(), Forbidden> {
        Reach::public().permit(text.parse().unwrap())
    }

    #[test]
    fn special_addresses_are_refused_and_named() {
        for (address, name) in [
            ("127.0.0.1", "this machine"),
            ("127.255.255.254", "this machine"),
            ("10.1.2.3", "a private network"),
            ("172.16.0.1", "a private network"),
            ("172.31.255.255", "a private network"),
            ("192.168.1.1", "a private network"),
            ("169.254.0.1", "link-local"),
            ("169.254.169.254", "metadata"),
            ("100.100.100.200", "metadata"),
            ("0.0.0.0", "this network"),
            ("0.1.2.3", "this network"),
            ("100.64.0.1", "a carrier's"),
            ("100.127.255.255", "a carrier's"),
            ("192.0.0.8", "protocols"),
            ("192.0.2.1", "documentation"),
            ("198.51.100.7", "documentation"),
            ("203.0.113.255", "documentation"),
            ("198.18.0.1", "benchmarks"),
            ("198.19.255.255", "benchmarks"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "this machine"),
            ("::7f00:1", "IPv4 inside IPv6"),
            ("::ffff:127.0.0.1", "IPv4 inside IPv6"),
            ("::ffff:8.8.8.8", "IPv4 inside IPv6"),
            ("64:ff9b::7f00:1", "NAT64"),
            ("64:ff9b::808:808", "NAT64"),
            ("64:ff9b:1::1", "NAT64"),
            ("100::1", "discarded"),
            ("2001::1", "Teredo"),
            ("2001:20::1", "protocols"),
            ("2001:db8::1", "documentation"),
            ("3fff::1", "documentation"),
            ("2002:7f00:1::", "6to4"),
            ("2002:808:808::", "6to4"),
            ("fc00::1", "a private network"),
            ("fd00:ec2::254", "metadata"),
            ("fdff::1", "a private network"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("ff02::1", "multicast"),
            ("fec0::1", "nobody"),
            ("4000::1", "nobody"),
        ] {
            let refused = public(address).expect_err(address).to_string();
            assert!(refused.contains(name), "{address}: {refused}");
        }
    }

    #[test]
    fn the_neighbours_of_special_networks_are_public() {
        for address in [
            "1.0.0.0",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.0.3.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:da8::1",
            "2400:3200::1",
            "2606:4700::1111",
        ] {
            assert_eq!(public(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn what_is_allowed_is_reached_and_nothing_beside_it() {
        let reach = Reach::new(vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()]);
        for (address, permitted) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("::1", true),
            ("127.0.0.1", false),
            ("::ffff:10.1.2.3", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(reach.permit(address.parse().unwrap()).is_ok(), permitted, "{address}");
        }
    }

    /// An address of a network: its first bits, and any bits after them.
    fn within(network: IpNet, bits: u128) -> IpAddr {
        match network {
            IpNet::V4(net) => {
                let host = u32::try_from(bits & u128::from(u32::MAX)).unwrap() & !u32::from(net.netmask());
                Ipv4Addr::from(u32::from(net.network()) | host).into()
            }
            IpNet::V6(net) => {
                let host = bits & !u128::from(net.netmask());
                Ipv6Addr::from(u128::from(net.network()) | host).into()
            }
        }
    }

    proptest! {
        #[test]
        fn no_address_of_a_special_network_is_public(which in 0..SPECIAL.len(), bits: u128) {
            let network = SPECIAL[which].0;
            let address = within(network, bits);
            prop_assert!(network.contains(&address));
            prop_assert!(Reach::public().permit(address).is_err(), "{address} of {network}");
            prop_assert!(Reach::new(vec![network]).permit(address).is_ok(), "{address} of {network}");
        }

        /// Judged once more by the standard library, which knows some of the special networks.
        #[test]
        fn what_is_public_is_nothing_the_standard_library_calls_special(bits: u128, four: bool) {
            let address: IpAddr = if four {
                Ipv4Addr::from(u32::try_from(bits >> 96).unwrap()).into()
            } else {
                // Half of them global unicast by their first bits, where most special networks are sparse.
                Ipv6Addr::from(if bits & 1 == 0 { bits >> 3 | 1 << 125 } else { bits }).into()
            };
            if Reach::public().permit(address).is_ok() {
                let special = match address {
                    IpAddr::V4(v4) => {
                        v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                            || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified()
                    }
                    IpAddr::V6(v6) => {
                        v6.is_loopback() || v6.is_multicast() || v6.is_unspecified() || v6.is_unique_local()
                            || v6.is_unicast_link_local() || v6.to_ipv4().is_some()
                    }
                };
                prop_assert!(!special, "{address}");
            }
        }
    }
}
