//! A request for what is new of a feed into that, RFC 3229: `A-IM: feed`, and 226.
//!
//! Who does not ask so gets the feed. What is sent is a whole document with the entries that are not in
//! what the client says that it has, under the entity tag of the feed as it is now; its own next
//! `If-None-Match`. No cache keeps it, for those who do not know 226 would give it to others.
//!
//! A shared cache that asks whether its copy is still good puts a condition of its own on a client's request. With
//! the client's `A-IM` beside it, the answer would be what is new since the copy of the cache, and the client would
//! take it for the feed. So the feed varies by `A-IM`, and no shared cache keeps what was sent to a client that
//! accepts a delta: it then has no copy to put a condition on.

use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};

use super::fields::{Field, Fields, Value};
use super::negotiate::Accepted;
use super::precondition::strong_tags;
use super::qvalue::thousandths;
use super::reply::{set_static, status};
use super::select::late;
use super::sending::Body;
use crate::artifact::ArtifactKey;
use crate::snapshot::{Form, Resource, Snapshot, Tags};

/// What was done to it.
const IM: HeaderName = HeaderName::from_static("im");
/// The tag of what it was done on the ground of.
const DELTA_BASE: HeaderName = HeaderName::from_static("delta-base");

/// Whether the request is for a feed and accepts what is new of it alone.
pub(super) fn is_accepted(fields: &Fields<'_>, key: &ArtifactKey) -> bool {
    matches!(key, ArtifactKey::Feed(..)) && takes_feed(fields)
}

/// The fields that the answer at a feed's address depends on.
pub(super) fn vary(has_pages: bool) -> HeaderValue {
    const WITH_PAGES: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding, A-IM");
    const WITHOUT: HeaderValue = HeaderValue::from_static("Accept-Encoding, A-IM");
    match has_pages {
        true => WITH_PAGES,
        false => WITHOUT,
    }
}

/// Lets no shared cache keep the answer, and the client's own as before.
pub(super) fn keep_from_shared_caches(headers: &mut HeaderMap) {
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

/// The answer with what is new, and its form; `None`, where the feed is to be sent.
pub(super) fn answer(
    fields: &Fields<'_>,
    (snapshot, resource, tags): (&Snapshot, &Resource, &Tags),
    accepted: Accepted,
) -> Option<(Response<Body>, Form)> {
    let known: Vec<&[u8]> = strong_tags(fields).collect();
    let (base, new) = snapshot.new_since(&resource.key, &known)?;
    let form = late(accepted, tags.forms());
    let mut response = status(StatusCode::IM_USED, Body::deferred(form.of(new)));
    let headers = response.headers_mut();
    set_static(headers, IM, "feed");
    if let Ok(base) = HeaderValue::from_bytes(base) {
        headers.insert(DELTA_BASE, base);
    }
    Some((response, form))
}

/// What of the answer is not as that of the feed.
pub(super) fn guard(headers: &mut HeaderMap) {
    if headers.contains_key(DELTA_BASE) {
        set_static(headers, header::CACHE_CONTROL, "private, no-store");
    }
}

/// Whether `feed` is among what the client accepts.
fn takes_feed(fields: &Fields<'_>) -> bool {
    let lines = fields.lines(Field::AIm);
    let members = lines.filter_map(Value::text);
    let mut members = members.flat_map(|line| line.split(','));
    members.any(|member| {
        let (name, parameter) = member.split_once(';').unwrap_or((member, ""));
        let parameter = parameter.trim();
        let q = parameter
            .strip_prefix("q=")
            .or_else(|| parameter.strip_prefix("Q="));
        let is_ruled_out = q.and_then(thousandths) == Some(0);
        name.trim().eq_ignore_ascii_case("feed") && !is_ruled_out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn shared_caches_alone_are_kept_from_the_answer() {
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
            keep_from_shared_caches(&mut headers);
            assert_eq!(headers["cache-control"], expected);
        }
    }

    #[test]
    fn feed_must_be_named_and_not_be_ruled_out() {
        let takes = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("a-im", HeaderValue::from_static(line));
            }
            takes_feed(&Fields::of(&headers))
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
