//! Checks host, origin and token of a request to the admin listener.
//!
//! Pages of other sites run in the operator's browser too, on a machine that can reach the loopback
//! address. Such a page can send requests. By DNS rebinding, with a name of its own that resolves to
//! this address, it could also read the responses. So the requested host must be an allowed one, and
//! the request must not come from a page of another site.

use std::net::IpAddr;

use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, ORIGIN};

use crate::config::Secret;

/// Cookie that a browser gets in exchange for the token.
const TOKEN_COOKIE: &str = "courant";
/// Key derivation context of the cookie, which is derived from the token and does not reveal it.
const COOKIE_KEY_CONTEXT: &str = "courant 2026 the operator's page, cookie";

/// Access check of the admin listener.
#[derive(Debug)]
pub(super) struct AdminAuth {
    hosts: Vec<String>,
    credential_hashes: Option<CredentialHashes>,
}

/// Hashes of the accepted token and cookie. Comparing two hashes takes constant time; comparing two strings does not.
#[derive(Debug)]
struct CredentialHashes {
    token_hash: blake3::Hash,
    cookie_hash: blake3::Hash,
}

/// Reason for denying access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessDenied {
    /// The requested host is not an allowed one.
    UnknownHost,
    /// The request comes from a page of another origin.
    CrossOrigin,
    /// The token is missing or wrong.
    InvalidToken,
}

impl AdminAuth {
    /// Creates a check for these host names, and for the token if there is one.
    pub(super) fn new(hosts: &[String], token: Option<&Secret>) -> AdminAuth {
        AdminAuth {
            hosts: hosts.to_vec(),
            credential_hashes: token.map(|token| CredentialHashes {
                token_hash: blake3::hash(token.expose_secret().as_bytes()),
                cookie_hash: blake3::hash(derive_cookie(token.expose_secret()).as_bytes()),
            }),
        }
    }

    /// Checks that the host is allowed and that no page of another origin sent the request.
    pub(super) fn check_host_and_origin(&self, headers: &HeaderMap) -> Result<(), AccessDenied> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().map_err(|_| AccessDenied::UnknownHost)?,
            _ => return Err(AccessDenied::UnknownHost),
        };
        if !self.is_allowed_host(host) {
            return Err(AccessDenied::UnknownHost);
        }
        if let Some(origin) = headers.get(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let authority = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            if !authority.is_some_and(|rest| rest.eq_ignore_ascii_case(host)) {
                return Err(AccessDenied::CrossOrigin);
            }
        }
        // Following a link from another origin is allowed: the linking page cannot read the response.
        let header = |name: &'static str| headers.get(HeaderName::from_static(name));
        let is_cross_origin =
            header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
        if is_cross_origin && header("sec-fetch-mode").is_some_and(|mode| mode != "navigate") {
            return Err(AccessDenied::CrossOrigin);
        }
        Ok(())
    }

    /// Checks the token, sent as a bearer token or as the cookie. Succeeds if none is required.
    pub(super) fn check_token(&self, headers: &HeaderMap) -> Result<(), AccessDenied> {
        let Some(hashes) = &self.credential_hashes else {
            return Ok(());
        };
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if bearer.is_some_and(|(_, token)| self.is_valid_token(token.trim())) {
            return Ok(());
        }
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == TOKEN_COOKIE);
        let mut is_valid = false;
        for (_, value) in cookies {
            is_valid |= blake3::hash(value.as_bytes()) == hashes.cookie_hash;
        }
        if is_valid {
            Ok(())
        } else {
            Err(AccessDenied::InvalidToken)
        }
    }

    /// Returns true if a token is required.
    pub(super) fn requires_token(&self) -> bool {
        self.credential_hashes.is_some()
    }

    /// Returns true if `text` is the required token, in constant time. False if none is required.
    pub(super) fn is_valid_token(&self, text: &str) -> bool {
        self.credential_hashes
            .as_ref()
            .is_some_and(|hashes| blake3::hash(text.as_bytes()) == hashes.token_hash)
    }

    /// Builds the value of a `Set-Cookie` field for a valid token.
    pub(super) fn build_set_cookie(token: &str) -> String {
        let cookie = derive_cookie(token);
        format!("{TOKEN_COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000")
    }

    /// Returns true for configured names, IP addresses and `localhost` (RFC 6761 §6.3).
    ///
    /// Addresses are safe from DNS rebinding, because no DNS lookup decides where they lead.
    fn is_allowed_host(&self, host: &str) -> bool {
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

/// Derives the value of the cookie from the token.
fn derive_cookie(token: &str) -> String {
    let key = blake3::derive_key(COOKIE_KEY_CONTEXT, token.as_bytes());
    blake3::Hash::from(key).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const TOKEN: &str = "correct horse battery";

    fn test_auth(token: Option<&str>) -> AdminAuth {
        let secret = token.map(|token| Secret::new(token).unwrap());
        AdminAuth::new(&["courant.internal".to_owned()], secret.as_ref())
    }

    fn test_headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect()
    }

    #[test]
    fn disallowed_hosts_are_rejected() {
        let check =
            |host: &str| test_auth(None).check_host_and_origin(&test_headers(&[("host", host)]));
        for allowed in [
            "localhost:8081",
            "LOCALHOST",
            "app.localhost:1",
            "127.0.0.1:8081",
            "[::1]:8081",
            "[::1]",
            "192.0.2.7",
            "courant.internal:8081",
        ] {
            assert_eq!(check(allowed), Ok(()), "{allowed}");
        }
        for denied in [
            "evil.example:8081",
            "localhost.evil.example",
            "courant.internal.evil.example",
            "127.0.0.1.evil.example",
            "xlocalhost",
            "",
            "[::1",
            "[::1]x",
        ] {
            assert_eq!(check(denied), Err(AccessDenied::UnknownHost), "{denied}");
        }
        assert_eq!(
            test_auth(None).check_host_and_origin(&test_headers(&[])),
            Err(AccessDenied::UnknownHost)
        );
        let mut twice = test_headers(&[("host", "localhost")]);
        twice.append(HOST, HeaderValue::from_static("localhost"));
        assert_eq!(
            test_auth(None).check_host_and_origin(&twice),
            Err(AccessDenied::UnknownHost)
        );
    }

    #[test]
    fn cross_origin_requests_are_rejected_except_navigations() {
        let check = |fields: &[(&'static str, &str)]| {
            let mut all = vec![("host", "localhost:8081")];
            all.extend(fields);
            test_auth(None).check_host_and_origin(&test_headers(&all))
        };
        assert_eq!(check(&[("origin", "http://localhost:8081")]), Ok(()));
        for origin in [
            "http://evil.example",
            "null",
            "http://localhost",
            "http://localhost:8081.evil.example",
            "file://localhost:8081",
        ] {
            assert_eq!(
                check(&[("origin", origin)]),
                Err(AccessDenied::CrossOrigin),
                "{origin}"
            );
        }
        let fetch = |site, mode| check(&[("sec-fetch-site", site), ("sec-fetch-mode", mode)]);
        assert_eq!(fetch("same-origin", "cors"), Ok(()));
        assert_eq!(fetch("none", "navigate"), Ok(()));
        assert_eq!(fetch("cross-site", "navigate"), Ok(()));
        assert_eq!(
            fetch("cross-site", "no-cors"),
            Err(AccessDenied::CrossOrigin)
        );
        assert_eq!(fetch("same-site", "cors"), Err(AccessDenied::CrossOrigin));
    }

    #[test]
    fn only_bearer_token_or_cookie_grants_access() {
        let check = |fields: &[(&'static str, &str)]| {
            test_auth(Some(TOKEN)).check_token(&test_headers(fields))
        };
        assert_eq!(
            check(&[("authorization", "Bearer correct horse battery")]),
            Ok(())
        );
        assert_eq!(
            check(&[("authorization", "bearer  correct horse battery ")]),
            Ok(())
        );
        let cookie = AdminAuth::build_set_cookie(TOKEN);
        let cookie = cookie.split(';').next().unwrap();
        assert!(!cookie.contains("horse"));
        assert_eq!(check(&[("cookie", &format!("a=b; {cookie}"))]), Ok(()));
        for fields in [
            &[][..],
            &[("authorization", "Bearer correct horse")],
            &[("authorization", "Basic correct horse battery")],
            &[("authorization", "correct horse battery")],
            &[("cookie", "courant=correct horse battery")],
            &[("cookie", "courant=")],
        ] {
            assert_eq!(check(fields), Err(AccessDenied::InvalidToken), "{fields:?}");
        }
        assert_eq!(test_auth(None).check_token(&test_headers(&[])), Ok(()));
        assert!(!test_auth(None).is_valid_token(""));
    }
}
