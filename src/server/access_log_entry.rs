//! Formats access log entries in Apache's Combined Log Format:
//! `address - - [time] "request line" status bytes "referer" "user-agent"`.
//!
//! Quotes, backslashes, control characters and non-ASCII bytes are escaped, so a client cannot forge an entry.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};

use crate::http::request_headers::{KnownHeader, RequestHeaders};

/// Entry without status and body size, which are known only at the end.
#[derive(Debug)]
pub(super) struct LogEntry {
    head: String,
    tail: String,
}

impl LogEntry {
    /// Starts the entry of a request that arrived at `now`.
    pub(super) fn new(
        (request, fields): (&Parts, &RequestHeaders<'_>),
        address: Option<IpAddr>,
        now: SystemTime,
    ) -> LogEntry {
        let mut head = address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let time = DateTime::<Utc>::from(now);
        // Writing to a `String` cannot fail.
        let _ = write!(head, " - - [{}] \"", time.format("%d/%b/%Y:%H:%M:%S +0000"));
        push_escaped(&mut head, request.method.as_str().as_bytes());
        head.push(' ');
        let uri = &request.uri;
        // The target of CONNECT is only an authority (RFC 9112 §3.2.3).
        let authority = uri.authority().filter(|_| uri.path_and_query().is_none());
        let target = authority.map_or(uri.path(), |authority| authority.as_str());
        push_escaped(&mut head, target.as_bytes());
        if let Some(query) = uri.query() {
            head.push('?');
            push_escaped(&mut head, query.as_bytes());
        }
        head.push_str(match request.version {
            Version::HTTP_09 => " HTTP/0.9\" ",
            Version::HTTP_10 => " HTTP/1.0\" ",
            Version::HTTP_2 => " HTTP/2.0\" ",
            Version::HTTP_3 => " HTTP/3.0\" ",
            _ => " HTTP/1.1\" ",
        });
        let mut tail = String::new();
        for field in [KnownHeader::Referer, KnownHeader::UserAgent] {
            tail.push_str(" \"");
            tail.push_str(&escaped_header(fields, field));
            tail.push('"');
        }
        tail.push('\n');
        LogEntry { head, tail }
    }

    /// Returns the complete line, including the newline.
    pub(super) fn finish_line(self, status: StatusCode, bytes: usize) -> Vec<u8> {
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

fn escaped_header(fields: &RequestHeaders<'_>, field: KnownHeader) -> String {
    let mut text = String::new();
    if let Some(value) = fields.first_value(field) {
        push_escaped(&mut text, value.as_bytes());
    }
    if text.is_empty() {
        text.push('-');
    }
    text
}

fn push_escaped(line: &mut String, bytes: &[u8]) {
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

    fn start_entry(request: Request<()>, address: Option<IpAddr>, now: SystemTime) -> LogEntry {
        let (request, ()) = request.into_parts();
        LogEntry::new(
            (&request, &RequestHeaders::from_map(&request.headers)),
            address,
            now,
        )
    }

    fn line_with_agent(agent: &[u8]) -> String {
        let mut request = Request::get("/rss.xml?page=2").body(()).unwrap();
        if let Ok(value) = HeaderValue::from_bytes(agent) {
            request.headers_mut().insert(USER_AGENT, value);
        }
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let line = start_entry(request, "2001:db8::1".parse().ok(), now);
        String::from_utf8(line.finish_line(StatusCode::OK, 1_900)).unwrap()
    }

    const START: &str = "2001:db8::1 - - [06/Nov/1994:08:49:37 +0000] \
        \"GET /rss.xml?page=2 HTTP/1.1\" 200 1900 \"-\" ";

    #[test]
    fn entry_has_the_combined_log_format() {
        let expected = format!("{START}\"Reader/1.0 (a; b)\"\n");
        assert_eq!(line_with_agent(b"Reader/1.0 (a; b)"), expected);
        let request = Request::options("*").body(()).unwrap();
        let line = start_entry(request, None, UNIX_EPOCH).finish_line(StatusCode::NO_CONTENT, 0);
        let expected =
            "- - - [01/Jan/1970:00:00:00 +0000] \"OPTIONS * HTTP/1.1\" 204 - \"-\" \"-\"\n";
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn quotes_and_non_ascii_bytes_are_escaped() {
        let expected = format!("{START}\"a\\\" 200 \\\\\\x09\\xd1\\x8f\"\n");
        assert_eq!(line_with_agent("a\" 200 \\\tя".as_bytes()), expected);
    }

    proptest! {
        #[test]
        fn client_cannot_forge_an_entry(agent in any::<Vec<u8>>()) {
            let line = line_with_agent(&agent);
            let rest = line.strip_prefix(START).unwrap().strip_suffix("\"\n").unwrap();
            let inner = rest.strip_prefix('"').unwrap();
            prop_assert!(inner.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let unescaped = inner.replace("\\\\", "").replace("\\\"", "");
            prop_assert!(!unescaped.contains('"'));
        }
    }
}
