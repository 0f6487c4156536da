//! Answers delta requests for feeds with 226 (RFC 3229, `A-IM: feed`).
//!
//! The body is a complete feed document with only the entries that the client does not have. Its entity tag is that of
//! the current feed, which the client sends in its next `If-None-Match`. Caches must not store it, because a cache that
//! does not know 226 might serve it to other clients.
//!
//! A shared cache revalidates by adding its own condition to a client's request. Together with the client's `A-IM` the
//! response would be the delta to the cache's copy, and the client would take it for the feed. So feeds vary by `A-IM`,
//! and shared caches may not store responses to clients that accept a delta: they then have no copy to revalidate.

use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};

use super::accept_encoding::AcceptedEncodings;
use super::choose_encoding::choose_lazy_encoding;
use super::error_response::{build_response, insert_static_header};
use super::preconditions::strong_if_none_match_tags;
use super::qvalue::parse_qvalue;
use super::request_headers::{HeaderValueBytes, KnownHeader, RequestHeaders};
use super::response_body::ResponseBody;
use crate::model::artifact::ArtifactKey;
use crate::publish::snapshot::{Encoding, EntityTags, Resource, Snapshot};

/// Instance manipulation of the response.
const IM: HeaderName = HeaderName::from_static("im");
/// Entity tag of the version that the delta is based on.
const DELTA_BASE: HeaderName = HeaderName::from_static("delta-base");

/// Returns true if the resource is a feed and the client accepts a delta.
pub(super) fn is_delta_accepted(fields: &RequestHeaders<'_>, key: &ArtifactKey) -> bool {
    matches!(key, ArtifactKey::Feed(..)) && has_feed_manipulation(fields)
}

/// Returns `Vary` of a feed's URL.
pub(super) fn vary_header(has_html_variants: bool) -> HeaderValue {
    const WITH_HTML: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding, A-IM");
    const WITHOUT_HTML: HeaderValue = HeaderValue::from_static("Accept-Encoding, A-IM");
    match has_html_variants {
        true => WITH_HTML,
        false => WITHOUT_HTML,
    }
}

/// Makes `Cache-Control` private, and keeps the directives for the client's own cache.
pub(super) fn forbid_shared_caching(headers: &mut HeaderMap) {
    let policy = headers.get(header::CACHE_CONTROL);
    let policy = policy.and_then(|policy| policy.to_str().ok());
    let directives = policy.unwrap_or_default().split(',').map(str::trim);
    let kept = directives.filter(|directive| {
        let name = directive.split('=').next().unwrap_or_default();
        !["", "public", "private", "s-maxage"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    });
    let policy: Vec<&str> = std::iter::once("private").chain(kept).collect();
    if let Ok(policy) = HeaderValue::from_str(&policy.join(", ")) {
        headers.insert(header::CACHE_CONTROL, policy);
    }
}

/// Answers with the new entries, and returns the encoding of the body. `None` if the whole feed must be sent.
pub(super) fn answer_delta(
    fields: &RequestHeaders<'_>,
    (snapshot, resource, tags): (&Snapshot, &Resource, &EntityTags),
    accepted: AcceptedEncodings,
) -> Option<(Response<ResponseBody>, Encoding)> {
    let client_tags: Vec<&[u8]> = strong_if_none_match_tags(fields).collect();
    let (base, new) = snapshot.feed_entries_since(&resource.key, &client_tags)?;
    let form = choose_lazy_encoding(accepted, tags.possible_encodings());
    let mut response = build_response(
        StatusCode::IM_USED,
        ResponseBody::from_lazy(form.wrap_lazy_body(new)),
    );
    let headers = response.headers_mut();
    insert_static_header(headers, IM, "feed");
    if let Ok(base) = HeaderValue::from_bytes(base) {
        headers.insert(DELTA_BASE, base);
    }
    Some((response, form))
}

/// Forbids all caches to store a delta response.
pub(super) fn forbid_delta_caching(headers: &mut HeaderMap) {
    if headers.contains_key(DELTA_BASE) {
        insert_static_header(headers, header::CACHE_CONTROL, "private, no-store");
    }
}

/// Returns true if `A-IM` contains `feed` with a weight above 0.
fn has_feed_manipulation(fields: &RequestHeaders<'_>) -> bool {
    let lines = fields.all_values(KnownHeader::AIm);
    let members = lines.filter_map(HeaderValueBytes::as_ascii_str);
    let mut members = members.flat_map(|line| line.split(','));
    members.any(|member| {
        let (name, parameter) = member.split_once(';').unwrap_or((member, ""));
        let parameter = parameter.trim();
        let q = parameter
            .strip_prefix("q=")
            .or_else(|| parameter.strip_prefix("Q="));
        let is_refused = q.and_then(parse_qvalue) == Some(0);
        name.trim().eq_ignore_ascii_case("feed") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn only_shared_caches_are_forbidden_to_store() {
        for (policy, expected) in [
            ("public, max-age=300", "private, max-age=300"),
            (
                "max-age=60, s-maxage=600 , Public, stale-if-error=5",
                "private, max-age=60, stale-if-error=5",
            ),
            ("no-cache", "private, no-cache"),
            ("private", "private"),
            ("", "private"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("cache-control", HeaderValue::from_static(policy));
            forbid_shared_caching(&mut headers);
            assert_eq!(headers["cache-control"], expected);
        }
    }

    #[test]
    fn feed_must_be_named_and_not_refused() {
        let takes = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("a-im", HeaderValue::from_static(line));
            }
            has_feed_manipulation(&RequestHeaders::from_map(&headers))
        };
        for line in [
            "feed",
            "Feed",
            "gzip, feed",
            "feed;q=0.5",
            "vcdiff;q=0.1 , feed ; q=1",
            "feed, gzip;q=0",
        ] {
            assert!(takes(&[line]), "{line}");
        }
        for line in [
            "",
            "gzip",
            "feeds",
            "feed;q=0",
            "feed;q=0.000",
            "feed; q=0.",
            "*",
        ] {
            assert!(!takes(&[line]), "{line}");
        }
        assert!(takes(&["gzip", "feed"]));
        assert!(!takes(&[]));
    }
}
