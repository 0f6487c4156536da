//! An answer that is given again and again, from its status line to the end of its body, into a file in memory: a kernel
//! sends the pages of a file as they are, where it would copy what is written.
//!
//! That is for a plain socket, and for answers of a middling length. What is short is copied sooner than its file
//! is looked for, and of what is long the pages are counted one by one, which takes longer than to copy them at once.

use std::fs::File;
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};
use tracing::debug;

use crate::artifact::Pieces;

/// How many bytes of a body are worth a file.
const WORTH_IT: RangeInclusive<usize> = 16 * 1024..=64 * 1024;
/// How often an answer is given within its second before it is put into a file. That takes as long as twenty times
/// copying it.
const OFTEN: u32 = if cfg!(test) { 3 } else { 32 };
/// How many files there are at most, and of the descriptors that we may have at most one in so many is one, for
/// connections need theirs. Who takes an answer slowly keeps one.
const MOST: usize = 32;
const ONE_IN: u64 = 64;

/// How many files there are.
static FILES: AtomicUsize = AtomicUsize::new(0);

/// An answer that may come to be in a file.
#[derive(Debug, Default)]
pub(super) struct Lendable {
    given: AtomicU32,
    file: OnceLock<Lent>,
}

/// A file that has an answer, and never anything else.
#[derive(Debug, Clone)]
pub(super) struct Lent(Arc<InMemory>);

#[derive(Debug)]
struct InMemory {
    file: File,
    length: usize,
    _counted: Counted,
}

impl Lendable {
    /// The file, if there is one, or as the answer has been given often. To be asked for each time it is given, with
    /// the same each time.
    pub(super) fn lend(&self, head: &[u8], body: &Pieces) -> Option<Lent> {
        if !WORTH_IT.contains(&body.len()) {
            return None;
        }
        if self.file.get().is_none() {
            let given = self.given.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            if !given.is_multiple_of(OFTEN) {
                return None;
            }
            // Who comes second has made one for nothing.
            let _ = self.file.set(Lent::new(head, body)?);
        }
        self.file.get().cloned()
    }

    /// Whether there is a file.
    pub(super) fn is_lent(&self) -> bool {
        self.file.get().is_some()
    }
}

impl Lent {
    /// `None` where there are many already, or the system has none.
    fn new(head: &[u8], body: &Pieces) -> Option<Lent> {
        let counted = Counted::new(&FILES, most())?;
        match in_memory(head, body) {
            Ok(file) => Some(Lent(Arc::new(InMemory {
                file,
                length: head.len() + body.len(),
                _counted: counted,
            }))),
            Err(error) => {
                debug!(%error, "an answer has no file in memory");
                None
            }
        }
    }

    /// Sends what comes after so many bytes.
    pub(super) fn poll_send(
        &self,
        cx: &mut Context<'_>,
        tcp: &TcpStream,
        from: usize,
    ) -> Poll<io::Result<usize>> {
        let count = self.0.length.saturating_sub(from);
        loop {
            match tcp.try_io(Interest::WRITABLE, || {
                send(tcp, &self.0.file, from as u64, count)
            }) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It is noted that there is no room, so that this waits until there is some.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(tcp.poll_write_ready(cx))?;
                }
                done => return Poll::Ready(done),
            }
        }
    }
}

/// One of the files that there may be, until it is dropped.
#[derive(Debug)]
struct Counted(&'static AtomicUsize);

impl Counted {
    fn new(files: &'static AtomicUsize, most: usize) -> Option<Counted> {
        let one_more = |count| (count < most).then_some(count + 1);
        let counted = files.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        // One that is made and not returned would count itself off.
        counted.is_ok().then(|| Counted(files))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many files there may be, by how many descriptors we may have.
#[cfg(target_os = "linux")]
fn most() -> usize {
    use rustix::process::{Resource, getrlimit};

    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(descriptors / ONE_IN).map_or(MOST, |most| most.min(MOST))
}

#[cfg(not(target_os = "linux"))]
fn most() -> usize {
    0
}

#[cfg(target_os = "linux")]
fn in_memory(head: &[u8], body: &Pieces) -> io::Result<File> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    use rustix::process::{Resource, getrlimit};

    // A file that grows beyond that, be it in memory, ends the process.
    let most = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
    if most < (head.len() + body.len()) as u64 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("courant", flags)?);
    file.write_all(head)?;
    let mut place = 0;
    while let Some(piece) = body.get(place).map_err(io::Error::other)? {
        file.write_all(&piece)?;
        place += 1;
    }
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    fcntl_add_seals(&file, seals)?;
    Ok(file)
}

/// Where the client has gone there would be a signal, which a Rust program ignores from its start.
#[cfg(target_os = "linux")]
fn send(tcp: &TcpStream, file: &File, mut from: u64, count: usize) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(tcp, file, Some(&mut from), count)?)
}

#[cfg(not(target_os = "linux"))]
fn in_memory(_: &[u8], _: &Pieces) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn send(_: &TcpStream, _: &File, _: u64, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A socket of whatever kind.
pub(super) trait Socket {
    /// The same, where what is written to it goes over TCP as it is.
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }
}

impl Socket for TcpStream {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Socket for UnixStream {}

#[cfg(test)]
impl Socket for tokio::io::DuplexStream {}

#[cfg(test)]
impl<R, W> Socket for tokio::io::Join<R, W> {}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::os::unix::fs::FileExt as _;

    use bytes::Bytes;
    use hyper::Version;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;
    use crate::server::direct::Sending;
    use crate::server::felt::Felt;
    use crate::server::sending::Answer;
    use crate::server::service::Written;
    use crate::server::tests::{note, unhurried};
    use crate::server::traffic::Traffic;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

    fn body(length: usize) -> Pieces {
        let bytes: Bytes = (0..length).map(|at| (at % 251) as u8).collect();
        let parts = [0..7, 7..length / 2, length / 2..length];
        Pieces::new(parts.map(|part| bytes.slice(part)))
    }

    fn whole(length: usize) -> Vec<u8> {
        [HEAD, &body(length).to_vec().unwrap()].concat()
    }

    #[test]
    fn what_is_given_often_is_put_into_a_file_that_stays_as_it_is() {
        let lendable = Lendable::default();
        let length = *WORTH_IT.start();
        let lent = (1..=OFTEN).map(|_| lendable.lend(HEAD, &body(length)));
        let lent: Vec<_> = lent.collect();
        let are: Vec<bool> = lent.iter().map(Option::is_some).collect();
        assert_eq!(are, [false, false, true]);
        let file = &lent[2].as_ref().unwrap().0.file;
        let mut read = vec![0; HEAD.len() + length];
        file.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(read, whole(length));
        assert_eq!(file.read_at(&mut [0], read.len() as u64).unwrap(), 0);
        assert!(file.write_at(b"x", 0).is_err());
        assert!(file.set_len(1).is_err());
        let again = lendable.lend(HEAD, &body(length)).unwrap();
        assert!(Arc::ptr_eq(&again.0, &lent[2].as_ref().unwrap().0));
    }

    #[test]
    fn there_are_never_more_than_there_may_be_and_as_many_again() {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        for _ in 0..3 {
            let counted = (0..100).filter_map(|_| Counted::new(&FILES, 32));
            assert_eq!(counted.collect::<Vec<_>>().len(), 32);
            assert_eq!(FILES.load(Ordering::Relaxed), 0);
        }
    }

    #[test]
    fn what_is_short_or_long_is_not() {
        for length in [100, WORTH_IT.start() - 1, WORTH_IT.end() + 1] {
            let lendable = Lendable::default();
            let lent = (0..2 * OFTEN).filter_map(|_| lendable.lend(HEAD, &body(length)));
            assert_eq!(lent.count(), 0, "{length}");
        }
    }

    fn lent(file: File, length: usize) -> Lent {
        Lent(Arc::new(InMemory {
            file,
            length,
            _counted: Counted::new(&FILES, usize::MAX).unwrap(),
        }))
    }

    /// What a client gets of so many answers that are sent from a file, taking none before there is no room for
    /// more.
    async fn taken(file: impl Fn() -> File, length: usize, count: usize) -> Vec<u8> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (pulse, traffic) = (unhurried(), Traffic::default());
        let mut server = Felt::new(server, Arc::clone(&pulse));
        let sends = async move {
            for _ in 0..count {
                let pulse_now = (Arc::clone(&pulse), Instant::now());
                let mut sending = Sending::new(Written {
                    head: Bytes::from_static(HEAD),
                    body: Answer::new(body(length), Version::HTTP_11, pulse_now, note(&traffic)),
                    lent: Some(lent(file(), HEAD.len() + length)),
                });
                poll_fn(|cx| sending.poll(&mut server, cx)).await.unwrap();
            }
        };
        let mut all = Vec::new();
        tokio::join!(sends, async { client.read_to_end(&mut all).await.unwrap() });
        all
    }

    #[tokio::test]
    async fn it_arrives_whole_however_late_it_is_taken() {
        let (length, count) = (50_000, 400);
        // Another body than that which would be written, to be told from it.
        let other = Pieces::from(Bytes::from(vec![b'f'; length]));
        let all = taken(|| in_memory(HEAD, &other).unwrap(), length, count).await;
        let whole = [HEAD, &other.to_vec().unwrap()].concat();
        assert!(all == whole.repeat(count), "{}", all.len());
    }

    #[tokio::test]
    async fn what_a_file_does_not_give_is_written() {
        let length = 50_000;
        let of = |bytes: usize| {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&whole(length)[..bytes], 0).unwrap();
            file
        };
        let cannot_be_read = || {
            let named = tempfile::NamedTempFile::new().unwrap();
            File::options().write(true).open(named.path()).unwrap()
        };
        let files: [&dyn Fn() -> File; 6] = [
            &cannot_be_read,
            &|| of(0),
            &|| of(HEAD.len() - 1),
            &|| of(HEAD.len()),
            &|| of(HEAD.len() + 30_000),
            &|| of(HEAD.len() + length),
        ];
        for (number, file) in files.iter().enumerate() {
            let all = taken(file, length, 3).await;
            assert!(all == whole(length).repeat(3), "{number}: {}", all.len());
        }
    }
}
