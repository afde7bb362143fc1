//! Where an endpoint is: which URLs may be registered and posted to. What a name resolves to is judged by [`Reach`] too,
//! where it is resolved.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{Reach, address::Forbidden};

/// The longest URL, in characters.
const LONGEST: usize = 2_000;

/// The text is no URL of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpointUrl {
    /// Too long.
    #[error("at most {LONGEST} characters")]
    Length,
    /// No URL at all.
    #[error("a URL such as https://example.org/hooks")]
    Syntax,
    /// Neither https nor http.
    #[error("https://, or http:// where webhooks.allow_http says so")]
    Scheme,
    /// A password in it would stand in lists and logs.
    #[error("without user and password")]
    User,
    /// An address that webhooks may not reach.
    #[error("{0}")]
    Address(#[from] Forbidden),
    /// A name that is private by its form while no private network is allowed.
    #[error("a name of the public internet: no network of webhooks.allow_networks has this one")]
    Name,
}

/// What endpoints may be: by scheme, and by address.
#[derive(Debug, Clone, Default)]
pub struct EndpointRules {
    /// Whether `http://` will do.
    pub allow_http: bool,
    /// Which addresses may be reached.
    pub reach: Reach,
}

impl EndpointRules {
    /// Reads the URL of an endpoint.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn parse(&self, text: &str) -> Result<Url, InvalidEndpointUrl> {
        if text.chars().count() > LONGEST {
            return Err(InvalidEndpointUrl::Length);
        }
        let url = Url::parse(text).map_err(|_| InvalidEndpointUrl::Syntax)?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            _ => return Err(InvalidEndpointUrl::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidEndpointUrl::User);
        }
        match url.host() {
            None => return Err(InvalidEndpointUrl::Syntax),
            Some(Host::Ipv4(address)) => self.reach.permit(IpAddr::V4(address))?,
            Some(Host::Ipv6(address)) => self.reach.permit(IpAddr::V6(address))?,
            Some(Host::Domain(name)) if self.reach.is_public_only() && is_private(name) => {
                return Err(InvalidEndpointUrl::Name);
            }
            Some(Host::Domain(_)) => {}
        }
        Ok(url)
    }
}

/// A name that no public address can have.
fn is_private(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let ends = |suffix: &str| name.ends_with(suffix);
    !name.contains('.') || [".localhost", ".local", ".internal", ".home.arpa"].into_iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow_http: bool, networks: &[&str]) -> EndpointRules {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        EndpointRules { allow_http, reach: Reach::new(networks) }
    }

    #[test]
    fn private_endpoints_are_refused_however_they_are_spelt() {
        for url in [
            "http://127.0.0.1:9000/hook",
            "http://127.1/hook",
            "http://2130706433/hook",
            "http://0x7f.1/hook",
            "http://0177.0.0.1/hook",
            "http://[::1]/hook",
            "http://[::ffff:10.0.0.1]/hook",
            "http://[64:ff9b::a00:1]/hook",
            "http://169.254.169.254/latest/meta-data",
            "http://[fd00:ec2::254]/latest/meta-data",
        ] {
            let refused = rules(true, &[]).parse(url);
            assert!(matches!(refused, Err(InvalidEndpointUrl::Address(_))), "{url}: {refused:?}");
            assert!(rules(true, &["0.0.0.0/0", "::/0"]).parse(url).is_ok(), "{url}");
        }
        for url in [
            "https://localhost/hook",
            "https://LOCALHOST./hook",
            "https://a.localhost/hook",
            "https://db.internal/hook",
            "https://printer.local/hook",
            "https://intranet/hook",
        ] {
            assert_eq!(rules(false, &[]).parse(url), Err(InvalidEndpointUrl::Name), "{url}");
            assert!(rules(false, &["10.0.0.0/8"]).parse(url).is_ok(), "{url}: what it leads to decides");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_by_its_rule() {
        use InvalidEndpointUrl::{Length, Scheme, Syntax, User};
        for (url, rule) in [
            ("", Syntax),
            ("hooks", Syntax),
            ("https://", Syntax),
            ("ftp://example.org/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("gopher://example.org/", Scheme),
            ("https://user:pass@example.org/", User),
            ("https://user@example.org/", User),
            ("https://:pass@example.org/", User),
            (&format!("https://example.org/{}", "a".repeat(2_000)), Length),
        ] {
            assert_eq!(rules(true, &["0.0.0.0/0"]).parse(url), Err(rule), "{url}");
        }
    }

    #[test]
    fn http_is_for_those_who_allow_it() {
        assert_eq!(rules(false, &[]).parse("http://hooks.example.org/"), Err(InvalidEndpointUrl::Scheme));
        assert!(rules(true, &[]).parse("http://hooks.example.org/").is_ok());
        let url = rules(false, &[]).parse("https://hooks.example.org:8443/a?b=c").unwrap();
        assert_eq!(url.as_str(), "https://hooks.example.org:8443/a?b=c");
    }
}
