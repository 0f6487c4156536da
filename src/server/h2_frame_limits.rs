//! Limits the HTTP/2 frames that one turn of a connection reads, and the changes of settings that a client may send.
//!
//! h2 reads for as long as there is input, up to a megabyte in one turn. A SETTINGS frame of 15 bytes makes it visit
//! every open stream, and a HEADERS frame makes us answer a request. Meanwhile no other connection of the thread is
//! served. So the input is cut between two frames once the turn's frames have reached a cost limit.

use std::io;

/// Size of a frame header (RFC 9113 §4.1), in bytes.
const HEADER_BYTES: usize = 9;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
/// Flag of a SETTINGS frame that only acknowledges.
const ACK: u8 = 1;

/// Cost of frames at which a turn ends: that of 16 requests, as of a client that pipelines on HTTP/1.1.
const TURN_COST: usize = 64;
/// Cost of a request or a change of settings. All other frames cost 1.
const HEAVY_COST: usize = 4;
/// Payload bytes that add 1 to the cost of a frame.
const BYTES_PER_COST: usize = 256;
/// Maximum changes of settings per connection. Most clients send one; those that tune their window, a dozen.
const MAX_SETTINGS: usize = 100;

/// Tracks the frames and costs of one connection.
#[derive(Debug)]
pub(super) struct FrameMeter {
    /// Number of the current turn.
    turn: usize,
    /// Cost of this turn's frames so far.
    cost: usize,
    /// Bytes of the current frame's payload that have not arrived.
    left: usize,
    header: [u8; HEADER_BYTES],
    /// Bytes of the current header that have arrived.
    header_length: usize,
    settings: usize,
}

impl FrameMeter {
    /// Starts after the preface (RFC 9113 §3.4).
    pub(super) fn new() -> FrameMeter {
        FrameMeter {
            turn: 0,
            cost: 0,
            left: 0,
            header: [0; HEADER_BYTES],
            header_length: 0,
            settings: 0,
        }
    }

    /// Returns the number of `bytes`, the next of the input, that may be read in this turn. 0 ends the turn.
    ///
    /// # Errors
    /// The client changes its settings too often.
    pub(super) fn admit(&mut self, bytes: &[u8], turn: usize) -> io::Result<usize> {
        if self.turn != turn {
            (self.turn, self.cost) = (turn, 0);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.left > 0 {
                let payload = self.left.min(rest.len());
                self.left -= payload;
                rest = rest.get(payload..).unwrap_or_default();
            } else if self.header_length == 0 && self.cost >= TURN_COST {
                break;
            } else {
                rest = self.read_header(rest)?;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// Reads a byte of a frame's header.
    fn read_header<'a>(&mut self, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        let (Some((byte, rest)), Some(place)) =
            (bytes.split_first(), self.header.get_mut(self.header_length))
        else {
            return Ok(bytes);
        };
        *place = *byte;
        self.header_length += 1;
        if self.header_length == HEADER_BYTES {
            self.header_length = 0;
            let [high, middle, low, kind, flags, ..] = self.header;
            self.begin_frame(u32::from_be_bytes([0, high, middle, low]), kind, flags)?;
        }
        Ok(rest)
    }

    fn begin_frame(&mut self, length: u32, kind: u8, flags: u8) -> io::Result<()> {
        self.left = usize::try_from(length).unwrap_or(usize::MAX);
        let changes_settings = kind == SETTINGS && flags & ACK == 0;
        let cost = if changes_settings || kind == HEADERS {
            HEAVY_COST
        } else {
            1
        };
        self.cost += cost + self.left / BYTES_PER_COST;
        self.settings += usize::from(changes_settings);
        if self.settings > MAX_SETTINGS {
            return Err(io::Error::other(
                "the client changes its settings too often",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        frame.extend([kind, 0, 0, 0, 0, 0]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn turn_ends_between_two_frames() {
        for (kind, size, expected) in [
            (HEADERS, 30, 16),
            (SETTINGS, 6, 16),
            (6, 8, 64),
            (9, 16_384, 1),
        ] {
            let mut meter = FrameMeter::new();
            let one = frame(kind, &vec![0; size]);
            let many = one.repeat(90);
            for turn in 1..3 {
                let admitted = meter.admit(&many, turn).unwrap();
                assert_eq!(admitted, expected * one.len(), "{kind}");
                assert_eq!(meter.admit(&many, turn).unwrap(), 0);
            }
        }
    }

    #[test]
    fn settings_that_change_without_end_are_an_error() {
        let mut meter = FrameMeter::new();
        let change = frame(SETTINGS, &[0, 4, 0, 0, 0, 1]);
        let mut ack = frame(SETTINGS, &[]);
        ack[4] = ACK;
        for turn in 0..MAX_SETTINGS {
            assert_eq!(meter.admit(&change, turn).unwrap(), change.len());
            assert_eq!(meter.admit(&ack, turn).unwrap(), ack.len());
        }
        assert!(meter.admit(&change, MAX_SETTINGS).is_err());
    }

    proptest! {
        #[test]
        fn frames_are_followed_in_whatever_parts_they_come(
            frames in proptest::collection::vec((0..10_u8, 0..600_usize), 0..60),
            part in 1..50_usize,
        ) {
            let (mut whole, mut parts) = (FrameMeter::new(), FrameMeter::new());
            let all: Vec<u8> = frames.iter().flat_map(|&(kind, size)| frame(kind, &vec![7; size])).collect();
            let mut rest = &all[..];
            let mut ends = Vec::new();
            while !rest.is_empty() {
                let admitted = whole.admit(rest, ends.len()).unwrap();
                prop_assert!(admitted > 0, "each turn reads something");
                rest = &rest[admitted..];
                ends.push(all.len() - rest.len());
            }
            let (mut at, mut turns) = (0, Vec::new());
            while at < all.len() {
                let end = all.len().min(at + part);
                let admitted = parts.admit(&all[at..end], turns.len()).unwrap();
                at += admitted;
                if admitted == 0 || at == all.len() {
                    turns.push(at);
                }
            }
            prop_assert_eq!(turns, ends);
        }
    }
}
