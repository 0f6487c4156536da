//! Answers a request from the current snapshot. Never fails, waits or does I/O: a lazy body is rendered by the
//! caller afterwards, see `fill_rendered_body`.
//!
//! 1. Validation of the request head: 400, 405, 414, 417, 431 or 501, see `reject_request`.
//! 2. Lookup: the path is normalized, then looked up with and without the path prefix of `public_url`, because some
//!    proxies strip it and some do not. An invalid path is 400, an unknown one 404, and a near miss 308, see
//!    `candidate_paths`. The query is ignored, except for the page number of a feed, which redirects to the path of the
//!    page. The HTML page that browsers get at a feed's URL is resolved by `resolve_variant`. A moved resource, or a
//!    renamed path, is 301, a withdrawn one 410.
//! 3. Content negotiation: the best encoding that exists and that the client accepts.
//! 4. Preconditions: 412 or 304.
//! 5. Otherwise 200, or 226 with a feed's new entries, see `answer_delta`. A lazy response has no body yet.
//! 6. HEAD: the same response without the body.
//!
//! `Range` is ignored, as RFC 9110 §14.2 allows: outputs are small, and clients often mishandle ranges of encoded
//! bytes. Error bodies repeat nothing of the request, so nothing can be reflected. Redirects to a canonical path are
//! relative.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::accept_encoding::AcceptedEncodings;
use super::cache_control::CacheHeaders;
use super::choose_encoding::{SelectedEncoding, choose_encoding};
use super::error_response::reject_failed_precondition;
use super::error_response::{
    build_response, build_text_response, insert_header, insert_static_header, redirect_permanently,
    reject_not_found, reject_request, reject_unrendered,
};
use super::feed_variant::FeedVariant;
use super::preconditions::{PreconditionOutcome, Validators};
use super::request_headers::RequestHeaders;
use super::request_target::RequestTarget;
use super::response_body::ResponseBody;
use super::response_headers::write_representation_headers;
use super::validate::{Rejection, SizeLimits, validate_request};
use super::{canonical_path, date_header, feed_delta, feed_variant};
use crate::config;
use crate::model::artifact::{ArtifactKey, Payload};
use crate::publish::render_cache::RenderRefused;
use crate::publish::snapshot::{Resource, ResourceContent, Snapshot};
use crate::stats::traffic::ResourceClass;
use crate::url_path::normalize_path;

/// Settings that all responses of a server share.
#[derive(Debug, Clone)]
pub struct ResponderConfig {
    path_prefix: String,
    size_limits: SizeLimits,
    pub(super) cache_headers: CacheHeaders,
}

impl ResponderConfig {
    /// Creates the settings of a server that clients reach at `public_url`. The limits on target and head are in bytes.
    pub fn new(
        public_url: &str,
        max_target_bytes: usize,
        max_head_bytes: usize,
    ) -> ResponderConfig {
        let path = url::Url::parse(public_url).map(|url| url.path().to_owned());
        let path = path.ok().and_then(|path| normalize_path(&path));
        ResponderConfig {
            path_prefix: path.unwrap_or_default().trim_end_matches('/').to_owned(),
            size_limits: SizeLimits {
                target_bytes: max_target_bytes,
                head_bytes: max_head_bytes,
            },
            cache_headers: CacheHeaders::new(&config::CachePolicies::default()),
        }
    }

    /// Replaces the cache policies by those of the configuration.
    pub fn with_cache_policies(self, config: &config::CachePolicies) -> ResponderConfig {
        ResponderConfig {
            cache_headers: CacheHeaders::new(config),
            ..self
        }
    }
}

/// Answers a request.
pub fn respond_to_request(
    request: &Parts,
    snapshot: &Snapshot,
    rules: &ResponderConfig,
    now: SystemTime,
) -> Response<ResponseBody> {
    let fields = RequestHeaders::from_map(&request.headers);
    respond_with_target((request, &fields), snapshot, rules, now).0
}

/// Answers a request, and returns its target with the response.
pub(crate) fn respond_with_target(
    (request, fields): (&Parts, &RequestHeaders<'_>),
    snapshot: &Snapshot,
    rules: &ResponderConfig,
    now: SystemTime,
) -> (Response<ResponseBody>, RequestTarget) {
    let mut asked = RequestTarget::without_resource();
    let response = answer_request((request, fields), snapshot, rules, now, &mut asked);
    (
        finish_response(response, now, request.method == Method::HEAD),
        asked,
    )
}

/// Adds the rendered body to a lazy response, or replaces the response by an error.
pub(crate) fn fill_rendered_body(
    mut response: Response<ResponseBody>,
    body: Result<Payload, RenderRefused>,
    now: SystemTime,
    is_head: bool,
) -> Response<ResponseBody> {
    match body {
        Ok(body) => *response.body_mut() = body.into(),
        Err(refusal) => response = reject_unrendered(refusal),
    }
    finish_response(response, now, is_head)
}

/// Builds the response to a webhook, which has a status and no resource.
pub(crate) fn answer_webhook(
    status: StatusCode,
    text: &'static str,
    now: SystemTime,
) -> Response<ResponseBody> {
    let mut response = build_text_response(status, text);
    insert_static_header(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    finish_response(response, now, false)
}

/// Builds the 429 response for a client that polls too often (RFC 6585 §4).
pub(crate) fn reject_rate_limited(wait: Duration, now: SystemTime) -> Response<ResponseBody> {
    let mut response = build_text_response(
        StatusCode::TOO_MANY_REQUESTS,
        "too many requests; send If-None-Match or If-Modified-Since to avoid this limit\n",
    );
    let headers = response.headers_mut();
    insert_static_header(headers, header::CACHE_CONTROL, "no-store");
    let seconds = wait.as_millis().div_ceil(1_000).to_string();
    insert_header(headers, header::RETRY_AFTER, &seconds.into());
    finish_response(response, now, false)
}

/// Adds the headers that every response has, and removes the body of a response to HEAD.
fn finish_response(
    mut response: Response<ResponseBody>,
    now: SystemTime,
    is_head: bool,
) -> Response<ResponseBody> {
    const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    let has_body = !matches!(
        response.status(),
        StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT
    );
    let length = response.body().len();
    let is_deferred = response.body().is_lazy();
    let headers = response.headers_mut();
    // From the same clock reading as `Last-Modified`, which must not be later.
    if let Some(date) = date_header::date_header(now) {
        headers.insert(header::DATE, date);
    }
    if has_body {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        if !is_deferred && !headers.contains_key(header::CONTENT_LENGTH) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
    if is_head && !is_deferred {
        *response.body_mut() = ResponseBody::default();
    }
    response
}

fn answer_request(
    (request, fields): (&Parts, &RequestHeaders<'_>),
    snapshot: &Snapshot,
    rules: &ResponderConfig,
    now: SystemTime,
    asked: &mut RequestTarget,
) -> Response<ResponseBody> {
    let uri = &request.uri;
    if let Some(objection) = validate_request(request, fields, rules.size_limits) {
        return reject_request(objection);
    }
    let resource = match find_resource(snapshot, &rules.path_prefix, uri.path()) {
        PathLookup::Found(resource) => resource,
        PathLookup::Redirect(status, relative) => {
            return redirect_permanently(status, relative, uri.query());
        }
        PathLookup::NotFound => return reject_not_found(),
        PathLookup::InvalidPath => return reject_request(Rejection::Malformed),
    };
    let resource = Arc::clone(asked.resource.insert(resource));
    asked.class = ResourceClass::from_key(&resource.key);
    if let Some(response) = answer_moved_or_gone(&resource, snapshot, rules) {
        asked.is_variant = true;
        return response;
    }
    let variant = feed_variant::resolve_variant((uri, fields), snapshot, &resource);
    asked.is_variant = !matches!(variant, FeedVariant::ResourceItself);
    let resource = &*match variant {
        FeedVariant::ResourceItself => resource,
        FeedVariant::NotFound => return reject_not_found(),
        FeedVariant::Moved(relative) => {
            return redirect_permanently(StatusCode::MOVED_PERMANENTLY, relative, None);
        }
        FeedVariant::Html(page) => {
            asked.class = ResourceClass::from_key(&page.key);
            page
        }
    };
    let accepted = AcceptedEncodings::from_headers(fields);
    let Some((tags, selected)) = choose_encoding(resource, accepted) else {
        return reject_not_found();
    };
    let has_last_modified = resource.last_modified <= now && resource.key.is_change_tracked();
    let last_modified = has_last_modified.then_some(resource.last_modified);
    let validators = Validators {
        tags,
        selected: selected.encoding(),
        accepted,
        last_modified,
    };
    let condition = PreconditionOutcome::evaluate_conditions(fields, validators, now);
    let takes_delta = feed_delta::is_delta_accepted(fields, &resource.key);
    let new = match condition {
        PreconditionOutcome::Holds if takes_delta => {
            feed_delta::answer_delta(fields, (snapshot, resource, tags), accepted)
        }
        _ => None,
    };
    let (mut response, form, etag) = match (condition, new, &selected) {
        (PreconditionOutcome::Failed, _, _) => return reject_failed_precondition(),
        (PreconditionOutcome::NotModified(form), _, _) => {
            let response = build_response(StatusCode::NOT_MODIFIED, ResponseBody::default());
            (response, form, tags.get(form))
        }
        (PreconditionOutcome::Holds, Some((response, form)), _) => (response, form, tags.get(form)),
        (PreconditionOutcome::Holds, None, SelectedEncoding::Eager(representation)) => {
            let mut response = build_response(StatusCode::OK, representation.payload.clone());
            let length = &representation.content_length;
            insert_header(response.headers_mut(), header::CONTENT_LENGTH, length);
            (
                response,
                representation.encoding,
                representation.etag.clone(),
            )
        }
        (PreconditionOutcome::Holds, None, SelectedEncoding::Lazy(form, deferred)) => {
            let body = ResponseBody::from_lazy(form.wrap_lazy_body((*deferred).clone()));
            (build_response(StatusCode::OK, body), *form, tags.get(*form))
        }
    };
    write_representation_headers(
        &mut response,
        resource,
        (form, &etag),
        last_modified.is_some(),
    );
    let headers = response.headers_mut();
    rules
        .cache_headers
        .write_cache_headers(headers, &resource.key, snapshot.feed_max_age());
    if let SelectedEncoding::Lazy(_, deferred) = selected
        && !asked.is_variant
        && let Some(query) = uri.query()
        && ArtifactKey::is_versioned(query, &deferred.fingerprint)
    {
        let policy = ArtifactKey::versioned_cache_control();
        insert_static_header(headers, header::CACHE_CONTROL, policy);
    }
    if let ArtifactKey::FeedHtml(..) = resource.key {
        insert_static_header(headers, header::VARY, "Accept, Accept-Encoding");
    } else if let ArtifactKey::Feed(..) = resource.key {
        let vary = feed_delta::vary_header(snapshot.has_html_variants());
        headers.insert(header::VARY, vary);
        if takes_delta {
            feed_delta::forbid_shared_caching(headers);
            feed_delta::forbid_delta_caching(headers);
        }
    }
    response
}

/// Answers for a resource that moved or was withdrawn (RFC 9110 §15.4.2, §15.5.11). Conditions apply only to
/// existing resources, so they are not evaluated.
fn answer_moved_or_gone(
    resource: &Resource,
    snapshot: &Snapshot,
    rules: &ResponderConfig,
) -> Option<Response<ResponseBody>> {
    let mut response = match &resource.content {
        ResourceContent::Moved(url) => {
            let mut response = build_text_response(StatusCode::MOVED_PERMANENTLY, "moved\n");
            insert_header(
                response.headers_mut(),
                header::LOCATION,
                &url.clone().into(),
            );
            response
        }
        ResourceContent::Gone => build_text_response(StatusCode::GONE, "gone\n"),
        ResourceContent::Eager { .. } | ResourceContent::Lazy { .. } => return None,
    };
    let headers = response.headers_mut();
    rules
        .cache_headers
        .write_cache_headers(headers, &resource.key, snapshot.feed_max_age());
    Some(response)
}

/// Result of looking up a path.
enum PathLookup {
    Found(Arc<Resource>),
    /// Status, and the canonical path as a relative reference.
    Redirect(StatusCode, String),
    NotFound,
    /// The path cannot be normalized.
    InvalidPath,
}

fn find_resource(snapshot: &Snapshot, prefix: &str, path: &str) -> PathLookup {
    // Fast path: the path is already in its normal form.
    if let Some(made) = path
        .strip_prefix(prefix)
        .and_then(|path| snapshot.eager_resource(path))
    {
        return PathLookup::Found(Arc::clone(made));
    }
    let Some(path) = normalize_path(if path.is_empty() { "/" } else { path }) else {
        return PathLookup::InvalidPath;
    };
    let below = path
        .strip_prefix(prefix)
        .filter(|below| below.is_empty() || below.starts_with('/'))
        .map(|below| if below.is_empty() { "/" } else { below });
    let below = below.into_iter().chain([path.as_str()]);
    let mut paths = below.clone();
    if let Some(resource) = paths.find_map(|path| snapshot.get(path)) {
        return PathLookup::Found(resource);
    }
    let mut redirects = below.flat_map(|path| {
        let renamed = ArtifactKey::renamed_path(path).into_iter();
        let renamed = renamed.map(|to| (StatusCode::MOVED_PERMANENTLY, to));
        let near = canonical_path::candidate_paths(path);
        let near = near.map(|to| (StatusCode::PERMANENT_REDIRECT, to));
        renamed
            .chain(near)
            .map(move |(status, to)| (status, path, to))
    });
    match redirects.find(|(_, _, to)| snapshot.get(to).is_some()) {
        Some((status, from, to)) => {
            PathLookup::Redirect(status, canonical_path::relative_reference(from, &to))
        }
        None => PathLookup::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::response_headers::HTML_CONTENT_SECURITY_POLICY;
    use crate::model::artifact::{FeedFormat, FeedScope};
    use crate::server::tests::{eager_artifact as output, small_site_snapshot};
    use hyper::Request;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn respond_eagerly<B>(
        request: Request<B>,
        snapshot: &Snapshot,
        rules: &ResponderConfig,
        now: u64,
    ) -> Response<ResponseBody> {
        let response = respond_to_request(&request.into_parts().0, snapshot, rules, at(now));
        assert!(!response.body().is_lazy(), "{response:?}");
        response
    }

    fn ask(target: &str, fields: &[(&str, &str)]) -> Response<ResponseBody> {
        let mut request = Request::get(target).header("host", "e.org");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        respond_eagerly(request, &small_site_snapshot(), &rules("/sub"), 2_000)
    }

    fn rules(prefix: &str) -> ResponderConfig {
        ResponderConfig::new(&format!("https://e.org{prefix}"), 8_000, 16_000)
    }

    fn field<'a, B>(response: &'a Response<B>, name: &str) -> Option<&'a str> {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    }

    #[test]
    fn path_is_found_in_every_spelling_with_and_without_prefix() {
        let found = [
            "/",
            "/sub",
            "/sub/",
            "/rss.xml",
            "/sub/rss.xml?x=2",
            "/%73ub/%72ss.xml",
            "/cards/%d0%bd/",
            "http://other.example/rss.xml",
            "http://other.example",
            "/rss.xml?",
        ];
        for target in found {
            assert_eq!(ask(target, &[]).status(), 200, "{target}");
        }
        for target in [
            "/subrss.xml",
            "/cards%2F%D0%BD/",
            "/RSS.xml",
            "/sub//x",
            "/rss.xml/x",
        ] {
            let response = ask(target, &[]);
            assert_eq!(response.status(), 404, "{target}");
            assert_eq!(field(&response, "content-length"), Some("10"));
            assert_eq!(
                field(&response, "content-type"),
                Some("text/plain; charset=utf-8")
            );
        }
    }

    #[test]
    fn ambiguous_or_invalid_path_is_rejected() {
        for target in [
            "/sub/../rss.xml",
            "/./rss.xml",
            "/%2e%2e/rss.xml",
            "/%2E/rss.xml",
            "/rss%2Exml%00",
            "/%zz",
            "/%",
            "/%ff",
            "/%c3",
            "*",
        ] {
            assert_eq!(ask(target, &[]).status(), 400, "{target}");
        }
    }

    #[test]
    fn near_miss_redirects_to_the_canonical_path() {
        for (target, location) in [
            ("/rss.xml/", "../rss.xml"),
            ("/sub/rss.xml/?page=2", "../rss.xml?page=2"),
            ("//rss.xml", "../rss.xml"),
            ("/sub//rss.xml", "../rss.xml"),
            ("/cards/%d0%bd", "../cards/%D0%BD/"),
            ("//?ϑ", "../?%CF%91"),
            (
                "/rss.xml/?a=%7B{&b=%20/?|%",
                "../rss.xml?a=%7B%7B&b=%20/?%7C%",
            ),
        ] {
            let response = ask(target, &[]);
            assert_eq!(response.status(), 308, "{target}");
            assert_eq!(field(&response, "location"), Some(location), "{target}");
        }
    }

    #[test]
    fn options_lists_methods_for_every_origin() {
        let request = Request::options("/rss.xml").header("host", "e.org");
        let request = request.body(()).unwrap();
        let response = respond_eagerly(request, &small_site_snapshot(), &rules(""), 2_000);
        assert_eq!(response.status(), 204);
        assert_eq!(field(&response, "allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(field(&response, "access-control-allow-origin"), Some("*"));
        assert_eq!(field(&response, "content-length"), None);
    }

    #[test]
    fn prefix_is_the_path_of_the_public_url() {
        for (url, path) in [
            ("https://e.org", ""),
            ("https://e.org/", ""),
            ("https://e.org/feeds", "/feeds"),
            ("https://e.org/a/%7eb/", "/a/~b"),
            ("nonsense", ""),
        ] {
            assert_eq!(ResponderConfig::new(url, 1, 1).path_prefix, path, "{url}");
        }
    }

    #[test]
    fn page_has_security_headers_and_feed_allows_every_origin() {
        let page = ask("/cards/%D0%BD/", &[]);
        assert_eq!(
            field(&page, "content-security-policy"),
            Some(HTML_CONTENT_SECURITY_POLICY)
        );
        assert_eq!(
            field(&page, "referrer-policy"),
            Some("strict-origin-when-cross-origin")
        );
        assert_eq!(field(&page, "x-robots-tag"), Some("noindex"));
        assert_eq!(field(&page, "access-control-allow-origin"), None);
        let feed = ask("/rss.xml", &[]);
        assert_eq!(field(&feed, "content-security-policy"), None);
        assert_eq!(field(&feed, "x-robots-tag"), None);
        assert_eq!(field(&feed, "access-control-allow-origin"), Some("*"));
        assert_eq!(field(&feed, "x-content-type-options"), Some("nosniff"));
        assert_eq!(
            field(&feed, "link"),
            Some("<https://e.org/>; rel=\"alternate\"")
        );
    }

    #[test]
    fn not_modified_repeats_all_but_representation_headers() {
        let full = ask("/cards/%D0%BD/", &[("accept-encoding", "gzip")]);
        let etag = field(&full, "etag").unwrap();
        let short = ask(
            "/cards/%D0%BD/",
            &[("accept-encoding", "gzip"), ("if-none-match", etag)],
        );
        assert_eq!(short.status(), 304);
        let known = [
            "content-type",
            "content-length",
            "content-encoding",
            "x-content-type-options",
            "link",
            "content-security-policy",
            "referrer-policy",
        ];
        for (name, value) in full.headers() {
            let expected = (!known.contains(&name.as_str())).then_some(value);
            assert_eq!(short.headers().get(name), expected, "{name}");
        }
    }

    #[test]
    fn head_and_condition_are_answered_without_decompressing() {
        let long = "the same again ".repeat(100);
        let artifact = output(ArtifactKey::Robots, &long);
        let snapshot = Snapshot::next_generation(
            &Snapshot::with_gzip_only_above(0),
            vec![artifact],
            at(1_000),
        );
        snapshot.compress_fast();
        let ask = |method: &str, tag: &str| {
            let request = Request::builder().method(method).uri("/robots.txt");
            let request = request.header("host", "e.org").header("if-none-match", tag);
            let request = request.body(()).unwrap();
            respond_eagerly(request, &snapshot, &rules(""), 2_000)
        };
        let get = ask("GET", "\"x\"");
        assert_eq!(get.body().to_vec(), Ok(long.into_bytes()));
        let head = ask("HEAD", "\"x\"");
        assert_eq!(head.headers(), get.headers());
        assert_eq!(field(&head, "content-length"), Some("1500"));
        let short = ask("GET", field(&get, "etag").unwrap());
        assert_eq!(short.status(), 304);
        for response in [head, short] {
            assert_eq!(response.body().to_vec(), Ok(Vec::new()));
        }
    }

    #[test]
    fn each_encoding_is_revalidated_by_its_own_tag() {
        let gzip = ask("/rss.xml", &[("accept-encoding", "gzip")]);
        let tag = field(&gzip, "etag").unwrap();
        assert_eq!(field(&gzip, "content-encoding"), Some("gzip"));
        let plain = ask("/rss.xml", &[("if-none-match", tag)]);
        assert_eq!(plain.status(), 200);
        assert_eq!(field(&plain, "content-encoding"), None);
        assert_eq!(field(&plain, "vary"), Some("Accept-Encoding, A-IM"));
        assert_eq!(field(&ask("/robots.txt", &[]), "vary"), None);
    }

    #[test]
    fn future_modification_date_is_neither_sent_nor_compared() {
        let ahead = |fields: &[(&str, String)]| {
            let mut request = Request::get("/rss.xml").header("host", "e.org");
            for (name, value) in fields {
                request = request.header(*name, value);
            }
            respond_eagerly(
                request.body(()).unwrap(),
                &small_site_snapshot(),
                &rules(""),
                999,
            )
        };
        assert_eq!(field(&ahead(&[]), "last-modified"), None);
        let since = httpdate::fmt_http_date(at(999));
        assert_eq!(ahead(&[("if-modified-since", since.clone())]).status(), 200);
        assert_eq!(ahead(&[("if-unmodified-since", since)]).status(), 200);
        let now = ask("/rss.xml", &[]);
        assert_eq!(
            field(&now, "last-modified"),
            Some("Thu, 01 Jan 1970 00:16:40 GMT")
        );
        assert_eq!(field(&now, "date"), Some("Thu, 01 Jan 1970 00:33:20 GMT"));
    }

    #[test]
    fn range_is_ignored_and_failed_condition_is_412() {
        assert_eq!(ask("/rss.xml", &[("range", "bytes=0-1")]).status(), 200);
        assert_eq!(ask("/rss.xml", &[("if-match", "\"x\"")]).status(), 412);
    }

    #[test]
    fn artifact_paths_are_already_normalized() {
        let slugs = [
            "news",
            "новости",
            "日本語",
            "a b",
            "50%",
            "q?#[x]|\"^`{}\\",
            "c++",
            "a:b@c,d;e=f",
        ];
        let scoped = slugs.iter().flat_map(|slug| {
            [
                ArtifactKey::Feed(FeedScope::Category((*slug).into()), FeedFormat::Atom),
                ArtifactKey::Feed(FeedScope::Author((*slug).into()), FeedFormat::Json),
            ]
        });
        let fixed = [
            ArtifactKey::Home,
            ArtifactKey::Sitemap,
            ArtifactKey::SitemapPart(7),
            ArtifactKey::NewsSitemap,
            ArtifactKey::Robots,
            ArtifactKey::IndexNowKey("0a-Z45678".into()),
            ArtifactKey::LlmsTxt,
            ArtifactKey::Opml,
            ArtifactKey::CardPage("/".into()),
        ];
        for key in scoped.chain(fixed) {
            assert_eq!(normalize_path(&key.url_path()), Some(key.url_path()));
        }
    }

    proptest! {
        #[test]
        fn any_request_is_answered(
            method in "[A-Z]{1,8}|GET|HEAD|OPTIONS",
            path in "/(\\PC|%[0-9a-f]{2}|rss\\.xml|sub|/|\\.){0,12}",
            name in "accept-encoding|if-none-match|if-modified-since|if-match|range|host",
            value in any::<Vec<u8>>(),
        ) {
            let request = Request::builder().method(method.as_str()).uri(path).header(name, value).body(());
            if let Ok(request) = request {
                let status = respond_eagerly(request, &small_site_snapshot(), &rules("/sub"), 2_000).status();
                prop_assert!([200, 204, 304, 308, 400, 404, 405, 412, 501].contains(&status.as_u16()));
            }
        }
    }
}
