//! One accepted socket into answered requests, HTTP/1.1 or HTTP/2 as the client speaks.
//!
//! The connection ends when the client or hyper ends it; when its [`Pulse`] says so; or when the server
//! stops. Then HTTP/2 says goodbye, which HTTP/1 cannot: a server that closes an idle connection may
//! meet a request that is under way. So the next answer says that it is the last, and who does not ask
//! for a while is closed.

use std::future::{pending, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;

use super::Source;
use super::client;
use super::fields::Fields;
use super::frequency::Frequency;
use super::line::Line;
use super::making::Making;
use super::note::Note;
use super::protocol::{Connection, Protocols};
use super::pulse::{Felt, Limits, Pulse, REST, Verdict};
use super::readers::Pace;
use super::respond::{Reply, Rules, reply, too_many};
use super::rests::Rests;
use super::sending::Answer;
use super::traffic::{Ended, Traffic};
use crate::access_log::AccessLog;
use crate::artifact::Pieces;
use crate::config::{self, SaysClient, TrustedProxies};
use crate::gallery::Gallery;
use crate::snapshot::Current;

/// How long a silent HTTP/2 client has to take note that we leave.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a connection over HTTP/1 may still ask when the server stops.
const LINGER: Duration = Duration::from_secs(1);

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What all connections of a server share.
pub(super) struct Service {
    current: Current,
    gallery: Gallery,
    traffic: Traffic,
    access_log: Option<AccessLog>,
    rules: Rules,
    limits: Limits,
    frequency: Option<Frequency>,
    trusted_proxies: TrustedProxies,
    says_client: SaysClient,
    linger: Duration,
    /// Held by the connection that is being closed at the stop.
    closing: Mutex<()>,
    clock: fn() -> SystemTime,
    protocols: Protocols,
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
            limits: Limits {
                head: config.header_timeout,
                silence: config.idle_timeout,
                taking: config.limits.write_timeout,
                requests: config.limits.requests_per_connection,
                idle_bytes: config.limits.idle_bytes,
            },
            frequency: config.limits.polls.map(Frequency::new),
            trusted_proxies: config.trusted_proxies.clone(),
            says_client: config.says_client,
            linger: LINGER.min(config.drain_timeout / 2),
            closing: Mutex::new(()),
            clock,
            protocols: Protocols::new(&config.limits),
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
    fn line<B>(
        &self,
        request: &Request<B>,
        fields: &Fields<'_>,
        peer: Option<IpAddr>,
        now: SystemTime,
    ) -> Line {
        let says = self.says_client;
        let address = client::named(peer, fields, &self.trusted_proxies, says);
        // A proxy that says nothing of it is who asks.
        Line::new(request, address.or(peer), now)
    }

    /// Whether somebody asks too soon again without a condition for what is here; how long to wait, if that
    /// is so often that it is refused.
    fn pace<B>(
        &self,
        request: &Request<B>,
        fields: &Fields<'_>,
        reply: &Reply,
        peer: Option<IpAddr>,
    ) -> Result<Pace, Duration> {
        let Some(frequency) = &self.frequency else {
            return Ok(Pace::Calm);
        };
        if reply.status() != StatusCode::OK
            || request.method() != Method::GET
            || fields.has_condition()
        {
            return Ok(Pace::Calm);
        }
        let Some(client) = self.client(fields, peer) else {
            return Ok(Pace::Calm);
        };
        let path = request.uri().path();
        let is_early = frequency.note(client, path, Instant::now())?;
        Ok(if is_early { Pace::Hasty } else { Pace::Calm })
    }

    /// Answers a request.
    fn answer(
        &self,
        request: &Request<Incoming>,
        peer: Option<IpAddr>,
        pulse: &Arc<Pulse>,
        traffic: &Arc<Traffic>,
    ) -> Making {
        let version = request.version();
        let (began, is_last) = pulse.request(version);
        let now = (self.clock)();
        let fields = Fields::of(request.headers());
        let (mut reply, asked) = reply(request, &fields, &self.current.read(), &self.rules, now);
        let pace = self.pace(request, &fields, &reply, peer);
        let pace = pace.unwrap_or_else(|wait| {
            reply = Reply::Whole(too_many(wait, now));
            Pace::Refused
        });
        let mut note = Note::new(Arc::clone(traffic), &fields, asked, began);
        let client = || self.client(&fields, peer);
        note.asked_by(&fields, client, pace, reply.status());
        if let Some(log) = &self.access_log {
            note = note.with_line(log.clone(), self.line(request, &fields, peer, now));
        }
        let pulse = Arc::clone(pulse);
        match reply {
            Reply::Whole(response) => {
                Making::Made(Some(sent(response, note, version, pulse, is_last)))
            }
            Reply::Awaits(awaiting) => {
                let (gallery, drawing) = (self.gallery.clone(), pulse.draws());
                Making::Awaited(Box::pin(async move {
                    let drawn = gallery.get(&awaiting.deferred).await;
                    drop(drawing);
                    sent(awaiting.with(drawn), note, version, pulse, is_last)
                }))
            }
        }
    }

    /// Serves one connection to its end. `peer` is who is at the other, if that has an address; `stop`
    /// is true when the server stops.
    pub(super) async fn serve<S>(
        &self,
        socket: S,
        peer: Option<IpAddr>,
        mut stop: watch::Receiver<bool>,
        rests: &Rests,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Pulse::new(self.limits);
        let socket = Felt::new(socket, Arc::clone(&pulse));
        let answering = Arc::clone(&pulse);
        // Of this connection, so that threads do not meet at the count of its handles.
        let traffic = Arc::new(self.traffic.clone());
        let service = service_fn(move |request| self.answer(&request, peer, &answering, &traffic));
        let mut connection = Connection::new(&self.protocols, socket, service);
        let mut leaving = Leaving::Not;
        if *stop.borrow() {
            // Taken at the last moment.
            pulse.leave();
            leaving = Leaving::At(Instant::now() + self.linger);
        }
        loop {
            let now = Instant::now();
            let mut wake = match pulse.verdict(now) {
                Verdict::Wait(until) => until,
                Verdict::HeadLate => {
                    self.traffic.ended(Ended::Late);
                    return debug!(?peer, "a request's head did not arrive in time");
                }
                Verdict::Slow => {
                    self.traffic.ended(Ended::Slow);
                    return debug!(?peer, "an answer is taken too slowly");
                }
                Verdict::Silent | Verdict::Enough => break,
            };
            if connection.is_awake() {
                match pulse.rests_at() {
                    Some(at) if at <= now => {
                        connection.rest().await;
                        rests.note();
                    }
                    at => wake = wake.min(at.unwrap_or(now + REST)),
                }
            }
            if let Leaving::At(at) = leaving {
                if at > now {
                    wake = wake.min(at);
                } else {
                    leaving = Leaving::Told;
                    // One after the other, and each after the system was asked what has come: what lies
                    // unread in a socket when that is closed is lost.
                    let turn = self.closing.lock().await;
                    yield_now().await;
                    if let Poll::Ready(ended) = once(&mut connection).await {
                        return log(ended, peer);
                    }
                    // Who is asking is answered, and that is the end of it.
                    if !pulse.is_hearing() {
                        connection.graceful_shutdown();
                        if let Poll::Ready(ended) = once(&mut connection).await {
                            return log(ended, peer);
                        }
                    }
                    drop(turn);
                }
            }
            let stops = matches!(leaving, Leaving::Not).then_some(&mut stop);
            match next(&mut connection, stops, wake).await {
                Next::Ended(ended) => return log(ended, peer),
                Next::Stops => {
                    pulse.leave();
                    leaving = Leaving::At(if pulse.is_http2() {
                        now
                    } else {
                        now + self.linger
                    });
                }
                Next::Wakes => {}
            }
        }
        debug!(
            ?peer,
            "closing a connection that is silent, or has had its answers"
        );
        connection.graceful_shutdown();
        if let Ok(ended) = timeout(FAREWELL, connection).await {
            log(ended, peer);
        }
    }
}

/// What happens first to a connection.
enum Next<T> {
    Ended(T),
    Stops,
    Wakes,
}

/// Waits for the end of a connection, for the stop of the server if that is waited for, and for an instant. In this
/// order: what has already arrived when the stop comes is answered.
///
/// All but one in thousands of wakes are the connection's. So the others are asked again only when
/// they have something to say, which is cheap to see, or when it is another task that is to be woken.
async fn next<F: Future + Unpin>(
    connection: &mut F,
    stop: Option<&mut watch::Receiver<bool>>,
    wake: Instant,
) -> Next<F::Output> {
    let signal = stop.as_deref().cloned();
    let has_signal = || {
        let signal = signal.as_ref();
        signal.is_some_and(|signal| !matches!(signal.has_changed(), Ok(false)))
    };
    let mut stops = pin!(async {
        match stop {
            Some(stop) => stopped(stop).await,
            None => pending().await,
        }
    });
    let mut wakes = pin!(sleep_until(wake));
    let mut known: Option<Waker> = None;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx) {
            return Poll::Ready(Next::Ended(ended));
        }
        let is_known = known
            .as_ref()
            .is_some_and(|known| known.will_wake(cx.waker()));
        if !is_known {
            known = Some(cx.waker().clone());
        }
        if (!is_known || has_signal()) && stops.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Next::Stops);
        }
        if (!is_known || wakes.is_elapsed()) && wakes.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Next::Wakes);
        }
        Poll::Pending
    })
    .await
}

/// How far a connection is on its way to its end when the server stops.
enum Leaving {
    Not,
    /// It is told at this instant, unless it ends before.
    At(Instant),
    Told,
}

/// Polls once.
async fn once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// When the server stops.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could have told has gone: that is a stop too.
    let _ = stop.wait_for(|stops| *stops).await;
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
    let mut response = response.map(|bytes| Answer::new(bytes, version, pulse, note));
    if leaves && version != Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    response
}

fn log(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>, peer: Option<IpAddr>) {
    if let Err(error) = ended {
        debug!(error, ?peer, "a connection ended with an error");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;
    use crate::server::tests::nothing;

    async fn ask(client: &mut DuplexStream) -> String {
        client
            .write_all(b"GET /none HTTP/1.1\r\nhost: e.org\r\n\r\n")
            .await
            .unwrap();
        let mut room = vec![0; 4096];
        let length = client.read(&mut room).await.unwrap();
        room.truncate(length);
        String::from_utf8(room).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_ask_for_a_while_rests_and_is_answered_when_it_asks_again() {
        let service = Service::new(nothing(), &config::Server::default(), || {
            SystemTime::UNIX_EPOCH
        });
        let (rests, (_stop, stops)) = (Rests::new(), watch::channel(false));
        let (mut client, server) = duplex(64 * 1024);
        let resting = Arc::clone(&rests);
        let serving = tokio::spawn(async move {
            service.serve(server, None, stops, &resting).await;
        });
        for round in 1..4 {
            for _ in 0..3 {
                assert!(ask(&mut client).await.starts_with("HTTP/1.1 404 "));
                sleep(REST / 2).await;
                assert_eq!(rests.count(), round - 1, "it asks again soon");
            }
            sleep(REST).await;
            assert_eq!(rests.count(), round);
            sleep(4 * REST).await;
            assert_eq!(rests.count(), round, "it rests already");
        }
        drop(client);
        serving.await.unwrap();
    }
}
