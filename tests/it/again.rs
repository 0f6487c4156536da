//! What is asked for again and again, by many at a time: each has all of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{PATIENCE, Response, TestSite};

/// Of a feed of some thirty kilobytes.
fn site() -> TestSite {
    (0..10).fold(TestSite::new(), |site, number| {
        let text = format!("The boats went out as number {number} of many.\n\n").repeat(40);
        let post = format!("---\ntitle: Post {number}\ndate: 2024-03-1{number}\n---\n{text}");
        site.post(&format!("{number}.md"), post)
    })
}

/// The answers to requests that are sent at once.
fn answers(address: std::net::SocketAddr, requests: &str) -> Vec<Response> {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut writing = socket.try_clone().unwrap();
    let last = "GET /none HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n";
    let requests = format!("{requests}{last}");
    let writer = std::thread::spawn(move || writing.write_all(requests.as_bytes()).unwrap());
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    writer.join().unwrap();
    let mut answers = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let end = rest
            .windows(4)
            .position(|part| part == b"\r\n\r\n")
            .unwrap()
            + 4;
        let head = Response::parse(&rest[..end]);
        let length: usize = head
            .header("content-length")
            .unwrap_or("0")
            .parse()
            .unwrap();
        let length = if head.status == 304 { 0 } else { length };
        answers.push(Response::parse(&rest[..end + length]));
        rest = &rest[end + length..];
    }
    answers
}

#[test]
fn who_asks_for_the_same_a_hundred_times_has_the_same_each_time() {
    let served = site().serve();
    let whole = served.get("/rss.xml");
    let length = whole.body.len();
    assert!((16 * 1024..=64 * 1024).contains(&length), "{length}");
    let tag = whole.header("etag").unwrap().to_owned();
    let get = "GET /rss.xml HTTP/1.1\r\nHost: e\r\n\r\n";
    let same = format!("GET /rss.xml HTTP/1.1\r\nHost: e\r\nIf-None-Match: {tag}\r\n\r\n");
    let other = "GET /robots.txt HTTP/1.1\r\nHost: e\r\n\r\n";
    let mut answers = answers(
        served.address,
        &format!("{get}{same}{get}{other}").repeat(100),
    );
    assert_eq!(answers.pop().unwrap().status, 404);
    assert_eq!(answers.len(), 400);
    for (number, answer) in answers.iter().enumerate() {
        let place = number % 4;
        assert_eq!(
            answer.status,
            if place == 1 { 304 } else { 200 },
            "{number}"
        );
        let is_it = answer.header("etag") == Some(&tag);
        assert_eq!(is_it, place != 3, "{number}");
        assert_eq!(answer.body == whole.body, place % 2 == 0, "{number}");
    }
}

#[test]
fn an_edit_is_seen_by_who_asks_again_and_again() {
    let served = site().serve();
    let get = "GET /rss.xml HTTP/1.1\r\nHost: e\r\n\r\n".repeat(80);
    for round in 0..3 {
        let title = format!("Edited {round}");
        served.save(
            "9.md",
            &format!("---\ntitle: {title}\ndate: 2024-03-19\n---\nText.\n"),
        );
        served.until("it is edited", |served| served.serves(&title));
        for answer in answers(served.address, &get).iter().take(80) {
            assert!(answer.body.len() >= 16 * 1024, "{}", answer.body.len());
            assert!(answer.text().contains(&title), "{round}");
        }
    }
}
