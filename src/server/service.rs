//! Questions into answers, with what is counted and written of them: what all connections of a server share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio::time::Instant;

use super::Source;
use super::asked::Asked;
use super::client;
use super::fields::Fields;
use super::frequency::Frequency;
use super::heads;
use super::lending::Lent;
use super::line::Line;
use super::making::Making;
use super::note::Note;
use super::pulse::Pulse;
use super::question::Question;
use super::readers::Pace;
use super::ready::Ready;
use super::respond::{Reply, Rules, reply, too_many};
use super::sending::Answer;
use super::strict::has_content;
use super::traffic::Traffic;
use crate::access_log::AccessLog;
use crate::artifact::Pieces;
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

/// The connection that a question came by.
pub(super) struct Asker {
    /// Who is at the other end, if that has an address.
    pub(super) peer: Option<IpAddr>,
    pub(super) pulse: Arc<Pulse>,
    /// Of this connection, so that threads do not meet at the count of its handles.
    pub(super) traffic: Arc<Traffic>,
    /// Whether an answer may be sent from a file.
    pub(super) takes_files: bool,
}

/// An answer that is written without hyper.
pub(super) struct Written {
    /// Its status line and fields, with the empty line.
    pub(super) head: Bytes,
    pub(super) body: Answer,
    /// A file that has both, if there is one.
    pub(super) lent: Option<Lent>,
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
    fn line(&self, question: &Question<'_>, peer: Option<IpAddr>, now: SystemTime) -> Line {
        let says = self.says_client;
        let address = client::named(peer, &question.fields, &self.trusted_proxies, says);
        // A proxy that says nothing of it is who asks.
        Line::new(question, address.or(peer), now)
    }

    /// Whether somebody asks too soon again without a condition for what is here; how long to wait, if that
    /// is so often that it is refused.
    fn pace(
        &self,
        question: &Question<'_>,
        (reply, asked): (&Ready, &Asked),
        peer: Option<IpAddr>,
    ) -> Result<Pace, Duration> {
        let Some(frequency) = &self.frequency else {
            return Ok(Pace::Calm);
        };
        if reply.status() != StatusCode::OK
            || *question.method != Method::GET
            || question.fields.has_condition()
        {
            return Ok(Pace::Calm);
        }
        let Some(client) = self.client(&question.fields, peer) else {
            return Ok(Pace::Calm);
        };
        let is_early = frequency.note(client, asked.document(), Instant::now())?;
        Ok(if is_early { Pace::Hasty } else { Pace::Calm })
    }

    /// What is counted and written of a question that was complete at `began`, and its reply, which becomes
    /// another where it is asked too often.
    fn note(
        &self,
        question: &Question<'_>,
        (reply, asked): (&mut Ready, Asked),
        asker: &Asker,
        (began, now): (Instant, SystemTime),
    ) -> Note {
        let fields = &question.fields;
        let pace = self.pace(question, (reply, &asked), asker.peer);
        let pace = pace.unwrap_or_else(|wait| {
            *reply = Ready::Whole(too_many(wait, now));
            Pace::Refused
        });
        let note = Note::new(Arc::clone(&asker.traffic), fields, asked, began);
        let client = || self.client(fields, asker.peer);
        note.asked_by(fields, client, pace, reply.status());
        match &self.access_log {
            Some(log) => note.with_line(log.clone(), self.line(question, asker.peer, now)),
            None => note,
        }
    }

    /// Answers a request.
    pub(super) fn answer(&self, request: &Request<Incoming>, asker: &Asker) -> Making {
        let version = request.version();
        let (began, mut is_last) = asker.pulse.request(version);
        let now = (self.clock)();
        let question = Question {
            repeats_length: asker.pulse.is_length_repeated(),
            ..Question::of(request)
        };
        let has_body = question.repeats_length || has_content(&question.fields);
        if version != Version::HTTP_2 && has_body {
            asker.pulse.refuse_body();
            is_last = true;
        }
        let (mut reply, asked) = reply(&question, &self.current.read(), &self.rules, now);
        let note = self.note(&question, (&mut reply, asked), asker, (began, now));
        let pulse = Arc::clone(&asker.pulse);
        match reply.into() {
            Reply::Whole(response) => {
                Making::Made(Some(sent(response, note, version, pulse, is_last)))
            }
            Reply::Awaits(awaiting) => {
                let (gallery, drawing) = (self.gallery.clone(), pulse.draws());
                let client = self.client(&question.fields, asker.peer);
                Making::Awaited(Box::pin(async move {
                    let drawn = gallery.get(&awaiting.deferred, client).await;
                    drop(drawing);
                    sent(awaiting.with(drawn), note, version, pulse, is_last)
                }))
            }
        }
    }

    /// Answers what was read straight from a socket. `None`, and nothing is counted yet, where hyper is to read it
    /// again: where the body is yet to be drawn, and where the answer is to say that it is the last.
    pub(super) fn answer_directly(
        &self,
        question: &Question<'_>,
        asker: &Asker,
    ) -> Option<Written> {
        if asker.pulse.is_at_its_last() {
            return None;
        }
        let now = (self.clock)();
        let (mut reply, asked) = reply(question, &self.current.read(), &self.rules, now);
        if matches!(reply, Ready::Awaits(_)) {
            return None;
        }
        let (began, _) = asker.pulse.request(question.version);
        let mut note = self.note(question, (&mut reply, asked), asker, (began, now));
        note.made(reply.status());
        let mut lent = None;
        let (head, body) = match reply {
            Ready::Told(told, body) => {
                if asker.takes_files {
                    lent = told.lendable.lend(&told.written, &body);
                }
                (told.written.clone(), body)
            }
            Ready::Whole(response) => {
                let (parts, body) = response.into_parts();
                (heads::written(parts.status, &parts.headers), body)
            }
            Ready::Awaits(_) => return None,
        };
        let pulse = Arc::clone(&asker.pulse);
        let body = Answer::new(body, question.version, (pulse, began), note);
        Some(Written { head, body, lent })
    }
}

/// An answer on its way.
fn sent(
    response: Response<Pieces>,
    mut note: Note,
    version: Version,
    pulse: Arc<Pulse>,
    is_last: bool,
) -> Response<Answer> {
    note.made(response.status());
    let leaves = is_last || pulse.leaves();
    let mut response =
        response.map(|bytes| Answer::new(bytes, version, (pulse, Instant::now()), note));
    if leaves && version != Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    response
}
