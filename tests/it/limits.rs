//! Checks each limit of one client over a raw socket, and that other clients stay served.

use std::time::Duration;

use courant::config::{PollLimit, TrustedProxies};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::server_room::{LONG_TIMEOUT, SHORT_TIMEOUT, TestServer, header_value};

const KEEP_ALIVE_GET: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING_FRAME: &[u8] = b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0";
const SETTINGS_FRAME: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// Encodes `GET /robots.txt` on a stream with HPACK's static table, RFC 7541 Appendix A.
fn robots_request_frame(stream: u32) -> Vec<u8> {
    let mut frame = b"\0\0\x0f\x01\x05".to_vec();
    frame.extend(stream.to_be_bytes());
    frame.extend(b"\x82\x86\x04\x0b/robots.txt");
    frame
}

/// Encodes `RST_STREAM` with CANCEL, RFC 9113 §6.4.
fn reset_frame(stream: u32) -> Vec<u8> {
    let mut frame = b"\0\0\x04\x03\0".to_vec();
    frame.extend(stream.to_be_bytes());
    frame.extend(8_u32.to_be_bytes());
    frame
}

/// Writes as fast as the server reads, until it closes. Returns the bytes it took.
async fn flood_until_closed(
    server: &TestServer,
    start: &[u8],
    mut next: impl FnMut() -> Vec<u8>,
) -> usize {
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
    timeout(LONG_TIMEOUT, closed)
        .await
        .expect("the server closes");
    sent
}

#[tokio::test]
async fn floods_without_requests_are_closed() {
    let server = TestServer::start(|config| config.limits.idle_bytes = 64 * 1024).await;
    for frame in [PING_FRAME, SETTINGS_FRAME] {
        let sent = flood_until_closed(&server, HTTP2_PREFACE, || frame.repeat(100)).await;
        assert!(sent >= 32 * 1024, "{sent}");
        server.assert_still_answers().await;
    }
    // An HTTP/2 header block that never ends.
    let start = [HTTP2_PREFACE, b"\0\0\x01\x01\0\0\0\0\x01\x82"].concat();
    flood_until_closed(&server, &start, || {
        b"\0\x10\0\x09\0\0\0\0\x01"
            .iter()
            .copied()
            .chain([0x82; 4096])
            .collect()
    })
    .await;
    server.assert_still_answers().await;
}

#[tokio::test]
async fn rapid_resets_close_the_connection() {
    let server = TestServer::start(|config| config.limits.requests_per_connection = 1_000).await;
    let mut stream = 1;
    let rapid = || {
        let mut frames = Vec::new();
        for _ in 0..50 {
            frames.extend(robots_request_frame(stream));
            frames.extend(reset_frame(stream));
            stream += 2;
        }
        frames
    };
    flood_until_closed(&server, HTTP2_PREFACE, rapid).await;
    server.assert_still_answers().await;
}

/// Splits received bytes at frame boundaries. Returns each frame's type and payload.
fn parse_frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
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

/// Sends `start`, then `again` until the server closes. Returns all that was received.
async fn flood_and_receive(server: &TestServer, start: &[u8], again: &[u8]) -> Vec<u8> {
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
    timeout(LONG_TIMEOUT, closed)
        .await
        .expect("the server closes");
    received
}

/// Encodes `SETTINGS` with an initial stream window of `size` bytes, RFC 9113 §6.5.2.
fn window_settings_frame(size: u32) -> Vec<u8> {
    [&b"\0\0\x06\x04\0\0\0\0\0\0\x04"[..], &size.to_be_bytes()].concat()
}

#[tokio::test]
async fn endless_settings_changes_close_the_connection() {
    let server = TestServer::start(|_| ()).await;
    let mut start = HTTP2_PREFACE.to_vec();
    for stream in 0..50_u32 {
        // Each open stream makes a change of settings more expensive.
        start.extend(b"\0\0\x0d\x01\x05");
        start.extend((2 * stream + 1).to_be_bytes());
        start.extend(b"\x82\x86\x04\x09/opml.xml");
    }
    let toggles = [window_settings_frame(0), window_settings_frame(100)].concat();
    let received = flood_and_receive(&server, &start, &toggles).await;
    let acknowledged = parse_frames(&received)
        .iter()
        .filter(|frame| frame.0 == 4)
        .count();
    assert!(acknowledged <= 102, "{acknowledged}");
    server.assert_still_answers().await;
}

#[tokio::test]
async fn window_opened_byte_by_byte_closes_the_connection() {
    let server = TestServer::start(|_| ()).await;
    let start = [
        HTTP2_PREFACE,
        &window_settings_frame(0),
        // WINDOW_UPDATE on the connection, so that only the stream's window limits.
        b"\0\0\x04\x08\0\0\0\0\0\0\x10\0\0",
        b"\0\0\x0d\x01\x05\0\0\0\x01\x82\x86\x04\x09/opml.xml",
    ]
    .concat();
    // WINDOW_UPDATE of 1 on the stream, RFC 9113 §6.9.
    let more = b"\0\0\x04\x08\0\0\0\0\x01\0\0\0\x01".repeat(100);
    let received = flood_and_receive(&server, &start, &more).await;
    let frames = parse_frames(&received);
    let data = frames.iter().filter(|frame| frame.0 == 0);
    let taken: usize = data.map(|frame| frame.1.len()).sum();
    assert!(taken < 64 * 1024, "{taken}");
    server.assert_still_answers().await;
}

#[tokio::test]
async fn request_limit_closes_the_connection_with_the_last_response() {
    let server = TestServer::start(|config| config.limits.requests_per_connection = 3).await;
    let mut client = server.connect().await;
    client.send(&KEEP_ALIVE_GET.repeat(5)).await;
    let answers = client.read_to_end().await;
    let answers: Vec<&str> = answers.split("robots!\n").collect();
    assert_eq!(answers.len(), 4, "{answers:?}");
    assert_eq!(header_value(answers[1], "connection"), None);
    assert_eq!(header_value(answers[2], "connection"), Some("close"));
}

#[tokio::test]
async fn overlong_target_is_414() {
    let server = TestServer::start(|config| config.limits.target_length = 100).await;
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
async fn header_size_and_field_count_are_limited() {
    let server = TestServer::start(|config| {
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
async fn slow_reader_hits_the_write_timeout() {
    let server = TestServer::start(|config| {
        config.limits.write_timeout = 2 * SHORT_TIMEOUT;
        config.max_connections = 1;
    })
    .await;
    let mut stuck = crate::server_room::connect_stuck_reader(&server).await;
    let reading = async {
        // The client reads slowly, but never stops. The pace is under test.
        while stuck.0.read_u8().await.is_ok() {
            tokio::time::sleep(SHORT_TIMEOUT / 20).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = reading => unreachable!(),
        // The only permit is free again, so the slow connection was closed.
        answered = timeout(LONG_TIMEOUT, server.assert_still_answers()) => answered.expect("a free permit"),
    }
}

#[tokio::test]
async fn unconditional_polls_get_429_with_retry_after() {
    let server = TestServer::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.poll_limit = Some(PollLimit {
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
    let wait: u64 = header_value(&third, "retry-after")
        .unwrap()
        .parse()
        .unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    assert_eq!(header_value(&third, "cache-control"), Some("no-store"));
    assert_eq!(header_value(&third, "etag"), None);
    // Conditional requests are never rate limited, whether the condition holds or not.
    let tag = header_value(&first, "etag").unwrap();
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
    let server = TestServer::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.poll_limit = Some(PollLimit {
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
async fn forwarded_for_of_an_untrusted_client_is_ignored() {
    let polls = Some(PollLimit {
        burst: 1,
        interval: Duration::from_secs(60),
    });
    let server = TestServer::start(|config| config.limits.poll_limit = polls).await;
    for _ in 0..3 {
        let answer = server
            .get("/rss.xml", "X-Forwarded-For: 192.0.2.1\r\n")
            .await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}
