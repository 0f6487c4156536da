//! What one client may take, each limit tripped over a socket of its own; that others do not notice.

use std::time::Duration;

use courant::config::{Polls, TrustedProxies};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::server_room::{LONG, Running, SHORT, field};

const GET: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// A GET of `/robots.txt` over `http` on a stream, by HPACK's static table, RFC 7541 Appendix A.
fn get_robots(stream: u32) -> Vec<u8> {
    let mut frame = b"\0\0\x0f\x01\x05".to_vec();
    frame.extend(stream.to_be_bytes());
    frame.extend(b"\x82\x86\x04\x0b/robots.txt");
    frame
}

/// `RST_STREAM` with CANCEL, RFC 9113 §6.4.
fn reset(stream: u32) -> Vec<u8> {
    let mut frame = b"\0\0\x04\x03\0".to_vec();
    frame.extend(stream.to_be_bytes());
    frame.extend(8_u32.to_be_bytes());
    frame
}

/// Writes as fast as the server reads until it closes; how many bytes it took.
async fn flood(server: &Running, start: &[u8], mut next: impl FnMut() -> Vec<u8>) -> usize {
    let mut client = server.connect().await;
    client.0.write_all(start).await.unwrap();
    let (mut reading, mut writing) = client.0.split();
    let mut sent = 0;
    let mut received = Vec::new();
    let flooding = async {
        loop {
            let frame = next();
            if writing.write_all(&frame).await.is_err() {
                std::future::pending::<()>().await;
            }
            sent += frame.len();
        }
    };
    let closed = async {
        tokio::select! {
            () = flooding => unreachable!(),
            _ = reading.read_to_end(&mut received) => (),
        }
    };
    timeout(LONG, closed).await.expect("the server closes");
    sent
}

#[tokio::test]
async fn floods_that_ask_nothing_end_while_others_are_served() {
    let server = Running::start(|config| config.limits.idle_bytes = 64 * 1024).await;
    for frame in [PING, SETTINGS] {
        let sent = flood(&server, PREFACE, || frame.repeat(100)).await;
        assert!(sent >= 32 * 1024, "{sent}");
        server.still_answers().await;
    }
    // A head of HTTP/2 that never ends.
    let start = [PREFACE, b"\0\0\x01\x01\0\0\0\0\x01\x82"].concat();
    flood(&server, &start, || {
        b"\0\x10\0\x09\0\0\0\0\x01"
            .iter()
            .copied()
            .chain([0x82; 4096])
            .collect()
    })
    .await;
    server.still_answers().await;
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let server = Running::start(|config| config.limits.requests_per_connection = 1_000).await;
    let mut stream = 1;
    let rapid = || {
        let mut frames = Vec::new();
        for _ in 0..50 {
            frames.extend(get_robots(stream));
            frames.extend(reset(stream));
            stream += 2;
        }
        frames
    };
    flood(&server, PREFACE, rapid).await;
    server.still_answers().await;
}

/// A frame's kind and its payload, of all that came.
fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [high, middle, low, kind, ..] = bytes {
        let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        let Some(payload) = bytes.get(9..9 + length) else {
            break;
        };
        frames.push((*kind, payload));
        bytes = &bytes[9 + length..];
    }
    frames
}

/// All that a client gets that sends a start and then the same again and again, until the server closes.
async fn received(server: &Running, start: &[u8], again: &[u8]) -> Vec<u8> {
    let mut client = server.connect().await;
    client.0.write_all(start).await.unwrap();
    let (mut reading, mut writing) = client.0.split();
    let mut received = Vec::new();
    let flooding = async {
        while writing.write_all(again).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    let closed = async {
        tokio::select! {
            () = flooding => unreachable!(),
            _ = reading.read_to_end(&mut received) => (),
        }
    };
    timeout(LONG, closed).await.expect("the server closes");
    received
}

/// `SETTINGS` that gives all streams a window of so many bytes, RFC 9113 §6.5.2.
fn window(size: u32) -> Vec<u8> {
    [&b"\0\0\x06\x04\0\0\0\0\0\0\x04"[..], &size.to_be_bytes()].concat()
}

#[tokio::test]
async fn settings_that_change_without_end_end_the_connection() {
    let server = Running::start(|_| ()).await;
    let mut start = PREFACE.to_vec();
    for stream in 0..50_u32 {
        // What is open makes each change cost.
        start.extend(b"\0\0\x0d\x01\x05");
        start.extend((2 * stream + 1).to_be_bytes());
        start.extend(b"\x82\x86\x04\x09/opml.xml");
    }
    let toggles = [window(0), window(100)].concat();
    let received = received(&server, &start, &toggles).await;
    let acknowledged = frames(&received)
        .iter()
        .filter(|frame| frame.0 == 4)
        .count();
    assert!(acknowledged <= 102, "{acknowledged}");
    server.still_answers().await;
}

#[tokio::test]
async fn window_that_opens_byte_by_byte_ends_the_connection() {
    let server = Running::start(|_| ()).await;
    let start = [
        PREFACE,
        &window(0),
        // Room on the connection for all of it.
        b"\0\0\x04\x08\0\0\0\0\0\0\x10\0\0",
        b"\0\0\x0d\x01\x05\0\0\0\x01\x82\x86\x04\x09/opml.xml",
    ]
    .concat();
    // WINDOW_UPDATE of 1 on the stream, RFC 9113 §6.9.
    let more = b"\0\0\x04\x08\0\0\0\0\x01\0\0\0\x01".repeat(100);
    let received = received(&server, &start, &more).await;
    let frames = frames(&received);
    let data = frames.iter().filter(|frame| frame.0 == 0);
    let taken: usize = data.map(|frame| frame.1.len()).sum();
    assert!(taken < 64 * 1024, "{taken}");
    server.still_answers().await;
}

#[tokio::test]
async fn a_connection_has_so_many_answers_and_the_last_says_so() {
    let server = Running::start(|config| config.limits.requests_per_connection = 3).await;
    let mut client = server.connect().await;
    client.send(&GET.repeat(5)).await;
    let answers = client.read_to_end().await;
    let answers: Vec<&str> = answers.split("robots!\n").collect();
    assert_eq!(answers.len(), 4, "{answers:?}");
    assert_eq!(field(answers[1], "connection"), None);
    assert_eq!(field(answers[2], "connection"), Some("close"));
}

#[tokio::test]
async fn a_target_beyond_measure_is_414() {
    let server = Running::start(|config| config.limits.target_length = 100).await;
    let answer = server
        .get(&format!("/rss.xml?{}", "x".repeat(91)), "")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = server
        .get(&format!("/rss.xml?{}", "x".repeat(92)), "")
        .await;
    assert!(answer.starts_with("HTTP/1.1 414 "), "{answer}");
}

#[tokio::test]
async fn heads_are_as_long_as_they_may_be_and_no_longer() {
    let server = Running::start(|config| {
        config.limits.header_size = 10_000;
        config.limits.header_fields = 20;
    })
    .await;
    let long = |length| format!("X: {}\r\n", "x".repeat(length));
    let answer = server.get("/robots.txt", &long(9_000)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = server.get("/robots.txt", &long(11_000)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let answer = server.get("/robots.txt", &"X: x\r\n".repeat(20)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn who_takes_a_byte_now_and_then_is_cut_off() {
    let server = Running::start(|config| {
        config.limits.write_timeout = 2 * SHORT;
        config.max_connections = 1;
    })
    .await;
    let mut stuck = crate::server_room::stuck_reader(&server).await;
    let reading = async {
        // Never silent, and never through.
        while stuck.0.read_u8().await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = reading => unreachable!(),
        // With the only permit to be had again, the slow one is gone.
        answered = timeout(LONG, server.still_answers()) => answered.expect("it is not held"),
    }
}

#[tokio::test]
async fn who_polls_without_a_condition_is_told_when_to_come_again() {
    let server = Running::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.polls = Some(Polls {
            burst: 2,
            interval: Duration::from_secs(60),
        });
    })
    .await;
    let one = "X-Forwarded-For: 192.0.2.1\r\n";
    let first = server.get("/rss.xml", one).await;
    server.get("/rss.xml", one).await;
    let third = server.get("/rss.xml", one).await;
    assert!(third.starts_with("HTTP/1.1 429 "), "{third}");
    let wait: u64 = field(&third, "retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    assert_eq!(field(&third, "cache-control"), Some("no-store"));
    assert_eq!(field(&third, "etag"), None);
    // Who has a condition is never refused: neither one that holds nor one that does not.
    let tag = field(&first, "etag").unwrap();
    let same = server
        .get("/rss.xml", &format!("{one}If-None-Match: {tag}\r\n"))
        .await;
    assert!(same.starts_with("HTTP/1.1 304 "), "{same}");
    for condition in [
        "If-None-Match: \"old\"",
        "If-Modified-Since: Sun, 06 Nov 1994 08:00:00 GMT",
    ] {
        let other = server
            .get("/rss.xml", &format!("{one}{condition}\r\n"))
            .await;
        assert!(other.starts_with("HTTP/1.1 200 "), "{other}");
    }
    for (path, fields) in [
        ("/rss.xml", "X-Forwarded-For: 192.0.2.2\r\n"),
        ("/rss.xml", "X-Forwarded-For: 192.0.2.1, 192.0.2.3\r\n"),
        ("/robots.txt", one),
        ("/rss.xml", ""),
    ] {
        let other = server.get(path, fields).await;
        assert!(other.starts_with("HTTP/1.1 200 "), "{path} {fields}{other}");
    }
}

#[tokio::test]
async fn poll_limit_counts_all_spellings_of_a_document() {
    let server = Running::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.polls = Some(Polls {
            burst: 4,
            interval: Duration::from_secs(60),
        });
    })
    .await;
    let client = "X-Forwarded-For: 192.0.2.1\r\n";
    for path in [
        "/rss.xml",
        "/rss%2Exml",
        "/%72ss.xml?x=1",
        "/rss.xml?page=1",
    ] {
        let answer = server.get(path, client).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path} {answer}");
    }
    for path in ["/rss.xml", "/rss.xml?y", "/r%73s%2exml"] {
        let answer = server.get(path, client).await;
        assert!(answer.starts_with("HTTP/1.1 429 "), "{path} {answer}");
    }
}

#[tokio::test]
async fn who_is_not_trusted_is_not_asked_who_it_asks_for() {
    let polls = Some(Polls {
        burst: 1,
        interval: Duration::from_secs(60),
    });
    let server = Running::start(|config| config.limits.polls = polls).await;
    for _ in 0..3 {
        let answer = server
            .get("/rss.xml", "X-Forwarded-For: 192.0.2.1\r\n")
            .await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}
