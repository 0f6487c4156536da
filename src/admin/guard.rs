//! The head of a request into whether the one who asks may see what the operator sees.
//!
//! Pages of other sites run in the operator's browser too, on the very machine whose loopback address
//! this is. What they can do without leave is to send requests and, where a name of theirs is made to lead
//! here ("DNS rebinding"), to read the answers. So the name that is asked for must be one of ours, and who
//! asks must not be a page of another's.

use std::net::IpAddr;

use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, ORIGIN};

use crate::config::Secret;

/// The cookie that says that the token was given.
const COOKIE_NAME: &str = "courant";
/// What the cookie holds is made of the token and of this, so that it does not give the token away.
const PURPOSE: &str = "courant 2026 the operator's page, cookie";

/// Who may see the page.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: Vec<String>,
    token: Option<Hashed>,
}

/// What is compared: hashes are, in constant time.
#[derive(Debug)]
struct Hashed {
    token: blake3::Hash,
    cookie: blake3::Hash,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The name that was asked for is not ours.
    Host,
    /// A page of another site asks.
    Foreigner,
    /// The token is missing, or another.
    Token,
}

impl Guard {
    /// Lets those in who ask for one of these names and have the token, if there is one.
    pub(super) fn new(hosts: &[String], token: Option<&Secret>) -> Guard {
        let hashed = |token: &Secret| Hashed {
            token: blake3::hash(token.reveal().as_bytes()),
            cookie: blake3::hash(cookie(token.reveal()).as_bytes()),
        };
        Guard {
            hosts: hosts.to_vec(),
            token: token.map(hashed),
        }
    }

    /// Whether the request is one that anybody may make who is no page of another site.
    pub(super) fn admits(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let mut named = headers.get_all(HOST).iter();
        let host = match (named.next(), named.next()) {
            (Some(host), None) => host.to_str().map_err(|_| Refused::Host)?,
            _ => return Err(Refused::Host),
        };
        if !self.is_ours(host) {
            return Err(Refused::Host);
        }
        if let Some(origin) = headers.get(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let rest = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            if !rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host)) {
                return Err(Refused::Foreigner);
            }
        }
        // To follow a link to a page of ours shows nothing to the page with the link.
        let of = |name: &'static str| headers.get(HeaderName::from_static(name));
        let is_foreign =
            of("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
        if is_foreign && of("sec-fetch-mode").is_some_and(|mode| mode != "navigate") {
            return Err(Refused::Foreigner);
        }
        Ok(())
    }

    /// Whether who asks has the token, if there is one.
    pub(super) fn knows(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let Some(hashed) = &self.token else {
            return Ok(());
        };
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if bearer.is_some_and(|(_, token)| self.is_token(token.trim())) {
            return Ok(());
        }
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == COOKIE_NAME);
        let mut knows = false;
        for (_, value) in cookies {
            knows |= blake3::hash(value.as_bytes()) == hashed.cookie;
        }
        if knows { Ok(()) } else { Err(Refused::Token) }
    }

    /// Whether a token is asked for.
    pub(super) fn asks(&self) -> bool {
        self.token.is_some()
    }

    /// Whether that is the token; equally fast whatever it is. Where none is asked for, nothing is.
    pub(super) fn is_token(&self, text: &str) -> bool {
        self.token
            .as_ref()
            .is_some_and(|hashed| blake3::hash(text.as_bytes()) == hashed.token)
    }

    /// The value of a `Set-Cookie` field for who has given the token.
    pub(super) fn set_cookie(token: &str) -> String {
        let cookie = cookie(token);
        format!("{COOKIE_NAME}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000")
    }

    /// Names lead where others say; addresses do not, and `localhost` is one (RFC 6761 §6.3).
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((address, port)) if port.is_empty() || port.starts_with(':') => address,
                _ => return false,
            },
            None => host.split_once(':').map_or(host, |(name, _)| name),
        };
        let name = name.to_ascii_lowercase();
        name.parse::<IpAddr>().is_ok()
            || name == "localhost"
            || name.ends_with(".localhost")
            || self.hosts.contains(&name)
    }
}

fn cookie(token: &str) -> String {
    let key = blake3::derive_key(PURPOSE, token.as_bytes());
    blake3::Hash::from(key).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const TOKEN: &str = "correct horse battery";

    fn guard(token: Option<&str>) -> Guard {
        let secret = token.map(|token| Secret::new(token).unwrap());
        Guard::new(&["courant.internal".to_owned()], secret.as_ref())
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect()
    }

    #[test]
    fn names_of_others_that_lead_here_are_refused() {
        let admits = |host: &str| guard(None).admits(&headers(&[("host", host)]));
        for ours in [
            "localhost:8081",
            "LOCALHOST",
            "app.localhost:1",
            "127.0.0.1:8081",
            "[::1]:8081",
            "[::1]",
            "192.0.2.7",
            "courant.internal:8081",
        ] {
            assert_eq!(admits(ours), Ok(()), "{ours}");
        }
        for other in [
            "evil.example:8081",
            "localhost.evil.example",
            "courant.internal.evil.example",
            "127.0.0.1.evil.example",
            "xlocalhost",
            "",
            "[::1",
            "[::1]x",
        ] {
            assert_eq!(admits(other), Err(Refused::Host), "{other}");
        }
        assert_eq!(guard(None).admits(&headers(&[])), Err(Refused::Host));
        let mut twice = headers(&[("host", "localhost")]);
        twice.append(HOST, HeaderValue::from_static("localhost"));
        assert_eq!(guard(None).admits(&twice), Err(Refused::Host));
    }

    #[test]
    fn pages_of_other_sites_are_refused_and_links_are_followed() {
        let admits = |fields: &[(&'static str, &str)]| {
            let mut all = vec![("host", "localhost:8081")];
            all.extend(fields);
            guard(None).admits(&headers(&all))
        };
        assert_eq!(admits(&[("origin", "http://localhost:8081")]), Ok(()));
        for origin in [
            "http://evil.example",
            "null",
            "http://localhost",
            "http://localhost:8081.evil.example",
            "file://localhost:8081",
        ] {
            assert_eq!(
                admits(&[("origin", origin)]),
                Err(Refused::Foreigner),
                "{origin}"
            );
        }
        let fetch = |site, mode| admits(&[("sec-fetch-site", site), ("sec-fetch-mode", mode)]);
        assert_eq!(fetch("same-origin", "cors"), Ok(()));
        assert_eq!(fetch("none", "navigate"), Ok(()));
        assert_eq!(fetch("cross-site", "navigate"), Ok(()));
        assert_eq!(fetch("cross-site", "no-cors"), Err(Refused::Foreigner));
        assert_eq!(fetch("same-site", "cors"), Err(Refused::Foreigner));
    }

    #[test]
    fn the_token_is_asked_for_in_either_form_and_no_other_will_do() {
        let knows = |fields: &[(&'static str, &str)]| guard(Some(TOKEN)).knows(&headers(fields));
        assert_eq!(
            knows(&[("authorization", "Bearer correct horse battery")]),
            Ok(())
        );
        assert_eq!(
            knows(&[("authorization", "bearer  correct horse battery ")]),
            Ok(())
        );
        let cookie = Guard::set_cookie(TOKEN);
        let cookie = cookie.split(';').next().unwrap();
        assert!(!cookie.contains("horse"));
        assert_eq!(knows(&[("cookie", &format!("a=b; {cookie}"))]), Ok(()));
        for fields in [
            &[][..],
            &[("authorization", "Bearer correct horse")],
            &[("authorization", "Basic correct horse battery")],
            &[("authorization", "correct horse battery")],
            &[("cookie", "courant=correct horse battery")],
            &[("cookie", "courant=")],
        ] {
            assert_eq!(knows(fields), Err(Refused::Token), "{fields:?}");
        }
        assert_eq!(guard(None).knows(&headers(&[])), Ok(()));
        assert!(!guard(None).is_token(""));
    }
}
