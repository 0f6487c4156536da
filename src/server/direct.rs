//! The bytes of a socket into a question, and an answer into bytes of the socket, without hyper, where that is as
//! plain as nine requests in ten are: a GET or HEAD over HTTP/1.1, whole in what was read at once, of a path that is
//! spelled without anything unusual, and without a field that says something of the connection or a body.
//!
//! What such a request is about is found in the same way, and its answer is the same to the byte; it only costs less.
//! All else, and all that is in doubt, is hyper's: it is not refused here, and nothing of it is taken.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use httparse::Status;
use hyper::body::Body as _;
use hyper::{Method, Version};
use tokio::io::{AsyncRead, AsyncWrite};

use super::felt::Felt;
use super::fields::{Field, Fields};
use super::lending::{Lent, Socket};
use super::question::Question;
use super::sending::Answer;
use super::service::Written;

/// As many bytes as are read at once. A head has some hundred; one with cookies, a thousand.
pub(super) const ROOM: usize = 4 * 1024;
/// As many lines as a head may have to be read here.
const LINES: usize = 64;
/// As many pieces of a body as are written at once.
const AT_ONCE: usize = 16;

/// Has the question answered that bytes begin with, if they do with a plain one and there is an answer; and the bytes
/// that come after it.
pub(super) fn answered<T>(
    bytes: &[u8],
    most_lines: usize,
    answer: impl FnOnce(&Question<'_>) -> Option<T>,
) -> Option<(T, &[u8])> {
    let mut lines = [const { MaybeUninit::uninit() }; LINES];
    let mut head = httparse::Request::new(&mut []);
    let read = head.parse_with_uninit_headers(bytes, &mut lines);
    let Ok(Status::Complete(length)) = read else {
        return None;
    };
    let method = match head.method? {
        "GET" => &Method::GET,
        "HEAD" => &Method::HEAD,
        _ => return None,
    };
    if head.version != Some(1) || head.headers.len() > most_lines {
        return None;
    }
    let target = head.path.filter(|target| is_plain(target))?;
    let (path, query) = match memchr::memchr(b'?', target.as_bytes()) {
        Some(at) => (target.get(..at)?, target.get(at + 1..)),
        None => (target, None),
    };
    let fields = Fields::of_lines(head.headers);
    if !are_plain(&fields) {
        return None;
    }
    let question = Question {
        method,
        version: Version::HTTP_11,
        path,
        query,
        authority: None,
        is_of_ours: true,
        names_two_hosts: false,
        repeats_length: false,
        fields,
    };
    Some((answer(&question)?, bytes.get(length..)?))
}

/// Whether a target is a path and perhaps a query, of what RFC 3986 §3.3 and §3.4 have in them and nothing else.
fn is_plain(target: &str) -> bool {
    let is_usual =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/?".contains(&byte);
    target.starts_with('/') && target.bytes().all(is_usual)
}

/// Whether they say nothing of the connection but that it is to be kept, and nothing of a body.
fn are_plain(fields: &Fields<'_>) -> bool {
    const NEVER: [Field; 4] = [
        Field::ContentLength,
        Field::Expect,
        Field::TransferEncoding,
        Field::Upgrade,
    ];
    let is_kept = || {
        let only = fields.only(Field::Connection);
        only.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"keep-alive"))
    };
    !NEVER.iter().any(|field| fields.has(*field)) && (!fields.has(Field::Connection) || is_kept())
}

/// An answer that is being written.
pub(super) struct Sending {
    head: Bytes,
    /// What is left of the body, but for what is in the queue.
    body: Option<Answer>,
    queue: VecDeque<Bytes>,
    /// The file that all of it is in, and how much of that is sent.
    lent: Option<(Lent, usize)>,
}

impl Sending {
    pub(super) fn new(written: Written) -> Sending {
        Sending {
            head: written.head,
            body: Some(written.body),
            queue: VecDeque::new(),
            lent: written.lent.map(|lent| (lent, 0)),
        }
    }

    /// Writes until all is written, and nothing of it is left in a buffer.
    pub(super) fn poll<S: Socket + AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        socket: &mut Felt<S>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_lent(socket, cx))?;
        let mut socket = Pin::new(socket);
        loop {
            self.fill(cx)?;
            let written = if self.queue.is_empty() {
                if self.head.is_empty() {
                    break;
                }
                socket.as_mut().poll_write(cx, &self.head)
            } else {
                let mut slices = [IoSlice::new(&[]); AT_ONCE + 1];
                let pieces = [&self.head].into_iter().chain(&self.queue);
                for (slice, piece) in slices.iter_mut().zip(pieces) {
                    *slice = IoSlice::new(piece);
                }
                socket.as_mut().poll_write_vectored(cx, &slices)
            };
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.advance(written),
            }
        }
        socket.poll_flush(cx)
    }

    /// Sends what is in a file. What cannot be sent so is left to be written.
    fn poll_lent<S: Socket>(
        &mut self,
        socket: &Felt<S>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let (Some((lent, sent)), Some(body)) = (&mut self.lent, &mut self.body) {
            if self.head.is_empty() && body.is_end_stream() {
                break;
            }
            // Whatever is wrong: where it is the connection, it is met again as the rest is written.
            let Ok(bytes @ 1..) = ready!(socket.poll_send(cx, lent, *sent)) else {
                self.lent = None;
                break;
            };
            *sent += bytes;
            let of_head = bytes.min(self.head.len());
            self.head.advance(of_head);
            body.skip(bytes - of_head).map_err(io::Error::other)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Takes as many pieces of the body as are to be written at once.
    fn fill(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while let Some(body) = &mut self.body {
            if body.is_end_stream() {
                self.body = None;
                break;
            }
            if self.queue.len() >= AT_ONCE {
                break;
            }
            match Pin::new(body).poll_frame(cx) {
                Poll::Ready(Some(frame)) => {
                    let frame = frame.map_err(io::Error::other)?;
                    self.queue.extend(frame.into_data().ok());
                }
                Poll::Ready(None) => self.body = None,
                // It is never waited for.
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    fn advance(&mut self, mut written: usize) {
        let of_head = written.min(self.head.len());
        self.head.advance(of_head);
        written -= of_head;
        while let Some(first) = self.queue.front_mut() {
            let of_first = written.min(first.len());
            first.advance(of_first);
            written -= of_first;
            if !first.is_empty() {
                break;
            }
            self.queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is made of a question, and what is left; as text.
    fn asked(bytes: &[u8]) -> Option<(String, String)> {
        let say = |question: &Question<'_>| {
            let Question {
                method,
                path,
                query,
                ..
            } = question;
            let host = question.fields.only(Field::Host)?.text()?;
            Some(format!("{method} {path} {query:?} {host}"))
        };
        let (said, rest) = answered(bytes, 3, say)?;
        Some((said, String::from_utf8_lossy(rest).into_owned()))
    }

    #[test]
    fn a_plain_request_is_read_and_what_follows_is_left() {
        let cases = [
            ("GET /a HTTP/1.1\r\nHost: e\r\n\r\n", "GET /a None e", ""),
            (
                "HEAD /?b?c HTTP/1.1\r\nHOST:e \r\nA: b\r\n\r\nGET",
                "HEAD / Some(\"b?c\") e",
                "GET",
            ),
            (
                "\r\nGET //%2e%2E/;a=b HTTP/1.1\r\nhost: e\r\nConnection: Keep-Alive\r\n\r\n",
                "GET //%2e%2E/;a=b None e",
                "",
            ),
        ];
        for (bytes, said, rest) in cases {
            let expected = Some((said.to_owned(), rest.to_owned()));
            assert_eq!(asked(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_hyper() {
        let target = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: e\r\n\r\n");
        let field = |field: &str| format!("GET / HTTP/1.1\r\nHost: e\r\n{field}\r\n\r\n");
        let line = |line: &str| format!("{line}\r\nHost: e\r\n\r\n");
        let not_plain = [
            target("*"),
            target("http://e/"),
            target("e:80"),
            target("/#a"),
            target("/\"a"),
            target("/{a}"),
            target("/\\a"),
            target("/|"),
            target("/é"),
            target("/[a]"),
            field("Connection: close"),
            field("Connection: keep-alive, upgrade"),
            field("Connection: keep-alive\r\nConnection: keep-alive"),
            field("Connection:"),
            field("Upgrade: h2c"),
            field("Content-Length: 0"),
            field("content-length: 5"),
            field("Transfer-Encoding: chunked"),
            field("Expect: 100-continue"),
            field("a: b\r\nc: d\r\ne: f"),
            field("a b: c"),
            field(" a: b"),
            field("a: b\0"),
            line("POST / HTTP/1.1"),
            line("get / HTTP/1.1"),
            line("OPTIONS / HTTP/1.1"),
            line("GET / HTTP/1.0"),
            line("GET / HTTP/1.2"),
            line("GET /"),
            line("GET  HTTP/1.1"),
            "GET / HTTP/1.1\r\nHost: e\r\n".to_owned(),
            "GET / HTT".to_owned(),
            String::new(),
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        ];
        for bytes in not_plain {
            assert_eq!(asked(bytes.as_bytes()), None, "{bytes:?}");
        }
        let whole = b"GET / HTTP/1.1\r\nHost: e\r\n\r\n";
        assert_eq!(answered(whole, 3, |_| None::<()>), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in any::<Vec<u8>>(), like in "GET /[ -~]{0,9} HTTP/1.1\r\nHost:[ -~\r\n]{0,20}\r\n\r\n") {
            let _ = asked(&bytes);
            let _ = asked(like.as_bytes());
        }
    }
}
