//! Routes requests of the admin listener and answers them.

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

use super::auth::{AccessDenied, AdminAuth};
use super::body::AdminBody;
use super::page::{self, AdminPage};
use super::query::QueryParams;
use super::state::AdminState;
use super::{health, metrics, server_sent_events};
use crate::model::artifact::ArtifactKey;
use crate::publish::snapshot::ResourceContent;

/// Maximum bytes of the login form.
const MAX_FORM_BYTES: usize = 4_096;
/// Delay after a wrong token, which slows down guessing.
const WRONG_TOKEN_DELAY: Duration = Duration::from_millis(500);

const HTML_MEDIA_TYPE: &str = "text/html; charset=utf-8";
const TEXT_MEDIA_TYPE: &str = "text/plain; charset=utf-8";
const JSON_MEDIA_TYPE: &str = "application/json";

/// Content security policy of the admin pages: they load only from this listener.
const PAGE_CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Content security policy of a post's HTML: it may load images and media, and runs no scripts. Its
/// origin is opaque, so that it cannot reach the page around it.
const ENTRY_CSP: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; \
    media-src https: http:; form-action 'none'; frame-ancestors 'self'";

type AdminResponse = Response<AdminBody>;

/// Checks access and answers a request.
pub(super) async fn answer_request(
    request: Request<Incoming>,
    context: Arc<(AdminState, AdminAuth)>,
) -> AdminResponse {
    let auth = &context.1;
    let path = request.uri().path().to_owned();
    if let Some(asset) = page::find_asset(&path) {
        // Holds no secrets, and is also requested by frames with an opaque origin.
        return allow_read_methods(request.method(), || {
            let mut reply = build_response(StatusCode::OK, asset.media_type, asset.text);
            insert_header(&mut reply, CACHE_CONTROL, "no-cache");
            reply
        });
    }
    if let Err(refused) = auth.check_host_and_origin(request.headers()) {
        return reject_request(refused, &path);
    }
    let token_check = auth.check_token(request.headers());
    if path == "/login" && auth.requires_token() && request.method() == Method::POST {
        return handle_login(request, auth).await;
    }
    let is_read = [Method::GET, Method::HEAD].contains(request.method());
    if !is_read {
        return method_not_allowed();
    }
    match &*path {
        "/healthz" => return json_response(StatusCode::OK, &health::report_liveness()),
        "/readyz" => {
            let (is_ready, body) = health::report_readiness(
                &context.0.status_board().current_status(),
                token_check.is_ok(),
            );
            let status = match is_ready {
                true => StatusCode::OK,
                false => StatusCode::SERVICE_UNAVAILABLE,
            };
            return json_response(status, &body);
        }
        _ => {}
    }
    if let Err(refused) = token_check {
        return reject_request(refused, &path);
    }
    match &*path {
        "/events" => {
            let Some(permit) = context.0.try_acquire_stream() else {
                let mut reply = text_response(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "too many open event streams, retry shortly\n",
                );
                insert_header(&mut reply, RETRY_AFTER, "10");
                return reply;
            };
            let chunks =
                server_sent_events::stream_status(context.0.status_board().subscribe(), permit);
            let mut reply = Response::new(AdminBody::Stream(chunks));
            insert_header(&mut reply, CONTENT_TYPE, "text/event-stream");
            insert_header(&mut reply, CACHE_CONTROL, "no-store");
            add_security_headers(reply)
        }
        "/metrics" => {
            let text = run_blocking(context, |context| metrics::render_metrics(&context.0)).await;
            text.map_or_else(respond_unavailable, |text| {
                build_response(StatusCode::OK, metrics::OPENMETRICS_MEDIA_TYPE, text)
            })
        }
        "/card.png" => answer_card_image(&request, &context).await,
        "/entry" => {
            let query = QueryParams::from_request(&request);
            let html = run_blocking(context, move |context| {
                page::render_entry(&context.0, query.path_param())
            })
            .await;
            html.flatten().map_or_else(respond_not_found, |html| {
                let mut reply = build_response(StatusCode::OK, HTML_MEDIA_TYPE, html);
                insert_header(&mut reply, CONTENT_SECURITY_POLICY, ENTRY_CSP);
                reply.headers_mut().remove(X_FRAME_OPTIONS);
                reply
            })
        }
        path => {
            let Some(page) = AdminPage::from_path(path) else {
                return respond_not_found();
            };
            let query = QueryParams::from_request(&request);
            let rendered = run_blocking(context, move |context| {
                page::render_page(page, &context.0, &query)
            })
            .await;
            let Some(rendered) = rendered else {
                return respond_unavailable();
            };
            let status = match rendered.is_found {
                true => StatusCode::OK,
                false => StatusCode::NOT_FOUND,
            };
            let mut reply = build_response(status, HTML_MEDIA_TYPE, rendered.html);
            if let Some(origin) = rendered.image_origin
                && let Ok(value) = HeaderValue::try_from(
                    PAGE_CSP.replace("img-src 'self'", &format!("img-src 'self' {origin}")),
                )
            {
                reply.headers_mut().insert(CONTENT_SECURITY_POLICY, value);
            }
            reply
        }
    }
}

/// Sends the rendered image of a card, the same as at the public address.
async fn answer_card_image(
    request: &Request<Incoming>,
    context: &(AdminState, AdminAuth),
) -> AdminResponse {
    let query = QueryParams::from_request(request);
    let key = ArtifactKey::CardImage(query.path_param().to_owned());
    let resource = context.0.current_snapshot().get(&key.url_path());
    let Some(ResourceContent::Lazy { body: deferred, .. }) =
        resource.as_ref().map(|found| &found.content)
    else {
        return respond_not_found();
    };
    match context.0.render_cache().get_or_render(deferred, None).await {
        Ok(bytes) => build_response(StatusCode::OK, key.media_type(), bytes),
        Err(_) => respond_unavailable(),
    }
}

/// Checks the token of the login form. If it is right, sets the cookie and redirects to the first page.
async fn handle_login(mut request: Request<Incoming>, auth: &AdminAuth) -> AdminResponse {
    let mut form = Vec::new();
    loop {
        let mut body = Pin::new(request.body_mut());
        match poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            Some(Ok(frame)) => form.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) => return text_response(StatusCode::BAD_REQUEST, "bad request\n"),
            None => break,
        }
        if form.len() > MAX_FORM_BYTES {
            return text_response(StatusCode::PAYLOAD_TOO_LARGE, "the form is too large\n");
        }
    }
    let token = form_urlencoded::parse(&form)
        .find(|(name, _)| name == "token")
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default();
    if !auth.is_valid_token(&token) {
        sleep(WRONG_TOKEN_DELAY).await;
        return build_response(
            StatusCode::UNAUTHORIZED,
            HTML_MEDIA_TYPE,
            page::render_login(true),
        );
    }
    let mut reply = text_response(StatusCode::SEE_OTHER, "\n");
    insert_header(&mut reply, LOCATION, "/");
    if let Ok(cookie) = HeaderValue::try_from(AdminAuth::build_set_cookie(&token)) {
        reply.headers_mut().insert(SET_COOKIE, cookie);
    }
    reply
}

/// Builds the response to a request without access: the login form for pages, else plain text.
fn reject_request(refused: AccessDenied, path: &str) -> AdminResponse {
    match refused {
        AccessDenied::UnknownHost => text_response(
            StatusCode::MISDIRECTED_REQUEST,
            "this host is not allowed for the admin page; add it to `admin.hosts` in the configuration\n",
        ),
        AccessDenied::CrossOrigin => text_response(
            StatusCode::FORBIDDEN,
            "cross-site requests are not allowed\n",
        ),
        AccessDenied::InvalidToken => {
            let mut reply = match AdminPage::from_path(path) {
                Some(_) => build_response(
                    StatusCode::UNAUTHORIZED,
                    HTML_MEDIA_TYPE,
                    page::render_login(false),
                ),
                None => text_response(StatusCode::UNAUTHORIZED, "a token is required\n"),
            };
            insert_header(&mut reply, WWW_AUTHENTICATE, "Bearer");
            reply
        }
    }
}

/// Runs a function that may block on the thread pool for blocking tasks; `None` if it panics.
async fn run_blocking<T: Send + 'static>(
    context: Arc<(AdminState, AdminAuth)>,
    build: impl FnOnce(&(AdminState, AdminAuth)) -> T + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(move || build(&context))
        .await
        .ok()
}

/// Builds the response for GET and HEAD, else a 405.
fn allow_read_methods(method: &Method, respond: impl FnOnce() -> AdminResponse) -> AdminResponse {
    match *method {
        Method::GET | Method::HEAD => respond(),
        _ => method_not_allowed(),
    }
}

fn method_not_allowed() -> AdminResponse {
    let mut reply = text_response(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    insert_header(&mut reply, ALLOW, "GET, HEAD");
    reply
}

fn respond_not_found() -> AdminResponse {
    text_response(StatusCode::NOT_FOUND, "not found\n")
}

fn respond_unavailable() -> AdminResponse {
    text_response(
        StatusCode::SERVICE_UNAVAILABLE,
        "the page is temporarily unavailable, retry shortly\n",
    )
}

fn json_response(status: StatusCode, value: &Value) -> AdminResponse {
    build_response(status, JSON_MEDIA_TYPE, format!("{value}\n"))
}

fn text_response(status: StatusCode, text: &'static str) -> AdminResponse {
    build_response(status, TEXT_MEDIA_TYPE, text)
}

/// Builds a response that is not cached and has the security headers of a page.
fn build_response(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> AdminResponse {
    let mut reply = Response::new(AdminBody::new(body));
    *reply.status_mut() = status;
    insert_header(&mut reply, CONTENT_TYPE, media_type);
    insert_header(&mut reply, CACHE_CONTROL, "no-store");
    insert_header(&mut reply, CONTENT_SECURITY_POLICY, PAGE_CSP);
    insert_header(&mut reply, X_FRAME_OPTIONS, "DENY");
    add_security_headers(reply)
}

/// Adds the security headers that all responses have.
fn add_security_headers(mut reply: AdminResponse) -> AdminResponse {
    insert_header(&mut reply, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // With `no-referrer`, the login form would send `Origin: null` and be rejected.
    insert_header(&mut reply, REFERRER_POLICY, "same-origin");
    insert_header(&mut reply, VARY, "Cookie, Authorization");
    let isolation = [
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    for (name, value) in isolation {
        insert_header(&mut reply, HeaderName::from_static(name), value);
    }
    reply
}

fn insert_header(reply: &mut AdminResponse, name: HeaderName, value: &'static str) {
    let headers: &mut HeaderMap = reply.headers_mut();
    headers.insert(name, HeaderValue::from_static(value));
}
