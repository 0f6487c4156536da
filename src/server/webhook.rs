//! Receives webhooks of forges: hashes the body while it arrives, checks the signature, and reports the push.
//!
//! The body is never kept: what was pushed is asked of the repository.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use tokio::time::{Instant, timeout};

use super::connection_timers::ConnectionTimers;
use super::poll_limiter::PollLimiter;
use crate::config::{PollLimit, Secret};
use crate::http::webhook_signature::{BodyTag, WebhookKey};

/// Maximum bytes of a body. GitHub sends at most 25 MB.
const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;
/// Maximum time until a body is complete. GitHub waits 10 seconds for the response.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests per client address: a busy team pushes once a second for a while.
const REQUEST_LIMIT: PollLimit = PollLimit {
    burst: 60,
    interval: Duration::from_secs(1),
};

/// Path that receives webhooks, and the secret that they are checked with.
pub struct Webhook {
    path: String,
    key: WebhookKey,
    limiter: PollLimiter,
    on_request: Box<dyn Fn(bool) + Send + Sync>,
}

/// Status of a response, and its text.
type Answer = (StatusCode, &'static str);

impl Webhook {
    /// Creates a webhook. `on_request` gets each request, and true if its signature is valid.
    pub fn new(
        path: String,
        secret: Secret,
        on_request: impl Fn(bool) + Send + Sync + 'static,
    ) -> Webhook {
        Webhook {
            path,
            key: WebhookKey::new(secret),
            limiter: PollLimiter::new(REQUEST_LIMIT),
            on_request: Box::new(on_request),
        }
    }

    /// Returns true if the request is a webhook.
    pub(super) fn is_webhook(&self, request: &Parts) -> bool {
        request.method == Method::POST && request.uri.path() == self.path
    }

    /// Counts a request of a client. Clients without a known address share one limit.
    ///
    /// # Errors
    /// The request is rejected; the error is how long the client should wait.
    pub(super) fn check_rate(&self, client: Option<IpAddr>) -> Result<(), Duration> {
        let client = client.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let checked = self.limiter.check_request(client, (), Instant::now());
        checked.map(|_| ())
    }

    /// Reads the body, checks the signature, and reports the request.
    pub(super) async fn receive(
        &self,
        headers: &HeaderMap,
        body: Incoming,
        timers: &ConnectionTimers,
    ) -> Answer {
        let hashed = timeout(BODY_TIMEOUT, self.hash_body(body, timers)).await;
        let tag = match hashed {
            Ok(Ok(tag)) => tag,
            Ok(Err(answer)) => return answer,
            Err(_) => return (StatusCode::REQUEST_TIMEOUT, "request body is incomplete\n"),
        };
        let is_valid = self.key.has_valid_signature(headers, &tag);
        (self.on_request)(is_valid == Some(true));
        match is_valid {
            Some(true) => (StatusCode::ACCEPTED, "accepted\n"),
            Some(false) => (StatusCode::FORBIDDEN, "invalid signature\n"),
            None => (StatusCode::UNAUTHORIZED, "missing signature\n"),
        }
    }

    async fn hash_body(
        &self,
        mut body: Incoming,
        timers: &ConnectionTimers,
    ) -> Result<BodyTag, Answer> {
        let mut context = self.key.start_hashing();
        let mut length = 0;
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let frame = frame.map_err(|_| (StatusCode::BAD_REQUEST, "request body is broken\n"))?;
            let Some(data) = frame.data_ref() else {
                continue;
            };
            timers.record_body_read(data.len());
            length += data.len();
            if length > MAX_BODY_BYTES {
                return Err((StatusCode::PAYLOAD_TOO_LARGE, "request body is too large\n"));
            }
            context.update(data);
        }
        Ok(context.sign())
    }
}
