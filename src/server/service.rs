//! Answers requests, and counts and logs them: what all connections of a server share.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio::time::Instant;

use super::Source;
use super::asked::Asked;
use super::client;
use super::fields::Fields;
use super::frequency::Frequency;
use super::line::Line;
use super::note::Note;
use super::pulse::Pulse;
use super::readers::Pace;
use super::respond::{Rules, rendered, respond_about, too_many};
use super::sending::Body;
use super::strict::has_content;
use super::traffic::Traffic;
use crate::access_log::AccessLog;
use crate::config::{self, SaysClient, TrustedProxies};
use crate::gallery::Gallery;
use crate::snapshot::Current;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What answers.
pub(super) struct Service {
    current: Current,
    gallery: Gallery,
    pub(super) traffic: Traffic,
    access_log: Option<AccessLog>,
    rules: Rules,
    frequency: Option<Frequency>,
    trusted_proxies: TrustedProxies,
    says_client: SaysClient,
    clock: fn() -> SystemTime,
}

/// The connection that a request came by.
pub(super) struct Asker {
    /// Who is at the other end, if that has an address.
    pub(super) peer: Option<IpAddr>,
    pub(super) pulse: Arc<Pulse>,
    /// Of this connection, so that threads do not meet at the count of its handles.
    pub(super) traffic: Arc<Traffic>,
}

impl Service {
    pub(super) fn new(
        source: Source,
        config: &config::Server,
        clock: fn() -> SystemTime,
    ) -> Service {
        Service {
            current: source.current,
            gallery: source.gallery,
            traffic: source.traffic,
            access_log: source.access_log,
            rules: Rules::new(
                &config.public_url,
                config.limits.target_length,
                config.limits.header_size,
            )
            .caching(&config.cache),
            frequency: config.limits.polls.map(Frequency::new),
            trusted_proxies: config.trusted_proxies.clone(),
            says_client: config.says_client,
            clock,
        }
    }

    /// Whether the word of who connects from an address counts, as to who asks.
    pub(super) fn trusts(&self, peer: Option<IpAddr>) -> bool {
        self.trusted_proxies.trusts(peer)
    }

    /// Who asks, as far as it is to be counted.
    fn client(&self, fields: &Fields<'_>, peer: Option<IpAddr>) -> Option<IpAddr> {
        client::address(peer, fields, &self.trusted_proxies, self.says_client)
    }

    /// The line of the access log.
    fn line(
        &self,
        (request, fields): (&Parts, &Fields<'_>),
        peer: Option<IpAddr>,
        now: SystemTime,
    ) -> Line {
        let says = self.says_client;
        let address = client::named(peer, fields, &self.trusted_proxies, says);
        // A proxy that says nothing of it is who asks.
        Line::new((request, fields), address.or(peer), now)
    }

    /// Whether somebody asks too soon again without a condition for what is here; how long to wait, if that
    /// is so often that it is refused.
    fn pace(
        &self,
        (request, fields): (&Parts, &Fields<'_>),
        (status, asked): (StatusCode, &Asked),
        peer: Option<IpAddr>,
    ) -> Result<Pace, Duration> {
        let Some(frequency) = &self.frequency else {
            return Ok(Pace::Calm);
        };
        if status != StatusCode::OK || request.method != Method::GET || fields.has_condition() {
            return Ok(Pace::Calm);
        }
        let Some(client) = self.client(fields, peer) else {
            return Ok(Pace::Calm);
        };
        let is_early = frequency.note(client, asked.document(), Instant::now())?;
        Ok(if is_early { Pace::Hasty } else { Pace::Calm })
    }

    /// Records a request whose head was complete at `began`. Replaces the response where it is asked for too often.
    fn note(
        &self,
        (request, fields): (&Parts, &Fields<'_>),
        (response, asked): (&mut Response<Body>, Asked),
        asker: &Asker,
        (began, now): (Instant, SystemTime),
    ) -> Note {
        let pace = self.pace((request, fields), (response.status(), &asked), asker.peer);
        let pace = pace.unwrap_or_else(|wait| {
            *response = too_many(wait, now);
            Pace::Refused
        });
        let note = Note::new(Arc::clone(&asker.traffic), fields, asked, began);
        let client = || self.client(fields, asker.peer);
        note.asked_by(fields, client, pace, response.status());
        match &self.access_log {
            Some(log) => note.with_line(log.clone(), self.line((request, fields), asker.peer, now)),
            None => note,
        }
    }

    /// Answers a request. All is decided at once; what is waited for is a body that is rendered.
    pub(super) fn answer(
        &self,
        request: Request<Incoming>,
        asker: &Asker,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send + use<> {
        // No body is read.
        let (request, _) = request.into_parts();
        let (version, is_head) = (request.version, request.method == Method::HEAD);
        let fields = Fields::of(&request.headers);
        let pulse = Arc::clone(&asker.pulse);
        let (mut began, mut is_last) = pulse.request(version);
        let now = (self.clock)();
        if version != Version::HTTP_2 && has_content(&fields) {
            pulse.refuse_body();
            is_last = true;
        }
        let request = (&request, &fields);
        let (mut response, asked) = respond_about(request, &self.current.read(), &self.rules, now);
        let mut note = self.note(request, (&mut response, asked), asker, (began, now));
        let rendering = response.body_mut().take_deferred().map(|deferred| {
            let (gallery, drawing) = (self.gallery.clone(), pulse.draws());
            let client = self.client(&fields, asker.peer);
            Box::pin(async move {
                let body = gallery.get(&deferred, client).await;
                drop(drawing);
                body.map(|body| deferred.payload(body))
            })
        });
        async move {
            if let Some(rendering) = rendering {
                response = rendered(response, rendering.await, now, is_head);
                began = Instant::now();
            }
            note.made(response.status());
            if version != Version::HTTP_2 && (is_last || pulse.leaves()) {
                response.headers_mut().insert(CONNECTION, CLOSE);
            }
            Ok(response.map(|body| body.reporting(version, (pulse, began), note)))
        }
    }
}
