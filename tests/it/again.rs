//! Checks that repeated pipelined requests each get the whole response.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{PATIENCE, Response, TestSite};

/// Builds a site with a feed of about 30 kB.
fn site_with_30_kb_feed() -> TestSite {
    (0..10).fold(TestSite::new(), |site, number| {
        let text = format!("The boats went out as number {number} of many.\n\n").repeat(40);
        let post = format!("---\ntitle: Post {number}\ndate: 2024-03-1{number}\n---\n{text}");
        site.post(&format!("{number}.md"), post)
    })
}

/// Sends all requests at once on one connection and returns the responses.
fn pipeline_requests(address: std::net::SocketAddr, requests: &str) -> Vec<Response> {
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
fn repeated_request_gets_the_same_answer_each_time() {
    let served = site_with_30_kb_feed().serve();
    let whole = served.get("/rss.xml");
    let length = whole.body.len();
    assert!((16 * 1024..=64 * 1024).contains(&length), "{length}");
    let tag = whole.header("etag").unwrap().to_owned();
    let get = "GET /rss.xml HTTP/1.1\r\nHost: e\r\n\r\n";
    let same = format!("GET /rss.xml HTTP/1.1\r\nHost: e\r\nIf-None-Match: {tag}\r\n\r\n");
    let other = "GET /robots.txt HTTP/1.1\r\nHost: e\r\n\r\n";
    let mut answers = pipeline_requests(
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
        let has_tag = answer.header("etag") == Some(&tag);
        assert_eq!(has_tag, place != 3, "{number}");
        assert_eq!(answer.body == whole.body, place % 2 == 0, "{number}");
    }
}

#[test]
fn repeated_requests_see_an_edit() {
    let served = site_with_30_kb_feed().serve();
    let get = "GET /rss.xml HTTP/1.1\r\nHost: e\r\n\r\n".repeat(80);
    for round in 0..3 {
        let title = format!("Edited {round}");
        served.save(
            "9.md",
            &format!("---\ntitle: {title}\ndate: 2024-03-19\n---\nText.\n"),
        );
        served.until("the edit is served", |served| served.serves(&title));
        for answer in pipeline_requests(served.address, &get).iter().take(80) {
            assert!(answer.body.len() >= 16 * 1024, "{}", answer.body.len());
            assert!(answer.text().contains(&title), "{round}");
        }
    }
}
