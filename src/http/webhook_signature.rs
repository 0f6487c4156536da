//! Checks the signatures of webhooks.
//!
//! GitHub, Gitea, Forgejo and Bitbucket sign the body with HMAC-SHA256. GitLab sends the secret itself.

use hyper::header::HeaderMap;
use ring::hmac;

use crate::config::Secret;

pub(crate) use ring::hmac::Tag as BodyTag;

/// Headers with a signature in hexadecimal digits, and what is before the digits.
const SIGNATURE_HEADERS: [(&str, &str); 4] = [
    ("x-hub-signature-256", "sha256="),
    ("x-hub-signature", "sha256="),
    ("x-gitea-signature", ""),
    ("x-forgejo-signature", ""),
];
/// Header in which GitLab sends the secret.
const TOKEN_HEADER: &str = "x-gitlab-token";

/// Secret that webhooks are checked with.
pub(crate) struct WebhookKey {
    secret: Secret,
    key: hmac::Key,
}

impl WebhookKey {
    pub(crate) fn new(secret: Secret) -> WebhookKey {
        WebhookKey {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes()),
            secret,
        }
    }

    /// Starts to hash a body.
    pub(crate) fn start_hashing(&self) -> hmac::Context {
        hmac::Context::with_key(&self.key)
    }

    /// Checks the first signature or token of a request, in constant time. `None` if it has none.
    pub(crate) fn has_valid_signature(
        &self,
        headers: &HeaderMap,
        body_tag: &BodyTag,
    ) -> Option<bool> {
        let signature = SIGNATURE_HEADERS.iter().find_map(|(name, prefix)| {
            // GitHub sends a signature with SHA-1 as well.
            headers.get(*name)?.to_str().ok()?.strip_prefix(prefix)
        });
        if let Some(signature) = signature {
            let bytes = decode_hex(signature);
            return Some(bytes.is_some_and(|bytes| self.is_equal(&bytes, body_tag.as_ref())));
        }
        let token = headers.get(TOKEN_HEADER)?.as_bytes();
        Some(self.is_equal(token, self.secret.expose_secret().as_bytes()))
    }

    /// Compares in constant time: the time of a comparison of two hashes tells nothing about the texts.
    fn is_equal(&self, text: &[u8], expected: &[u8]) -> bool {
        let expected = hmac::sign(&self.key, expected);
        hmac::verify(&self.key, text, expected.as_ref()).is_ok()
    }
}

/// Decodes hexadecimal digits.
fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secret, payload and signature of "Validating webhook deliveries" in GitHub's documentation.
    const SECRET: &str = "It's a Secret to Everybody";
    const PAYLOAD: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn check(name: &'static str, value: &str) -> Option<bool> {
        let key = WebhookKey::new(Secret::new(SECRET).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let mut hashing = key.start_hashing();
        hashing.update(PAYLOAD);
        key.has_valid_signature(&headers, &hashing.sign())
    }

    #[test]
    fn signature_of_each_forge_is_checked() {
        let signed = format!("sha256={SIGNATURE}");
        assert_eq!(check("x-hub-signature-256", &signed), Some(true));
        assert_eq!(check("x-hub-signature", &signed), Some(true));
        assert_eq!(check("x-gitea-signature", SIGNATURE), Some(true));
        assert_eq!(check("x-forgejo-signature", SIGNATURE), Some(true));
        assert_eq!(check("x-gitlab-token", SECRET), Some(true));
    }

    #[test]
    fn wrong_signature_is_rejected() {
        let changed = SIGNATURE.replacen('7', "8", 1);
        for (name, value) in [
            ("x-hub-signature-256", format!("sha256={changed}")),
            ("x-hub-signature-256", "sha256=".to_owned()),
            (
                "x-hub-signature-256",
                SIGNATURE.replacen("75", "sha256=", 1),
            ),
            ("x-gitea-signature", format!("{SIGNATURE}0")),
            ("x-gitea-signature", SIGNATURE.replacen("75", "é", 1)),
            ("x-gitlab-token", SECRET.to_lowercase()),
            ("x-gitlab-token", String::new()),
        ] {
            assert_ne!(check(name, &value), Some(true), "{name}: {value}");
        }
        assert_eq!(check("x-hub-signature-256", SIGNATURE), None);
        assert_eq!(check("x-hub-signature", "sha1=0123"), None);
        assert_eq!(check("authorization", SECRET), None);
    }
}
