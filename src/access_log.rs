//! Lines about answers into a file or the standard output, on a thread of its own.
//!
//! Whoever answers hands a line over and goes on. What does not fit into the queue, as the disk or the reader
//! of a pipe is too slow, is dropped and counted; what cannot be written is counted too, and told of once.
//! Lines are written as they come, several at once where there are several.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tracing::warn;

/// So many lines wait to be written, at most.
const MOST_LINES: usize = 8_192;
/// So many bytes are written at once, about.
const AT_ONCE: usize = 64 * 1024;
/// How long the end waits for what is not written yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where lines are handed over. Cloning it gives another handle on the same log.
#[derive(Debug, Clone)]
pub struct AccessLog {
    queue: SyncSender<Message>,
    shared: Arc<Shared>,
}

/// Waits for what is not written yet when it is dropped.
#[derive(Debug)]
pub struct Writing {
    log: AccessLog,
    ended: Receiver<()>,
}

#[derive(Debug, Default)]
struct Shared {
    lost: AtomicU64,
    reopens: AtomicBool,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    /// Look whether the file is to be opened anew.
    Look,
    End,
}

/// Where lines go.
trait Sink: Write + Send {
    /// Begins anew, where that means something.
    fn reopen(&mut self) -> io::Result<()>;
}

struct Appended {
    path: PathBuf,
    file: File,
}

struct Stdout(io::Stdout);

impl AccessLog {
    /// Writes to the end of a file from now on, which is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be opened, or the system gives no thread.
    pub fn to_file(path: &Path) -> io::Result<(AccessLog, Writing)> {
        let sink = Appended {
            file: open(path)?,
            path: path.to_owned(),
        };
        AccessLog::to(sink, MOST_LINES)
    }

    /// Writes to the standard output from now on.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn to_stdout() -> io::Result<(AccessLog, Writing)> {
        AccessLog::to(Stdout(io::stdout()), MOST_LINES)
    }

    fn to(sink: impl Sink + 'static, most: usize) -> io::Result<(AccessLog, Writing)> {
        let (queue, lines) = sync_channel(most);
        let (end, ended) = sync_channel(1);
        let shared = Arc::<Shared>::default();
        let log = AccessLog {
            queue,
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || {
                write(sink, &lines, &shared);
                // Before the end is told, so that what comes after it is known to be lost.
                drop(lines);
                // Whoever waited for it has gone.
                let _ = end.try_send(());
            })?;
        let writing = Writing {
            log: log.clone(),
            ended,
        };
        Ok((log, writing))
    }

    /// Hands a line over, with its end. Never waits.
    pub fn line(&self, line: Vec<u8>) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.shared.lost.fetch_add(1, Relaxed);
        }
    }

    /// Lets the file be opened anew before the next line, as it was moved away.
    pub fn reopen(&self) {
        self.shared.reopens.store(true, Relaxed);
        // Where the queue is full, there is a line on which it is seen.
        let _ = self.queue.try_send(Message::Look);
    }

    /// How many lines were dropped, or could not be written.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Relaxed)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        const PAUSE: Duration = Duration::from_millis(10);
        for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
            match self.log.queue.try_send(Message::End) {
                Err(TrySendError::Full(_)) => std::thread::sleep(PAUSE),
                _ => break,
            }
        }
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

fn write(mut sink: impl Sink, lines: &Receiver<Message>, shared: &Shared) {
    let (mut is_told, mut is_torn, mut told_lost) = (false, false, false);
    let mut text = Vec::new();
    while let Ok(first) = lines.recv() {
        let (mut count, mut ends) = (0, false);
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => {
                    text.extend_from_slice(&line);
                    count += 1;
                }
                Message::Look => {}
                Message::End => ends = true,
            }
            next = if text.len() < AT_ONCE && !ends {
                lines.try_recv().ok()
            } else {
                None
            };
        }
        if shared.reopens.swap(false, Relaxed) {
            match sink.reopen() {
                Ok(()) => (is_told, is_torn) = (false, false),
                Err(error) => {
                    warn!(%error, "the access log cannot be opened anew; the file before is written on")
                }
            }
        }
        if !told_lost && shared.lost.load(Relaxed) > 0 {
            told_lost = true;
            warn!("the access log is written too slowly; lines are dropped");
        }
        if count > 0 {
            // What was cut off in the middle of a line is not to become a part of the next.
            let begun = if is_torn {
                sink.write_all(b"\n")
            } else {
                Ok(())
            };
            let written = begun.and_then(|()| sink.write_all(&text));
            if let Err(error) = written.and_then(|()| sink.flush()) {
                is_torn = true;
                told_lost = true;
                shared.lost.fetch_add(count, Relaxed);
                if !is_told {
                    is_told = true;
                    warn!(%error, "the access log cannot be written; lines are lost until it can");
                }
            } else {
                is_torn = false;
            }
        }
        text.clear();
        text.shrink_to(2 * AT_ONCE);
        if ends {
            return;
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // It holds addresses.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

impl Sink for Appended {
    fn reopen(&mut self) -> io::Result<()> {
        self.file = open(&self.path)?;
        Ok(())
    }
}

impl Write for Appended {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for Stdout {
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Sender;

    use super::*;

    /// Writes when it is let, a part of it when it is told to fail.
    struct Gate {
        asked: Sender<()>,
        opens: Receiver<bool>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Sink for Gate {
        fn reopen(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.asked.send(());
            if self.opens.recv().unwrap_or(true) {
                self.written.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            } else {
                Err(io::Error::other("the disk is full"))
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_added_to_what_is_there_and_all_are_written_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.log");
        std::fs::write(&path, "before\n").unwrap();
        let (log, writing) = AccessLog::to_file(&path).unwrap();
        for number in 0..1_000 {
            log.line(format!("{number}\n").into_bytes());
        }
        drop(writing);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1_001);
        assert!(text.starts_with("before\n0\n1\n") && text.ends_with("\n999\n"));
        assert_eq!(log.lost(), 0);
        log.line(b"late\n".to_vec());
        assert_eq!(log.lost(), 1, "what comes after the end is counted");
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("a.log"), dir.path().join("a.log.1"));
        let (log, writing) = AccessLog::to_file(&path).unwrap();
        log.line(b"first\n".to_vec());
        drop(writing);
        let (log, writing) = AccessLog::to_file(&path).unwrap();
        std::fs::rename(&path, &moved).unwrap();
        log.reopen();
        log.line(b"second\n".to_vec());
        drop(writing);
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), "first\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second\n");
    }

    #[test]
    fn a_writer_that_is_stuck_holds_nobody_up_and_what_does_not_fit_is_counted() {
        let (asked, asks) = std::sync::mpsc::channel();
        let (open, opens) = std::sync::mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let gate = Gate {
            asked,
            opens,
            written: Arc::clone(&written),
        };
        let (log, writing) = AccessLog::to(gate, 10).unwrap();
        log.line(b"first\n".to_vec());
        asks.recv().unwrap();
        for _ in 0..100 {
            log.line(b"more\n".to_vec());
        }
        assert_eq!(log.lost(), 90);
        drop(open);
        drop(writing);
        let written = written.lock().unwrap();
        assert_eq!(written.split(|byte| *byte == b'\n').count(), 12);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_is_no_part_of_the_next_line() {
        let (asked, asks) = std::sync::mpsc::channel();
        let (open, opens) = std::sync::mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let gate = Gate {
            asked,
            opens,
            written: Arc::clone(&written),
        };
        let (log, writing) = AccessLog::to(gate, 10).unwrap();
        open.send(false).unwrap();
        log.line(b"first\n".to_vec());
        asks.recv().unwrap();
        log.line(b"second\n".to_vec());
        drop(open);
        drop(writing);
        assert_eq!(&*written.lock().unwrap(), b"\nsecond\n");
        assert_eq!(log.lost(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error_at_once() {
        let dir = tempfile::tempdir().unwrap();
        assert!(AccessLog::to_file(dir.path()).is_err());
        assert!(AccessLog::to_file(&dir.path().join("none/a.log")).is_err());
    }
}
