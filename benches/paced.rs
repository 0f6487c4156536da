//! Measures response times at a fixed request rate, from the moment each request was due.
//!
//! So the times include the queueing delay of a server that falls behind.
//!
//! `cargo bench --bench paced -- PORT RATE SECONDS CONNECTIONS FILE...` sends the files in turn; each
//! is a whole request. The gaps are exponentially distributed, from a fixed seed. Each response must
//! have the status and length of the first response to the same request. A connection that the
//! server closes is opened again. Spins before a request is due, so give it a core. Prints the
//! responses, the failures, and microseconds: the median, p99, p99.9 and the maximum.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::indexing_slicing, reason = "all indexes come from this file")]
#![allow(clippy::panic, reason = "a benchmark without arguments is to stop")]
#![allow(clippy::print_stdout, reason = "the figures are the output")]

use std::collections::VecDeque;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::epoll;

/// One request, and the status and length of its expected response.
struct RequestKind {
    request: Vec<u8>,
    status: Vec<u8>,
    length: usize,
}

struct Connection {
    socket: TcpStream,
    /// The request in flight: when it was due, and its kind.
    asked: Option<(Instant, usize)>,
    got: usize,
    status: Vec<u8>,
}

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let [port, rate, seconds, connections, files @ ..] = args.as_slice() else {
        panic!("usage: paced PORT RATE SECONDS CONNECTIONS FILE...");
    };
    let port: u16 = port.parse().expect("PORT is a number");
    let rate: f64 = rate.parse().expect("RATE is a number");
    let seconds: f64 = seconds.parse().expect("SECONDS is a number");
    let connections: usize = connections.parse().expect("CONNECTIONS is a number");
    let kinds: Vec<RequestKind> = files
        .iter()
        .map(|file| record_expected(port, file))
        .collect();
    let poll = epoll::create(epoll::CreateFlags::empty()).expect("there is an epoll");
    let open = |at: usize| {
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
        socket.set_nodelay(true).expect("the socket is TCP");
        socket.set_nonblocking(true).expect("the socket can be set");
        let data = epoll::EventData::new_u64(at as u64);
        epoll::add(&poll, &socket, data, epoll::EventFlags::IN).expect("it can be watched");
        Connection {
            socket,
            asked: None,
            got: 0,
            status: Vec::new(),
        }
    };
    let mut all: Vec<Connection> = (0..connections).map(open).collect();
    let mut free: VecDeque<usize> = (0..connections).collect();
    let (mut took, mut failed, mut sent) = (Vec::new(), 0_u64, 0_usize);
    let mut random = 1_u64;
    let mut due = Instant::now();
    let end = due + Duration::from_secs_f64(seconds);
    let last = end + Duration::from_secs(5);
    let mut events = Vec::with_capacity(connections);
    let mut buffer = vec![0; 1 << 18];
    while Instant::now() < last && (due < end || free.len() < connections) {
        while due < end && due <= Instant::now() {
            let Some(at) = free.pop_front() else { break };
            let kind = sent % kinds.len();
            sent += 1;
            let connection = &mut all[at];
            connection.asked = Some((due, kind));
            (connection.got, connection.status) = (0, Vec::new());
            // If the write fails, the next read fails too.
            let _ = connection.socket.write_all(&kinds[kind].request);
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let share = ((random >> 11) + 1) as f64 / (1_u64 << 53) as f64;
            due += Duration::from_secs_f64(-share.ln() / rate);
        }
        events.clear();
        // Sleeps until shortly before the next request is due, then spins.
        let early = Duration::from_micros(1500);
        let pause = due.saturating_duration_since(Instant::now() + early);
        let pause = if free.is_empty() || due >= end {
            early
        } else {
            pause
        };
        let pause = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(pause.subsec_millis()) * 1_000_000,
        };
        let room = rustix::buffer::spare_capacity(&mut events);
        epoll::wait(&poll, room, Some(&pause)).expect("it can be waited");
        for event in &events {
            let at = event.data.u64() as usize;
            let connection = &mut all[at];
            let count = match connection.socket.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Ok(count) if count > 0 => count,
                _ => {
                    // The server closed the connection, so a request in flight has failed.
                    let was_asked = connection.asked.is_some();
                    failed += u64::from(was_asked);
                    *connection = open(at);
                    if was_asked {
                        free.push_back(at);
                    }
                    continue;
                }
            };
            connection.got += count;
            let missing = 12_usize.saturating_sub(connection.status.len());
            connection.status.extend(&buffer[..count.min(missing)]);
            let Some((since, kind)) = connection.asked else {
                failed += 1;
                continue;
            };
            let is_different =
                connection.status.len() == 12 && connection.status != kinds[kind].status;
            if is_different || connection.got > kinds[kind].length {
                failed += 1;
                *connection = open(at);
                free.push_back(at);
            } else if connection.got == kinds[kind].length {
                took.push(since.elapsed());
                connection.asked = None;
                free.push_back(at);
            }
        }
    }
    failed += (connections - free.len()) as u64;
    took.sort();
    let at = |share: f64| {
        let place = (took.len() as f64 * share).ceil() as usize;
        took.get(place.saturating_sub(1))
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1e6)
    };
    println!(
        "{} {failed} {:.0} {:.0} {:.0} {:.0}",
        took.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

/// Sends a request once, and records the response until no more bytes arrive.
fn record_expected(port: u16, file: &str) -> RequestKind {
    let request = fs::read(file).expect("the request can be read");
    let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    let (mut answer, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    socket.write_all(&request).expect("it can be asked");
    let mut read_timeout = Duration::from_secs(10);
    loop {
        let set = socket.set_read_timeout(Some(read_timeout));
        set.expect("the socket can be set");
        let Ok(count @ 1..) = socket.read(&mut buffer) else {
            break;
        };
        answer.extend(&buffer[..count]);
        read_timeout = Duration::from_millis(500);
    }
    assert!(answer.len() >= 12, "{file} is not answered");
    RequestKind {
        request,
        status: answer[..12].to_vec(),
        length: answer.len(),
    }
}
