//! A request and its answer into a line of the access log, in the Combined Log Format of Apache's:
//! `address - - [time] "request line" status bytes "referer" "user-agent"`.
//!
//! Quotes, backslashes, control characters and all that is not ASCII are escaped, so that a line is what we
//! say it is, whatever a client sends.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};

use super::fields::{Field, Fields};

/// A line that lacks what is known at the end.
#[derive(Debug)]
pub(super) struct Line {
    head: String,
    tail: String,
}

impl Line {
    /// Begins the line of a request that came at `now`.
    pub(super) fn new(
        (request, fields): (&Parts, &Fields<'_>),
        address: Option<IpAddr>,
        now: SystemTime,
    ) -> Line {
        let mut head = address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let time = DateTime::<Utc>::from(now);
        // A text takes all that is written.
        let _ = write!(head, " - - [{}] \"", time.format("%d/%b/%Y:%H:%M:%S +0000"));
        escape(&mut head, request.method.as_str().as_bytes());
        head.push(' ');
        let uri = &request.uri;
        // The target of CONNECT is an authority and nothing else (RFC 9112 §3.2.3).
        let authority = uri.authority().filter(|_| uri.path_and_query().is_none());
        let target = authority.map_or(uri.path(), |authority| authority.as_str());
        escape(&mut head, target.as_bytes());
        if let Some(query) = uri.query() {
            head.push('?');
            escape(&mut head, query.as_bytes());
        }
        head.push_str(match request.version {
            Version::HTTP_09 => " HTTP/0.9\" ",
            Version::HTTP_10 => " HTTP/1.0\" ",
            Version::HTTP_2 => " HTTP/2.0\" ",
            Version::HTTP_3 => " HTTP/3.0\" ",
            _ => " HTTP/1.1\" ",
        });
        let mut tail = String::new();
        for field in [Field::Referer, Field::UserAgent] {
            tail.push_str(" \"");
            tail.push_str(&said(fields, field));
            tail.push('"');
        }
        tail.push('\n');
        Line { head, tail }
    }

    /// The whole line, with its end.
    pub(super) fn finish(self, status: StatusCode, bytes: usize) -> Vec<u8> {
        let mut line = self.head;
        line.push_str(status.as_str());
        line.push(' ');
        match bytes {
            0 => line.push('-'),
            _ => drop(write!(line, "{bytes}")),
        }
        line.push_str(&self.tail);
        line.into_bytes()
    }
}

fn said(fields: &Fields<'_>, field: Field) -> String {
    let mut text = String::new();
    if let Some(value) = fields.first(field) {
        escape(&mut text, value.as_bytes());
    }
    if text.is_empty() {
        text.push('-');
    }
    text
}

fn escape(line: &mut String, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                line.push('\\');
                line.push(char::from(*byte));
            }
            b' '..=b'~' => line.push(char::from(*byte)),
            _ => drop(write!(line, "\\x{byte:02x}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use hyper::Request;
    use hyper::header::{HeaderValue, USER_AGENT};
    use proptest::prelude::*;

    fn begin(request: Request<()>, address: Option<IpAddr>, now: SystemTime) -> Line {
        let (request, ()) = request.into_parts();
        Line::new((&request, &Fields::of(&request.headers)), address, now)
    }

    fn line(agent: &[u8]) -> String {
        let mut request = Request::get("/rss.xml?page=2").body(()).unwrap();
        if let Ok(value) = HeaderValue::from_bytes(agent) {
            request.headers_mut().insert(USER_AGENT, value);
        }
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let line = begin(request, "2001:db8::1".parse().ok(), now);
        String::from_utf8(line.finish(StatusCode::OK, 1_900)).unwrap()
    }

    const START: &str = "2001:db8::1 - - [06/Nov/1994:08:49:37 +0000] \
        \"GET /rss.xml?page=2 HTTP/1.1\" 200 1900 \"-\" ";

    #[test]
    fn a_line_is_of_the_combined_log_format() {
        let expected = format!("{START}\"Reader/1.0 (a; b)\"\n");
        assert_eq!(line(b"Reader/1.0 (a; b)"), expected);
        let request = Request::options("*").body(()).unwrap();
        let line = begin(request, None, UNIX_EPOCH).finish(StatusCode::NO_CONTENT, 0);
        let expected =
            "- - - [01/Jan/1970:00:00:00 +0000] \"OPTIONS * HTTP/1.1\" 204 - \"-\" \"-\"\n";
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn quotes_and_what_is_no_text_are_escaped() {
        let expected = format!("{START}\"a\\\" 200 \\\\\\x09\\xd1\\x8f\"\n");
        assert_eq!(line("a\" 200 \\\tя".as_bytes()), expected);
    }

    proptest! {
        #[test]
        fn no_client_can_forge_a_line_or_end_a_field(agent in any::<Vec<u8>>()) {
            let line = line(&agent);
            let rest = line.strip_prefix(START).unwrap().strip_suffix("\"\n").unwrap();
            let inner = rest.strip_prefix('"').unwrap();
            prop_assert!(inner.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let unescaped = inner.replace("\\\\", "").replace("\\\"", "");
            prop_assert!(!unescaped.contains('"'));
        }
    }
}
