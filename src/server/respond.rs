//! Answers a request from the current snapshot. Never fails, waits or reads anything else: a body that is yet to be
//! rendered is left to be, see [`rendered`].
//!
//! 1. What is to be objected to in its head, see `strict`: 400, 405, 414, 417 or 501.
//! 2. Path: brought to its one spelling and looked up, with and without the prefix of
//!    `public_url`, for some proxies strip it and some do not. One that has no spelling is 400, and unknown
//!    404, or 308 where it is sure what was meant, see `one_path`. The query is no
//!    part of it, but for the number of a feed's further page; those, and the page for people that
//!    browsers find where a feed is, see `late`. What moved is 301, what is gone 410.
//! 3. Content coding: the client's wish among the forms at hand.
//! 4. Preconditions: 412 or 304.
//! 5. Otherwise 200, or 226 with what is new of a feed, see `delta`; of what is not made yet, all but the
//!    body.
//! 6. HEAD: the same without the body.
//!
//! `Range` is ignored, as RFC 9110 §14.2 allows: what is served is small, and partial answers
//! of coded bytes are what clients get wrong. Errors say nothing of the request, so there is
//! nothing to reflect; a redirect is a way relative to the one that was asked for.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::asked::Asked;
use super::caching::Caching;
use super::describe::describe;
use super::fields::Fields;
use super::late::Beside;
use super::negotiate::Accepted;
use super::precondition::{Precondition, Validators};
use super::reply::{moved_for_good, not_found, objected, plain, refused, set, set_static, status};
use super::select::{Selected, select};
use super::sending::Body;
use super::strict::{Longest, Objection, object};
use super::traffic::Class;
use super::{date, delta, late, one_path};
use crate::artifact::{ArtifactKey, Page, Payload};
use crate::config;
use crate::gallery::Refusal;
use crate::percent::normalize_path;
use crate::snapshot::{Content, Resource, Snapshot};

/// What holds for all answers of a server.
#[derive(Debug, Clone)]
pub struct Rules {
    prefix: String,
    longest: Longest,
    pub(super) caching: Caching,
}

impl Rules {
    /// Those of a server that others reach at `public_url`, and that reads targets and heads of so many
    /// bytes.
    pub fn new(public_url: &str, longest_target: usize, longest_head: usize) -> Rules {
        let path = url::Url::parse(public_url).map(|url| url.path().to_owned());
        let path = path.ok().and_then(|path| normalize_path(&path));
        Rules {
            prefix: path.unwrap_or_default().trim_end_matches('/').to_owned(),
            longest: Longest {
                target: longest_target,
                head: longest_head,
            },
            caching: Caching::new(&config::Caching::default()),
        }
    }

    /// The same, where caches are told so.
    pub fn caching(self, config: &config::Caching) -> Rules {
        Rules {
            caching: Caching::new(config),
            ..self
        }
    }
}

/// Answers a request.
pub fn respond(
    request: &Parts,
    snapshot: &Snapshot,
    rules: &Rules,
    now: SystemTime,
) -> Response<Body> {
    let fields = Fields::of(&request.headers);
    respond_about((request, &fields), snapshot, rules, now).0
}

/// The same, with what the request was about.
pub(super) fn respond_about(
    (request, fields): (&Parts, &Fields<'_>),
    snapshot: &Snapshot,
    rules: &Rules,
    now: SystemTime,
) -> (Response<Body>, Asked) {
    let mut asked = Asked::nothing();
    let response = answer((request, fields), snapshot, rules, now, &mut asked);
    (finish(response, now, request.method == Method::HEAD), asked)
}

/// The response whose body was left to be rendered, with the body, or why there is none.
pub(super) fn rendered(
    mut response: Response<Body>,
    body: Result<Payload, Refusal>,
    now: SystemTime,
    is_head: bool,
) -> Response<Body> {
    match body {
        Ok(body) => *response.body_mut() = body.into(),
        Err(refusal) => response = refused(refusal),
    }
    finish(response, now, is_head)
}

/// The answer to who asks too often (RFC 6585 §4).
pub(super) fn too_many(wait: Duration, now: SystemTime) -> Response<Body> {
    let mut response = plain(
        StatusCode::TOO_MANY_REQUESTS,
        "this is asked for too often; send If-None-Match or If-Modified-Since, and it is not\n",
    );
    let headers = response.headers_mut();
    set_static(headers, header::CACHE_CONTROL, "no-store");
    let seconds = wait.as_millis().div_ceil(1_000).to_string();
    set(headers, header::RETRY_AFTER, &seconds.into());
    finish(response, now, false)
}

/// Says what every response says, and leaves out the body of an answer to HEAD.
fn finish(mut response: Response<Body>, now: SystemTime, is_head: bool) -> Response<Body> {
    const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    let has_body = !matches!(
        response.status(),
        StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT
    );
    let length = response.body().len();
    let is_deferred = response.body().is_deferred();
    let headers = response.headers_mut();
    // From the same reading of the clock as `Last-Modified`, which may not be later.
    if let Some(date) = date::field(now) {
        headers.insert(header::DATE, date);
    }
    if has_body {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        if !is_deferred && !headers.contains_key(header::CONTENT_LENGTH) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
    if is_head && !is_deferred {
        *response.body_mut() = Body::default();
    }
    response
}

fn answer(
    (request, fields): (&Parts, &Fields<'_>),
    snapshot: &Snapshot,
    rules: &Rules,
    now: SystemTime,
    asked: &mut Asked,
) -> Response<Body> {
    let uri = &request.uri;
    if let Some(objection) = object(request, fields, rules.longest) {
        return objected(objection);
    }
    let resource = match find(snapshot, &rules.prefix, uri.path()) {
        Found::There(resource) => resource,
        Found::At(relative) => return moved_for_good(relative, uri.query()),
        Found::Nothing => return not_found(),
        Found::NoPath => return objected(Objection::Malformed),
    };
    let resource = &*asked.resource.insert(resource);
    asked.class = Class::of(&resource.key);
    if let Some(response) = left_behind(resource, snapshot, rules) {
        return response;
    }
    match late::beside((uri, fields), snapshot, resource) {
        Beside::Nothing => {}
        Beside::NotFound => return not_found(),
        Beside::Page(key, page) => {
            asked.class = Class::of(&key);
            asked.is_beside = true;
            asked.page = uri.query().and_then(Page::of_query);
            let max_age = snapshot.max_age();
            return late::answer(fields, (&key, page), (&rules.caching, max_age), now);
        }
    }
    let accepted = Accepted::of(fields);
    let Some((tags, selected)) = select(resource, accepted) else {
        return not_found();
    };
    let last_modified = (resource.last_modified <= now).then_some(resource.last_modified);
    let validators = Validators {
        tags,
        selected: selected.form(),
        accepted,
        last_modified,
    };
    let condition = Precondition::evaluate(fields, validators, now);
    let takes_delta = delta::is_accepted(fields, &resource.key);
    let new = match condition {
        Precondition::Holds if takes_delta => {
            delta::answer(fields, (snapshot, resource, tags), accepted)
        }
        _ => None,
    };
    let (mut response, form, etag) = match (condition, new, &selected) {
        (Precondition::Failed, _, _) => return precondition_failed(),
        (Precondition::NotModified(form), _, _) => {
            let response = status(StatusCode::NOT_MODIFIED, Body::default());
            (response, form, tags.get(form))
        }
        (Precondition::Holds, Some((response, form)), _) => (response, form, tags.get(form)),
        (Precondition::Holds, None, Selected::Ready(representation)) => {
            let mut response = status(StatusCode::OK, representation.body.clone());
            let length = &representation.content_length;
            set(response.headers_mut(), header::CONTENT_LENGTH, length);
            (response, representation.form, representation.etag.clone())
        }
        (Precondition::Holds, None, Selected::Deferred(form, deferred)) => {
            let body = Body::deferred(form.of((*deferred).clone()));
            (status(StatusCode::OK, body), *form, tags.get(*form))
        }
    };
    describe(
        &mut response,
        resource,
        (form, &etag),
        last_modified.is_some(),
    );
    let headers = response.headers_mut();
    rules
        .caching
        .tell(headers, &resource.key, snapshot.max_age());
    if let Selected::Deferred(_, deferred) = selected
        && let Some(query) = uri.query()
        && ArtifactKey::is_versioned(query, &deferred.fingerprint)
    {
        let policy = ArtifactKey::versioned_cache_control();
        set_static(headers, header::CACHE_CONTROL, policy);
    }
    if let ArtifactKey::Feed(..) = resource.key {
        let vary = delta::vary(snapshot.has_pages_for_people());
        headers.insert(header::VARY, vary);
        if takes_delta {
            delta::keep_from_shared_caches(headers);
            delta::guard(headers);
        }
    }
    response
}

/// The answer where something was (RFC 9110 §15.4.2, §15.5.11). Conditions are about what is there,
/// so none is looked at.
fn left_behind(resource: &Resource, snapshot: &Snapshot, rules: &Rules) -> Option<Response<Body>> {
    let mut response = match &resource.content {
        Content::Moved(url) => {
            let mut response = plain(StatusCode::MOVED_PERMANENTLY, "moved\n");
            set(
                response.headers_mut(),
                header::LOCATION,
                &url.clone().into(),
            );
            response
        }
        Content::Gone => plain(StatusCode::GONE, "gone\n"),
        Content::Ready { .. } | Content::Deferred { .. } => return None,
    };
    let headers = response.headers_mut();
    rules
        .caching
        .tell(headers, &resource.key, snapshot.max_age());
    Some(response)
}

pub(super) fn precondition_failed() -> Response<Body> {
    plain(StatusCode::PRECONDITION_FAILED, "precondition failed\n")
}

/// What there is for a path.
enum Found {
    There(Arc<Resource>),
    /// It is where this relative reference leads.
    At(String),
    Nothing,
    /// The path has no spelling.
    NoPath,
}

fn find(snapshot: &Snapshot, prefix: &str, path: &str) -> Found {
    // What is there under this very spelling needs no other.
    if let Some(made) = path
        .strip_prefix(prefix)
        .and_then(|path| snapshot.made_at(path))
    {
        return Found::There(Arc::clone(made));
    }
    let Some(path) = normalize_path(if path.is_empty() { "/" } else { path }) else {
        return Found::NoPath;
    };
    let below = path
        .strip_prefix(prefix)
        .filter(|below| below.is_empty() || below.starts_with('/'))
        .map(|below| if below.is_empty() { "/" } else { below });
    let below = below.into_iter().chain([path.as_str()]);
    let mut ways = below.clone();
    if let Some(resource) = ways.find_map(|path| snapshot.get(path)) {
        return Found::There(resource);
    }
    let mut meant = below.flat_map(|path| one_path::candidates(path).map(move |to| (path, to)));
    match meant.find(|(_, to)| snapshot.get(to).is_some()) {
        Some((from, to)) => Found::At(one_path::relative(from, &to)),
        None => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{FeedFormat, FeedScope};
    use crate::server::describe::PAGE_POLICY;
    use crate::server::tests::{artifact as output, snapshot};
    use hyper::Request;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn whole<B>(
        request: Request<B>,
        snapshot: &Snapshot,
        rules: &Rules,
        now: u64,
    ) -> Response<Body> {
        let response = respond(&request.into_parts().0, snapshot, rules, at(now));
        assert!(!response.body().is_deferred(), "{response:?}");
        response
    }

    fn ask(target: &str, fields: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::get(target).header("host", "e.org");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        whole(request, &snapshot(), &rules("/sub"), 2_000)
    }

    fn rules(prefix: &str) -> Rules {
        Rules::new(&format!("https://e.org{prefix}"), 8_000, 16_000)
    }

    fn field<'a, B>(response: &'a Response<B>, name: &str) -> Option<&'a str> {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    }

    #[test]
    fn a_path_is_found_in_every_spelling_with_and_without_the_prefix() {
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
    fn a_path_that_says_nothing_or_another_than_it_says_is_bad() {
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
    fn what_was_surely_meant_is_where_the_answer_leads() {
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
    fn what_may_be_asked_is_told_to_scripts_of_other_sites_too() {
        let request = Request::options("/rss.xml").header("host", "e.org");
        let request = request.body(()).unwrap();
        let response = whole(request, &snapshot(), &rules(""), 2_000);
        assert_eq!(response.status(), 204);
        assert_eq!(field(&response, "allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(field(&response, "access-control-allow-origin"), Some("*"));
        assert_eq!(field(&response, "content-length"), None);
    }

    #[test]
    fn the_prefix_is_the_path_of_the_public_url() {
        for (url, path) in [
            ("https://e.org", ""),
            ("https://e.org/", ""),
            ("https://e.org/feeds", "/feeds"),
            ("https://e.org/a/%7eb/", "/a/~b"),
            ("nonsense", ""),
        ] {
            assert_eq!(Rules::new(url, 1, 1).prefix, path, "{url}");
        }
    }

    #[test]
    fn a_page_carries_its_policies_and_a_feed_is_open_to_scripts() {
        let page = ask("/cards/%D0%BD/", &[]);
        assert_eq!(field(&page, "content-security-policy"), Some(PAGE_POLICY));
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
    fn not_modified_says_what_ok_says_of_the_resource_but_for_what_who_has_it_knows() {
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
    fn a_head_and_a_condition_are_answered_without_decompressing_anything() {
        let long = "the same again ".repeat(100);
        let artifact = output(ArtifactKey::Robots, &long);
        let snapshot = Snapshot::next(&Snapshot::packing_above(0), vec![artifact], at(1_000));
        snapshot.compress();
        let ask = |method: &str, tag: &str| {
            let request = Request::builder().method(method).uri("/robots.txt");
            let request = request.header("host", "e.org").header("if-none-match", tag);
            let request = request.body(()).unwrap();
            whole(request, &snapshot, &rules(""), 2_000)
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
    fn each_coding_is_revalidated_by_its_own_tag() {
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
    fn a_modification_date_ahead_of_the_clock_is_neither_told_nor_compared() {
        let ahead = |fields: &[(&str, String)]| {
            let mut request = Request::get("/rss.xml").header("host", "e.org");
            for (name, value) in fields {
                request = request.header(*name, value);
            }
            whole(request.body(()).unwrap(), &snapshot(), &rules(""), 999)
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
    fn a_range_is_ignored_and_a_failed_condition_is_412() {
        assert_eq!(ask("/rss.xml", &[("range", "bytes=0-1")]).status(), 200);
        assert_eq!(ask("/rss.xml", &[("if-match", "\"x\"")]).status(), 412);
    }

    #[test]
    fn paths_of_artifacts_are_spelled_so_already() {
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
            ArtifactKey::Robots,
            ArtifactKey::Opml,
            ArtifactKey::CardPage("/".into()),
        ];
        for key in scoped.chain(fixed) {
            assert_eq!(normalize_path(&key.path()), Some(key.path()));
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
                let status = whole(request, &snapshot(), &rules("/sub"), 2_000).status();
                prop_assert!([200, 204, 304, 308, 400, 404, 405, 412, 501].contains(&status.as_u16()));
            }
        }
    }
}
