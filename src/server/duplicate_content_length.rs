//! Makes hyper reject an HTTP/1.1 request that has more than one `Content-Length` header.
//!
//! hyper merges equal values, so later checks cannot see that there were two. RFC 9112 §6.3 lets a server reject such
//! requests, and a proxy may have used either value. So the name of the second header is made invalid before hyper
//! reads it. hyper then answers 400 and closes the connection, as for any malformed header.

const CONTENT_LENGTH_PREFIX: &[u8] = b"content-length:";

/// Scanner of consecutive request heads. A request with a body is the last of its connection, so all input is heads.
#[derive(Debug)]
pub(super) struct ContentLengthScanner {
    /// Number of `Content-Length` headers in the current head so far.
    length_count: usize,
    /// Number of bytes of the name at the start of the current line; `None` if the line has a different name.
    matched: Option<usize>,
}

impl ContentLengthScanner {
    /// Creates a scanner that expects a request head.
    pub(super) fn new() -> ContentLengthScanner {
        ContentLengthScanner {
            length_count: 0,
            matched: Some(0),
        }
    }

    /// Scans the next bytes, and replaces the colon of a repeated `Content-Length` by NUL.
    pub(super) fn scan_bytes(&mut self, mut bytes: &mut [u8]) {
        loop {
            let Some(matched) = self.matched else {
                let Some(end) = memchr::memchr(b'\n', bytes) else {
                    return;
                };
                bytes = bytes.get_mut(end + 1..).unwrap_or_default();
                self.matched = Some(0);
                continue;
            };
            let Some((byte, rest)) = bytes.split_first_mut() else {
                return;
            };
            self.matched = match *byte {
                b'\n' => {
                    if matched == 0 {
                        // The end of a head, or an empty line before one.
                        self.length_count = 0;
                    }
                    Some(0)
                }
                b'\r' if matched == 0 => Some(0),
                other
                    if CONTENT_LENGTH_PREFIX.get(matched) == Some(&other.to_ascii_lowercase()) =>
                {
                    Some(matched + 1).filter(|matched| *matched < CONTENT_LENGTH_PREFIX.len())
                }
                _ => None,
            };
            if self.matched.is_none() && *byte == b':' && matched + 1 == CONTENT_LENGTH_PREFIX.len()
            {
                self.length_count += 1;
                if self.length_count > 1 {
                    *byte = b'\0';
                }
            }
            bytes = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_content_length_is_made_invalid() {
        let cases = [
            ("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", None),
            (
                "GET / HTTP/1.1\r\nContent-Length: 0\r\nA: b\r\ncontent-lengtH:0\r\n\r\n",
                Some("content-lengtH:"),
            ),
            (
                "\r\nGET / HTTP/1.1\nContent-Length: 0\n\n\r\nGET / HTTP/1.1\nContent-Length: 0\n\n",
                None,
            ),
            (
                "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nContent-Length:\r\ncontent-length:\r\n",
                Some("content-length:"),
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
        for (text, repeated) in cases {
            let mut expected = text.as_bytes().to_vec();
            if let Some(repeated) = repeated {
                let colon = text.find(repeated).unwrap() + repeated.len() - 1;
                expected[colon] = b'\0';
            }
            for part in [1, 2, 5, text.len()] {
                let mut scan = ContentLengthScanner::new();
                let mut bytes = text.as_bytes().to_vec();
                bytes
                    .chunks_mut(part)
                    .for_each(|part| scan.scan_bytes(part));
                assert_eq!(bytes, expected, "{part} {text:?}");
            }
        }
    }
}
