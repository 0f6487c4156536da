//! A request on the operator's listener into its answer.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::Value;
use tokio::time::sleep;
use url::form_urlencoded;

use super::body::Answer;
use super::desk::Desk;
use super::guard::{Guard, Refused};
use super::page::{self, Page};
use super::{events, health, metrics};
use crate::artifact::ArtifactKey;
use crate::snapshot::Content;

/// A token in a form is not longer, in bytes.
const MOST_FORM: usize = 4_096;
/// What a wrong token costs who tries.
const WRONG: Duration = Duration::from_millis(500);

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// A page of ours needs nothing from elsewhere, and shows nobody else's but in a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A post's own HTML: it may show pictures, runs nothing, and is a stranger to the page around it.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; \
    media-src https: http:; form-action 'none'; frame-ancestors 'self'";

type Reply = Response<Answer>;

pub(super) async fn answer(request: Request<Incoming>, desk: Arc<(Desk, Guard)>) -> Reply {
    let guard = &desk.1;
    let path = request.uri().path().to_owned();
    if let Some(asset) = page::asset(&path) {
        // Without secrets, and asked for by frames that are strangers.
        return only_read(request.method(), || {
            let mut reply = reply(StatusCode::OK, asset.media_type, asset.text);
            set(&mut reply, CACHE_CONTROL, "no-cache");
            reply
        });
    }
    if let Err(refused) = guard.admits(request.headers()) {
        return refuse(refused, &path);
    }
    let knows = guard.knows(request.headers());
    if path == "/login" && guard.asks() && request.method() == Method::POST {
        return login(request, guard).await;
    }
    let is_read = [Method::GET, Method::HEAD].contains(request.method());
    if !is_read {
        return not_allowed();
    }
    match &*path {
        "/healthz" => return json(StatusCode::OK, &health::alive()),
        "/readyz" => {
            let (is_ready, body) = health::ready(&desk.0.told().now(), knows.is_ok());
            let status = match is_ready {
                true => StatusCode::OK,
                false => StatusCode::SERVICE_UNAVAILABLE,
            };
            return json(status, &body);
        }
        _ => {}
    }
    if let Err(refused) = knows {
        return refuse(refused, &path);
    }
    match &*path {
        "/events" => {
            let Some(right) = desk.0.stream() else {
                let mut reply = plain(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "too many pages listen for news\n",
                );
                set(&mut reply, RETRY_AFTER, "10");
                return reply;
            };
            let news = events::stream(desk.0.told().subscribe(), right);
            let mut reply = Response::new(Answer::Stream(news));
            set(&mut reply, CONTENT_TYPE, "text/event-stream");
            set(&mut reply, CACHE_CONTROL, "no-store");
            guarded(reply)
        }
        "/metrics" => {
            let text = blocking(desk, |desk| metrics::text(&desk.0)).await;
            text.map_or_else(failed, |text| {
                reply(StatusCode::OK, metrics::MEDIA_TYPE, text)
            })
        }
        "/card.png" => card(&request, &desk).await,
        "/entry" => {
            let query = Query::of(&request);
            let html = blocking(desk, move |desk| page::entry(&desk.0, query.path())).await;
            html.flatten().map_or_else(not_found, |html| {
                let mut reply = reply(StatusCode::OK, HTML, html);
                set(&mut reply, CONTENT_SECURITY_POLICY, SANDBOX);
                reply.headers_mut().remove(X_FRAME_OPTIONS);
                reply
            })
        }
        path => {
            let Some(page) = Page::at(path) else {
                return not_found();
            };
            let query = Query::of(&request);
            let made = blocking(desk, move |desk| page::render(page, &desk.0, &query)).await;
            let Some(made) = made else { return failed() };
            let status = match made.is_there {
                true => StatusCode::OK,
                false => StatusCode::NOT_FOUND,
            };
            let mut reply = reply(status, HTML, made.html);
            if let Some(origin) = made.pictures_from
                && let Ok(value) = HeaderValue::try_from(
                    POLICY.replace("img-src 'self'", &format!("img-src 'self' {origin}")),
                )
            {
                reply.headers_mut().insert(CONTENT_SECURITY_POLICY, value);
            }
            reply
        }
    }
}

/// What is asked for behind the path.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    fn of<B>(request: &Request<B>) -> Query {
        Query::parse(request.uri().query().unwrap_or_default())
    }

    pub(super) fn parse(query: &str) -> Query {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Query(pairs.into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.trim())
    }

    fn path(&self) -> &str {
        self.get("path")
    }
}

/// The drawn picture of a card, as networks are given it.
async fn card(request: &Request<Incoming>, desk: &(Desk, Guard)) -> Reply {
    let query = Query::of(request);
    let key = ArtifactKey::CardImage(query.path().to_owned());
    let resource = desk.0.snapshot().get(&key.path());
    let Some(Content::Deferred { deferred, .. }) = resource.as_ref().map(|found| &found.content)
    else {
        return not_found();
    };
    match desk.0.gallery().get(deferred, None).await {
        Ok(bytes) => reply(StatusCode::OK, key.media_type(), bytes),
        Err(_) => failed(),
    }
}

/// Takes the token from a form, and leads on to the page.
async fn login(mut request: Request<Incoming>, guard: &Guard) -> Reply {
    let mut form = Vec::new();
    loop {
        let body = Pin::new(request.body_mut());
        let mut body = body;
        match poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            Some(Ok(frame)) => form.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) => return plain(StatusCode::BAD_REQUEST, "bad request\n"),
            None => break,
        }
        if form.len() > MOST_FORM {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "that is no token\n");
        }
    }
    let token = form_urlencoded::parse(&form)
        .find(|(name, _)| name == "token")
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default();
    if !guard.is_token(&token) {
        sleep(WRONG).await;
        return reply(StatusCode::UNAUTHORIZED, HTML, page::login(true));
    }
    let mut reply = plain(StatusCode::SEE_OTHER, "\n");
    set(&mut reply, LOCATION, "/");
    if let Ok(cookie) = HeaderValue::try_from(Guard::set_cookie(&token)) {
        reply.headers_mut().insert(SET_COOKIE, cookie);
    }
    reply
}

fn refuse(refused: Refused, path: &str) -> Reply {
    match refused {
        Refused::Host => plain(
            StatusCode::MISDIRECTED_REQUEST,
            "this name is not one of the operator's page; `admin.hosts` in the configuration has them\n",
        ),
        Refused::Foreigner => plain(
            StatusCode::FORBIDDEN,
            "pages of other sites are shown nothing\n",
        ),
        Refused::Token => {
            let mut reply = match Page::at(path) {
                Some(_) => reply(StatusCode::UNAUTHORIZED, HTML, page::login(false)),
                None => plain(StatusCode::UNAUTHORIZED, "a token is needed\n"),
            };
            set(&mut reply, WWW_AUTHENTICATE, "Bearer");
            reply
        }
    }
}

/// Lets something that may block be made beside.
async fn blocking<T: Send + 'static>(
    desk: Arc<(Desk, Guard)>,
    make: impl FnOnce(&(Desk, Guard)) -> T + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(move || make(&desk)).await.ok()
}

fn only_read(method: &Method, reply: impl FnOnce() -> Reply) -> Reply {
    match *method {
        Method::GET | Method::HEAD => reply(),
        _ => not_allowed(),
    }
}

fn not_allowed() -> Reply {
    let mut reply = plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    set(&mut reply, ALLOW, "GET, HEAD");
    reply
}

fn not_found() -> Reply {
    plain(StatusCode::NOT_FOUND, "not found\n")
}

fn failed() -> Reply {
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "it cannot be shown now; try again\n",
    )
}

fn json(status: StatusCode, value: &Value) -> Reply {
    reply(status, JSON, format!("{value}\n"))
}

fn plain(status: StatusCode, text: &'static str) -> Reply {
    reply(status, TEXT, text)
}

fn reply(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Answer::new(body));
    *reply.status_mut() = status;
    set(&mut reply, CONTENT_TYPE, media_type);
    set(&mut reply, CACHE_CONTROL, "no-store");
    set(&mut reply, CONTENT_SECURITY_POLICY, POLICY);
    set(&mut reply, X_FRAME_OPTIONS, "DENY");
    guarded(reply)
}

/// What holds for all answers.
fn guarded(mut reply: Reply) -> Reply {
    set(&mut reply, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // With `no-referrer`, a form of ours would say that its origin is `null`.
    set(&mut reply, REFERRER_POLICY, "same-origin");
    set(&mut reply, VARY, "Cookie, Authorization");
    let isolation = [
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    for (name, value) in isolation {
        set(&mut reply, HeaderName::from_static(name), value);
    }
    reply
}

fn set(reply: &mut Reply, name: HeaderName, value: &'static str) {
    let headers: &mut HeaderMap = reply.headers_mut();
    headers.insert(name, HeaderValue::from_static(value));
}
