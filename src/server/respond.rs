//! A request and the current snapshot into a response, or into one that lacks nothing but a picture
//! that is to be drawn. Never fails, waits or reads anything else.
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

use bytes::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::asked::Asked;
use super::caching::Caching;
use super::heads::{Head, Heads};
use super::late::Beside;
use super::negotiate::Accepted;
use super::precondition::{Precondition, Validators};
use super::question::Question;
use super::ready::Ready;
use super::reply::{
    Answered, moved_for_good, not_found, objected, plain, refused, set, set_static, status,
};
use super::select::{Selected, select};
use super::strict::{Longest, Objection, object};
use super::traffic::Class;
use super::{date, delta, late, one_path};
use crate::artifact::{ArtifactKey, Deferred, Page, Pieces};
use crate::config;
use crate::gallery::Refusal;
use crate::percent::normalize_path;
use crate::snapshot::{Content, Resource, Snapshot};

/// What a request leads to.
#[derive(Debug)]
pub enum Reply {
    /// The whole response.
    Whole(Response<Pieces>),
    /// A response whose body is to be drawn.
    Awaits(Awaiting),
}

impl Reply {
    /// The status that it has, should the body be drawn.
    pub fn status(&self) -> StatusCode {
        match self {
            Reply::Whole(response) => response.status(),
            Reply::Awaits(awaiting) => awaiting.status(),
        }
    }
}

/// A response without its body.
#[derive(Debug)]
pub struct Awaiting {
    head: Response<Pieces>,
    /// What draws the body.
    pub deferred: Deferred,
    now: SystemTime,
    is_head: bool,
}

impl Awaiting {
    /// The status that it has, should the body be drawn.
    pub fn status(&self) -> StatusCode {
        self.head.status()
    }

    /// The response with the body, or why there is none.
    pub fn with(self, drawn: Result<Bytes, Refusal>) -> Response<Pieces> {
        match drawn {
            Ok(body) => finish(self.head.map(|_| body.into()), self.now, self.is_head),
            Err(refusal) => finish(refused(refusal), self.now, self.is_head),
        }
    }
}

/// What holds for all answers of a server.
#[derive(Debug, Clone)]
pub struct Rules {
    prefix: String,
    longest: Longest,
    pub(super) caching: Caching,
    heads: Heads,
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
            heads: Heads::default(),
        }
    }

    /// The same, where caches are told so.
    pub fn caching(self, config: &config::Caching) -> Rules {
        Rules {
            caching: Caching::new(config),
            // What was told so far is told otherwise.
            heads: Heads::default(),
            ..self
        }
    }
}

/// Answers a request.
pub fn respond<B>(
    request: &Request<B>,
    snapshot: &Snapshot,
    rules: &Rules,
    now: SystemTime,
) -> Reply {
    reply(&Question::of(request), snapshot, rules, now).0.into()
}

/// The same, with what the request was about, and with a head that is told again as it is kept.
pub(super) fn reply(
    question: &Question<'_>,
    snapshot: &Snapshot,
    rules: &Rules,
    now: SystemTime,
) -> (Ready, Asked) {
    let mut asked = Asked::nothing();
    let answer = answer(question, snapshot, rules, now, &mut asked);
    let is_head = *question.method == Method::HEAD;
    let ready = match answer {
        Answered::Told(told, _) if is_head => Ready::Told(told, Pieces::default()),
        Answered::Told(told, body) => Ready::Told(told, body),
        Answered::Response(response) => Ready::Whole(finish(response, now, is_head)),
        Answered::Deferred(head, deferred) => Ready::Awaits(Awaiting {
            head,
            deferred,
            now,
            is_head,
        }),
    };
    (ready, asked)
}

/// The answer to who asks too often (RFC 6585 §4).
pub(super) fn too_many(wait: Duration, now: SystemTime) -> Response<Pieces> {
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

/// What every response says.
fn finish(mut response: Response<Pieces>, now: SystemTime, is_head: bool) -> Response<Pieces> {
    let has_body = !matches!(
        response.status(),
        StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT
    );
    let length = response.body().len();
    let headers = response.headers_mut();
    // From the same reading of the clock as `Last-Modified`, which may not be later.
    if let Some(date) = date::field(now) {
        headers.insert(header::DATE, date);
    }
    if has_body {
        set_static(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if !headers.contains_key(header::CONTENT_LENGTH) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
    bodiless_if(is_head, response)
}

fn bodiless_if(is_head: bool, response: Response<Pieces>) -> Response<Pieces> {
    response.map(|body| if is_head { Pieces::default() } else { body })
}

fn answer(
    question: &Question<'_>,
    snapshot: &Snapshot,
    rules: &Rules,
    now: SystemTime,
    asked: &mut Asked,
) -> Answered {
    let fields = &question.fields;
    if let Some(objection) = object(question, rules.longest) {
        return objected(objection).into();
    }
    let resource = match find(snapshot, &rules.prefix, question.path) {
        Found::There(resource) => resource,
        Found::At(relative) => return moved_for_good(relative, question.query).into(),
        Found::Nothing => return not_found().into(),
        Found::NoPath => return objected(Objection::Malformed).into(),
    };
    let resource = &*asked.resource.insert(resource);
    asked.class = Class::of(&resource.key);
    if let Some(response) = left_behind(resource, snapshot, rules) {
        return response.into();
    }
    match late::beside(question, snapshot, resource) {
        Beside::Nothing => {}
        Beside::NotFound => return not_found().into(),
        Beside::Page(key, page) => {
            asked.class = Class::of(&key);
            asked.is_beside = true;
            asked.page = question.query.and_then(Page::of_query);
            let max_age = snapshot.max_age();
            return late::answer(fields, (&key, page), (&rules.caching, max_age), now);
        }
    }
    let accepted = Accepted::of(fields);
    let Some((tags, selected)) = select(resource, accepted) else {
        return not_found().into();
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
        Precondition::Holds if takes_delta => delta::answer(fields, (snapshot, resource), accepted),
        _ => None,
    };
    let mut head = Head {
        status: StatusCode::NOT_MODIFIED,
        resource,
        tags,
        form: selected.form(),
        is_dated: last_modified.is_some(),
        has_pages: snapshot.has_pages_for_people(),
        takes_delta,
        max_age: snapshot.max_age(),
        content_length: None,
        caching: &rules.caching,
    };
    let mut deferred = None;
    let body = match (condition, new) {
        (Precondition::Failed, _) => return precondition_failed().into(),
        (Precondition::NotModified(form), _) => {
            head.form = form;
            Pieces::default()
        }
        (Precondition::Holds, Some((mut response, form, deferred))) => {
            (head.status, head.form) = (response.status(), form);
            head.tell(response.headers_mut());
            delta::guard(response.headers_mut());
            return Answered::drawn_by(deferred, response);
        }
        (Precondition::Holds, None) => {
            head.status = StatusCode::OK;
            match &selected {
                Selected::Ready(representation) => {
                    head.content_length = Some(&representation.content_length);
                    representation.body.clone()
                }
                Selected::Deferred(_, drawing) => {
                    deferred = Some(head.form.of((*drawing).clone()));
                    Pieces::default()
                }
            }
        }
    };
    if let Some(told) = rules.heads.of(&head, now) {
        return Answered::Told(told, body);
    }
    let mut response = status(head.status, body);
    head.tell(response.headers_mut());
    if let Selected::Deferred(_, drawing) = selected
        && let Some(query) = question.query
        && ArtifactKey::is_versioned(query, &drawing.fingerprint)
    {
        let policy = ArtifactKey::versioned_cache_control();
        set_static(response.headers_mut(), header::CACHE_CONTROL, policy);
    }
    Answered::drawn_by(deferred, response)
}

/// The answer where something was (RFC 9110 §15.4.2, §15.5.11). Conditions are about what is there,
/// so none is looked at.
fn left_behind(
    resource: &Resource,
    snapshot: &Snapshot,
    rules: &Rules,
) -> Option<Response<Pieces>> {
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

pub(super) fn precondition_failed() -> Response<Pieces> {
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
    use crate::artifact::{Artifact, Body, FeedFormat, FeedScope};
    use crate::server::describe::PAGE_POLICY;
    use crate::server::tests::{artifact, snapshot};
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn whole(reply: Reply) -> Response<Pieces> {
        match reply {
            Reply::Whole(response) => response,
            Reply::Awaits(awaiting) => panic!("{awaiting:?} is not at hand"),
        }
    }

    fn ask(target: &str, fields: &[(&str, &str)]) -> Response<Pieces> {
        let mut request = Request::get(target).header("host", "e.org");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        whole(respond(
            &request.body(()).unwrap(),
            &snapshot(),
            &rules("/sub"),
            at(2_000),
        ))
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
        let response = whole(respond(&request, &snapshot(), &rules(""), at(2_000)));
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
    fn a_head_and_a_condition_are_answered_without_unpacking_anything() {
        let chunk = crate::artifact::Chunk::damaged(b"bytes".to_vec());
        let artifact = Artifact {
            body: Body::Ready(vec![chunk]),
            ..artifact(ArtifactKey::Robots, "")
        };
        let snapshot = Snapshot::next(&Snapshot::packing_above(0), vec![artifact], at(1_000));
        let ask = |method: &str, tag: &str| {
            let request = Request::builder().method(method).uri("/robots.txt");
            let request = request.header("host", "e.org").header("if-none-match", tag);
            let request = request.body(()).unwrap();
            whole(respond(&request, &snapshot, &rules(""), at(2_000)))
        };
        let get = ask("GET", "\"x\"");
        assert!(get.body().to_vec().is_err());
        let head = ask("HEAD", "\"x\"");
        assert_eq!(head.headers(), get.headers());
        assert_eq!(field(&head, "content-length"), Some("5"));
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
            whole(respond(
                &request.body(()).unwrap(),
                &snapshot(),
                &rules(""),
                at(999),
            ))
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
        fn what_is_kept_of_answers_changes_none(
            asked in proptest::collection::vec((0..4_usize, 0..4_usize, 0..4_usize, 998..1_004_u64), 1..24),
        ) {
            let targets = ["/rss.xml", "/", "/robots.txt", "/cards/%D0%BD/"];
            let codings = ["", "gzip", "br", "gzip, br, zstd"];
            let (snapshot, kept) = (snapshot(), rules(""));
            for (target, coding, condition, seconds) in asked {
                let request = |condition: &str| {
                    let request = Request::get(targets[target]).header("host", "e.org");
                    let request = request.header("accept-encoding", codings[coding]);
                    request.header("if-none-match", condition).body(()).unwrap()
                };
                let fresh = |condition: &str| {
                    whole(respond(&request(condition), &snapshot, &rules(""), at(seconds)))
                };
                let tag = field(&fresh(""), "etag").unwrap().to_owned();
                let condition = if condition == 0 { "\"x\"" } else { &tag };
                let (expected, is) = (
                    fresh(condition),
                    whole(respond(&request(condition), &snapshot, &kept, at(seconds))),
                );
                prop_assert_eq!(is.status(), expected.status());
                prop_assert_eq!(is.headers(), expected.headers());
                prop_assert_eq!(is.body().to_vec(), expected.body().to_vec());
                let date = httpdate::fmt_http_date(at(seconds));
                prop_assert_eq!(field(&is, "date"), Some(&*date));
            }
        }

        #[test]
        fn any_request_is_answered(
            method in "[A-Z]{1,8}|GET|HEAD|OPTIONS",
            path in "/(\\PC|%[0-9a-f]{2}|rss\\.xml|sub|/|\\.){0,12}",
            name in "accept-encoding|if-none-match|if-modified-since|if-match|range|host",
            value in any::<Vec<u8>>(),
        ) {
            let request = Request::builder().method(method.as_str()).uri(path).header(name, value).body(());
            if let Ok(request) = request {
                let status = whole(respond(&request, &snapshot(), &rules("/sub"), at(2_000))).status();
                prop_assert!([200, 204, 304, 308, 400, 404, 405, 412, 501].contains(&status.as_u16()));
            }
        }
    }
}
