//! Who else listens on a port of ours, and how new clients are left to them.

use std::fs::File;
use std::io::{self, BufRead as _};

use tokio::net::TcpListener;

/// Lets the system drop the packets that begin a connection (SYN without ACK) before they reach a socket.
/// Returns whether it does.
#[cfg(target_os = "linux")]
pub(super) fn drops_new(socket: &TcpListener) -> bool {
    use socket2::{SockFilter, SockRef};
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const SYN_OR_ACK: u32 = 0x12;
    let filter = [
        // Load the byte of flags, leave two, and if that is a SYN alone: of the packet, keep nothing.
        SockFilter::new(0x30, 0, 0, FLAGS),
        SockFilter::new(0x54, 0, 0, SYN_OR_ACK),
        SockFilter::new(0x15, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    let attached = SockRef::from(socket).attach_filter(&filter);
    if let Err(error) = &attached {
        tracing::debug!(%error, "cannot hold off new connections before the end");
    }
    attached.is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn drops_new(_: &TcpListener) -> bool {
    false
}

/// The system's tables of connections. Those that listen come first.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
const LISTENS: &str = "0A";
const SYN_RECEIVED: &str = "03";

/// Whether more sockets listen on a port than our own. Of a doubt, yes: that costs a moment.
pub(super) fn others_listen(port: u16, own: usize) -> bool {
    let count: Option<usize> = TABLES
        .iter()
        .map(|table| Some(listening(File::open(table).ok()?, port)))
        .sum();
    count.is_none_or(|count| count > own)
}

/// Whether a connection to a port is being made, to a socket of ours or of another's. Of a doubt, yes.
pub(super) fn are_shaking_hands(port: u16) -> bool {
    TABLES
        .iter()
        .any(|table| File::open(table).map_or(true, |table| is_shaking_hands(table, port)))
}

/// How many sockets listen on a port.
fn listening(table: impl io::Read, port: u16) -> usize {
    let ports = rows(table).map_while(|row| {
        let (port, state) = port_and_state(&row)?;
        (state == LISTENS).then_some(port)
    });
    ports.filter(|other| *other == port).count()
}

fn is_shaking_hands(table: impl io::Read, port: u16) -> bool {
    rows(table).any(|row| port_and_state(&row) == Some((port, SYN_RECEIVED)))
}

fn rows(table: impl io::Read) -> impl Iterator<Item = String> {
    let rows = io::BufReader::new(table).lines();
    rows.skip(1).map_while(Result::ok)
}

/// Those of our end of a connection.
fn port_and_state(row: &str) -> Option<(u16, &str)> {
    let mut fields = row.split_whitespace().skip(1);
    let port = fields.next()?.rsplit(':').next()?;
    Some((u16::from_str_radix(port, 16).ok()?, fields.nth(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_being_made_is_seen() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
            \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n\
            \x20  1: 0100007F:1F90 0100007F:D431 01 00000000:00000000\n\
            \x20  2: 0100007F:0050 0100007F:D431 03 00000000:00000000\n";
        assert!(is_shaking_hands(table.as_bytes(), 80));
        assert!(!is_shaking_hands(table.as_bytes(), 8080));
        assert!(!is_shaking_hands(table.as_bytes(), 0xd431));
    }

    #[test]
    fn those_who_listen_on_a_port_are_counted() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
            \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n\
            \x20  1: 00000000:1F90 00000000:0000 0A 00000000:00000000\n\
            \x20  2: 0100007F:0016 00000000:0000 0A 00000000:00000000\n\
            \x20  3: 0100007F:1F90 0100007F:D431 01 00000000:00000000\n\
            \x20  4: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n";
        assert_eq!(listening(table.as_bytes(), 8080), 2);
        assert_eq!(listening(table.as_bytes(), 22), 1);
        assert_eq!(listening(table.as_bytes(), 80), 0);
    }
}
