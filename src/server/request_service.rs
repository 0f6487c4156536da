//! Answers, counts and logs requests. All connections of a server share one service.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio::time::Instant;

use super::access_log_entry::LogEntry;
use super::connection_timers::ConnectionTimers;
use super::context::ServerContext;
use super::poll_limiter::PollLimiter;
use super::request_record::RequestRecord;
use super::response_progress::report_progress;
use super::webhook::Webhook;
use crate::config::{self, ForwardedHeader, TrustedProxies};
use crate::http::client_ip;
use crate::http::request_headers::RequestHeaders;
use crate::http::request_target::RequestTarget;
use crate::http::respond::{
    ResponderConfig, answer_webhook, fill_rendered_body, reject_rate_limited, respond_with_target,
};
use crate::http::response_body::ResponseBody;
use crate::http::validate::has_request_body;
use crate::publish::render_cache::RenderCache;
use crate::publish::snapshot::SnapshotHandle;
use crate::server::access_log::AccessLog;
use crate::stats::feed_request::PollRate;
use crate::stats::traffic::TrafficStats;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Shared state of all connections of a server.
pub(super) struct Service {
    snapshots: SnapshotHandle,
    render_cache: RenderCache,
    pub(super) traffic: TrafficStats,
    access_log: Option<AccessLog>,
    webhook: Option<Arc<Webhook>>,
    responder_config: ResponderConfig,
    poll_limiter: Option<PollLimiter>,
    trusted_proxies: TrustedProxies,
    forwarded_header: ForwardedHeader,
    clock: fn() -> SystemTime,
}

/// Connection that a request arrived on.
pub(super) struct ConnectionContext {
    /// Address of the peer; `None` on a Unix socket.
    pub(super) peer: Option<IpAddr>,
    pub(super) timers: Arc<ConnectionTimers>,
    /// One handle per connection, so that threads do not contend for one reference count.
    pub(super) traffic: Arc<TrafficStats>,
}

impl Service {
    pub(super) fn new(
        source: ServerContext,
        config: &config::ServerConfig,
        clock: fn() -> SystemTime,
    ) -> Service {
        Service {
            snapshots: source.snapshot,
            render_cache: source.render_cache,
            traffic: source.traffic,
            access_log: source.access_log,
            webhook: source.webhook,
            responder_config: ResponderConfig::new(
                &config.public_url,
                config.limits.target_length,
                config.limits.header_size,
            )
            .with_cache_policies(&config.cache),
            poll_limiter: config.limits.poll_limit.map(PollLimiter::new),
            trusted_proxies: config.trusted_proxies.clone(),
            forwarded_header: config.forwarded_header,
            clock,
        }
    }

    /// Returns true if forwarding headers from `peer` are trusted.
    pub(super) fn is_trusted_proxy(&self, peer: Option<IpAddr>) -> bool {
        self.trusted_proxies.is_trusted(peer)
    }

    /// Returns the client address that limits and counters use; `None` if it is unknown.
    fn resolve_client_ip(
        &self,
        fields: &RequestHeaders<'_>,
        peer: Option<IpAddr>,
    ) -> Option<IpAddr> {
        client_ip::countable_client_ip(peer, fields, &self.trusted_proxies, self.forwarded_header)
    }

    /// Starts the access log entry of a request.
    fn start_log_entry(
        &self,
        (request, fields): (&Parts, &RequestHeaders<'_>),
        peer: Option<IpAddr>,
        now: SystemTime,
    ) -> LogEntry {
        let says = self.forwarded_header;
        let address = client_ip::find_client_ip(peer, fields, &self.trusted_proxies, says);
        // A proxy that does not forward a client address counts as the client.
        LogEntry::new((request, fields), address.or(peer), now)
    }

    /// Checks the poll limit of unconditional GET requests.
    ///
    /// # Errors
    /// The request is rejected; the error is how long the client should wait.
    fn check_poll_rate(
        &self,
        (request, fields): (&Parts, &RequestHeaders<'_>),
        (status, asked): (StatusCode, &RequestTarget),
        peer: Option<IpAddr>,
    ) -> Result<PollRate, Duration> {
        let Some(frequency) = &self.poll_limiter else {
            return Ok(PollRate::Normal);
        };
        if status != StatusCode::OK || request.method != Method::GET || fields.is_conditional() {
            return Ok(PollRate::Normal);
        }
        let Some(client) = self.resolve_client_ip(fields, peer) else {
            return Ok(PollRate::Normal);
        };
        let is_early = frequency.check_request(client, asked.document_id(), Instant::now())?;
        Ok(if is_early {
            PollRate::TooFrequent
        } else {
            PollRate::Normal
        })
    }

    /// Records a request whose head was complete at `began`. Replaces the response by 429 if the client polls too
    /// often.
    fn record_request(
        &self,
        (request, fields): (&Parts, &RequestHeaders<'_>),
        (response, asked): (&mut Response<ResponseBody>, RequestTarget),
        context: &ConnectionContext,
        (began, now): (Instant, SystemTime),
    ) -> RequestRecord {
        let pace =
            self.check_poll_rate((request, fields), (response.status(), &asked), context.peer);
        let pace = pace.unwrap_or_else(|wait| {
            *response = reject_rate_limited(wait, now);
            PollRate::RateLimited
        });
        let note = RequestRecord::new(Arc::clone(&context.traffic), fields, asked, began);
        let client = || self.resolve_client_ip(fields, context.peer);
        note.record_poll(fields, client, pace, response.status());
        match &self.access_log {
            Some(log) => note.with_log_entry(
                log.clone(),
                self.start_log_entry((request, fields), context.peer, now),
            ),
            None => note,
        }
    }

    /// Returns the webhook that a valid request is for. Replaces the response by 429 if the client sends too many.
    fn find_webhook(
        &self,
        (request, fields): (&Parts, &RequestHeaders<'_>),
        response: &mut Response<ResponseBody>,
        peer: Option<IpAddr>,
        now: SystemTime,
    ) -> Option<Arc<Webhook>> {
        let webhook = self.webhook.as_ref()?;
        // A request that is malformed was rejected with a different status.
        let is_valid = response.status() == StatusCode::METHOD_NOT_ALLOWED;
        if !is_valid || !webhook.is_webhook(request) {
            return None;
        }
        match webhook.check_rate(self.resolve_client_ip(fields, peer)) {
            Ok(()) => Some(Arc::clone(webhook)),
            Err(wait) => {
                *response = reject_rate_limited(wait, now);
                None
            }
        }
    }

    /// Answers a request. Everything is decided before the future is returned; it waits only for a lazy body, and for
    /// the body of a webhook.
    pub(super) fn handle_request(
        &self,
        request: Request<Incoming>,
        context: &ConnectionContext,
    ) -> impl Future<Output = Result<Response<ResponseBody>, Infallible>> + Send + use<> {
        // Request bodies are never read, except those of webhooks.
        let (request, body) = request.into_parts();
        let (version, is_head) = (request.version, request.method == Method::HEAD);
        let fields = RequestHeaders::from_map(&request.headers);
        let timers = Arc::clone(&context.timers);
        let (mut began, mut is_last) = timers.record_request(version);
        let now = (self.clock)();
        if version != Version::HTTP_2 && has_request_body(&fields) {
            timers.record_unread_body();
            is_last = true;
        }
        let request = (&request, &fields);
        let (mut response, asked) = respond_with_target(
            request,
            &self.snapshots.borrow_snapshot(),
            &self.responder_config,
            now,
        );
        let webhook = self.find_webhook(request, &mut response, context.peer, now);
        let receiving = webhook.map(|webhook| {
            let (headers, timers) = (request.0.headers.clone(), Arc::clone(&timers));
            Box::pin(async move { webhook.receive(&headers, body, &timers).await })
        });
        let mut note = self.record_request(request, (&mut response, asked), context, (began, now));
        let rendering = response.body_mut().take_lazy().map(|deferred| {
            let (gallery, drawing) = (self.render_cache.clone(), timers.begin_rendering());
            let client = self.resolve_client_ip(&fields, context.peer);
            Box::pin(async move {
                let body = gallery.get_or_render(&deferred, client).await;
                drop(drawing);
                body.map(|body| deferred.make_payload(body))
            })
        });
        async move {
            if let Some(receiving) = receiving {
                let (status, text) = receiving.await;
                response = answer_webhook(status, text, now);
                began = Instant::now();
            }
            if let Some(rendering) = rendering {
                response = fill_rendered_body(response, rendering.await, now, is_head);
                began = Instant::now();
            }
            note.record_response(response.status());
            if version != Version::HTTP_2 && (is_last || timers.is_draining()) {
                response.headers_mut().insert(CONNECTION, CLOSE);
            }
            Ok(response.map(|body| report_progress(body, version, (timers, began), note)))
        }
    }
}
