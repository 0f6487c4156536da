//! Finds HTTP/1.1 requests that give their `Content-Length` twice.
//!
//! hyper reads two equal ones as one, and then nobody sees that there were two. RFC 9112 §6.3 lets a server refuse
//! them, and another reader on the way may have taken either.

const NAME: &[u8] = b"content-length:";

/// Scans the heads of requests, one after the other. No request with a body is followed by another, so all that comes
/// is heads.
#[derive(Debug)]
pub(super) struct LengthScan {
    /// The number of the request that is scanned, of those of its connection.
    request: usize,
    /// How many lengths that one has given so far.
    lengths: usize,
    /// How many bytes of the name the current line begins with; `None` if it begins otherwise.
    matched: Option<usize>,
    is_line_blank: bool,
    has_lines: bool,
}

impl LengthScan {
    /// Starts before the head of a request of this number.
    pub(super) fn new(request: usize) -> LengthScan {
        LengthScan {
            request,
            lengths: 0,
            matched: Some(0),
            is_line_blank: true,
            has_lines: false,
        }
    }

    /// Scans the next bytes. Returns the number of the first request in them that gives its length again.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut found = None;
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line();
                continue;
            }
            self.is_line_blank &= byte == b'\r';
            let expected = self.matched.and_then(|place| NAME.get(place));
            let matches = expected == Some(&byte.to_ascii_lowercase());
            self.matched = self.matched.filter(|_| matches).map(|place| place + 1);
            if self.matched == Some(NAME.len()) {
                self.lengths += 1;
                if self.lengths > 1 {
                    found = found.or(Some(self.request));
                }
            }
        }
        found
    }

    fn end_line(&mut self) {
        if !self.is_line_blank {
            self.has_lines = true;
        } else if self.has_lines {
            // The end of a head. Blank lines before one belong to none (RFC 9112 §2.2).
            *self = LengthScan::new(self.request + 1);
        }
        self.matched = Some(0);
        self.is_line_blank = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_with_two_lengths_is_found_in_whatever_parts_it_comes() {
        let cases = [
            ("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", None),
            (
                "GET / HTTP/1.1\r\nContent-Length: 0\r\nA: b\r\ncontent-lengtH:0\r\n\r\n",
                Some(7),
            ),
            (
                "\r\nGET / HTTP/1.1\nContent-Length: 0\n\n\r\nGET / HTTP/1.1\nContent-Length: 0\n\n",
                None,
            ),
            (
                "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nContent-Length:\r\nContent-Length:\r\n",
                Some(8),
            ),
            (
                "GET / HTTP/1.1\r\nContent-Length: 0\r\nX: content-length:\r\nX-Content-Length: 0\r\n\r\n",
                None,
            ),
            (
                "GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Lengthy: 0\r\n\r\n",
                None,
            ),
        ];
        for (bytes, expected) in cases {
            for part in [1, 2, 5, bytes.len()] {
                let mut scan = LengthScan::new(7);
                let found = bytes
                    .as_bytes()
                    .chunks(part)
                    .find_map(|part| scan.scan(part));
                assert_eq!(found, expected, "{part} {bytes:?}");
            }
        }
    }
}
