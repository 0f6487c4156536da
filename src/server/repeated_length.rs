//! Makes hyper refuse an HTTP/1.1 request that gives its `Content-Length` twice.
//!
//! hyper reads two equal ones as one, and then nobody sees that there were two. RFC 9112 §6.3 lets a server refuse
//! them, and a proxy on the way may have taken either. So the second name is spoiled before hyper reads it, and hyper
//! answers 400 and closes the connection, as for any malformed header.

const NAME: &[u8] = b"content-length:";

/// Scans the heads of requests, one after the other. No request with a body is followed by another, so all that comes
/// is heads.
#[derive(Debug)]
pub(super) struct LengthScan {
    /// How many lengths the current head has given so far.
    lengths: usize,
    /// How many bytes of the name the current line begins with; `None` if it begins with something else.
    matched: Option<usize>,
}

impl LengthScan {
    /// Starts before a head.
    pub(super) fn new() -> LengthScan {
        LengthScan {
            lengths: 0,
            matched: Some(0),
        }
    }

    /// Scans the next bytes, and replaces the colon of a repeated name by NUL.
    pub(super) fn scan(&mut self, mut bytes: &mut [u8]) {
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
                        // The end of a head, or a blank line before one.
                        self.lengths = 0;
                    }
                    Some(0)
                }
                b'\r' if matched == 0 => Some(0),
                other if NAME.get(matched) == Some(&other.to_ascii_lowercase()) => {
                    Some(matched + 1).filter(|matched| *matched < NAME.len())
                }
                _ => None,
            };
            if self.matched.is_none() && *byte == b':' && matched + 1 == NAME.len() {
                self.lengths += 1;
                if self.lengths > 1 {
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
    fn second_length_is_spoiled_in_whatever_parts_it_comes() {
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
                let mut scan = LengthScan::new();
                let mut bytes = text.as_bytes().to_vec();
                bytes.chunks_mut(part).for_each(|part| scan.scan(part));
                assert_eq!(bytes, expected, "{part} {text:?}");
            }
        }
    }
}
