//! Writes the access log on a thread of its own.
//!
//! Requests hand over lines and never wait: `tracing_appender` drops and counts lines that its queue has no room for.
//! Lines that cannot be written are lost and counted too.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use tracing::warn;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Above this many waiting lines, new ones are dropped.
const MAX_LINES: usize = 8_192;
/// How long the end waits for lines that are not written yet. `WorkerGuard` itself waits for a second, or for ever
/// where the standard output, to which it reports, is stuck.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// A handle on the access log. Its clones write to the same log.
#[derive(Debug, Clone)]
pub struct AccessLog {
    queue: NonBlocking,
    dropped: ErrorCounter,
    shared: Arc<Shared>,
}

/// Waits for lines that are not written yet when it is dropped.
#[derive(Debug)]
pub struct Writing {
    guard: Option<WorkerGuard>,
    shared: Arc<Shared>,
}

/// What the handles and the writing thread share.
#[derive(Debug, Default)]
struct Shared {
    failed_lines: AtomicU64,
    is_reopen_requested: AtomicBool,
    is_drop_reported: AtomicBool,
    is_ended: AtomicBool,
}

impl AccessLog {
    /// Appends to a file, which is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn to_file(path: &Path) -> io::Result<(AccessLog, Writing)> {
        let file = open(path)?;
        Ok(AccessLog::new(file, Some(path.to_owned()), MAX_LINES))
    }

    /// Writes to the standard output.
    pub fn to_stdout() -> (AccessLog, Writing) {
        AccessLog::new(io::stdout(), None, MAX_LINES)
    }

    fn new(
        output: impl Write + Send + 'static,
        path: Option<PathBuf>,
        max_lines: usize,
    ) -> (AccessLog, Writing) {
        let shared = Arc::<Shared>::default();
        let writer = LineWriter {
            output: Box::new(output),
            path,
            is_line_cut: false,
            is_failure_reported: false,
            shared: Arc::clone(&shared),
        };
        let (queue, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(max_lines)
            .thread_name("access-log")
            .finish(writer);
        let writing = Writing {
            guard: Some(guard),
            shared: Arc::clone(&shared),
        };
        let log = AccessLog {
            dropped: queue.error_counter(),
            queue,
            shared,
        };
        (log, writing)
    }

    /// Hands over a line, with its end. Never waits.
    pub fn line(&self, line: Vec<u8>) {
        if self.shared.is_ended.load(Relaxed) {
            self.shared.failed_lines.fetch_add(1, Relaxed);
            return;
        }
        self.send(&line);
        if self.dropped.dropped_lines() > 0 && !self.shared.is_drop_reported.swap(true, Relaxed) {
            warn!("the access log is written too slowly; lines are dropped");
        }
    }

    /// Opens the file anew before the next line, as it was moved away.
    pub fn reopen(&self) {
        self.shared.is_reopen_requested.store(true, Relaxed);
        // Wakes the thread. Where the queue is full, it is awake.
        self.send(&[]);
    }

    /// How many lines were dropped, or could not be written.
    pub fn lost(&self) -> u64 {
        self.dropped.dropped_lines() as u64 + self.shared.failed_lines.load(Relaxed)
    }

    fn send(&self, bytes: &[u8]) {
        // Never fails: a line without room in the queue is counted.
        let _ = self.queue.clone().write_all(bytes);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let (ended, end) = mpsc::channel();
        let guard = self.guard.take();
        self.shared.is_ended.store(true, Relaxed);
        let waiting = std::thread::Builder::new().spawn(move || {
            drop(guard);
            // Nobody listens after the timeout.
            let _ = ended.send(());
        });
        if waiting.is_ok() {
            let _ = end.recv_timeout(SHUTDOWN_TIMEOUT);
        }
    }
}

/// Writes lines on the thread of `tracing_appender`, which calls `write_all` with each and ignores errors.
struct LineWriter {
    output: Box<dyn Write + Send>,
    /// Of the file; `None` is the standard output.
    path: Option<PathBuf>,
    /// Whether the last line may have been written in part.
    is_line_cut: bool,
    /// Set once for each file that is opened.
    is_failure_reported: bool,
    shared: Arc<Shared>,
}

impl LineWriter {
    fn reopen(&mut self) {
        let Some(path) = &self.path else { return };
        match open(path) {
            Ok(file) => {
                self.output = Box::new(file);
                (self.is_line_cut, self.is_failure_reported) = (false, false);
            }
            Err(error) => {
                warn!(%error, "the access log cannot be opened anew; the file before is written on");
            }
        }
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_line_cut {
            self.output.write_all(b"\n")?;
        }
        self.output.write_all(line)
    }
}

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_all(line).map(|()| line.len())
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        if self.shared.is_reopen_requested.swap(false, Relaxed) {
            self.reopen();
        }
        if line.is_empty() {
            return Ok(());
        }
        let written = self.write_line(line);
        self.is_line_cut = written.is_err();
        if let Err(error) = written {
            self.shared.failed_lines.fetch_add(1, Relaxed);
            if !self.is_failure_reported {
                self.is_failure_reported = true;
                warn!(%error, "the access log cannot be written; lines are lost until it can");
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender};
    use std::time::Instant;

    use super::*;

    /// Writes when it is let, a part of it when it is told to fail.
    struct Gate {
        asked: Sender<()>,
        opens: Receiver<bool>,
        written: Arc<Mutex<Vec<u8>>>,
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
        let (log, writing) = AccessLog::new(gate, None, 10);
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
        let (log, writing) = AccessLog::new(gate, None, 10);
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
    fn a_stuck_writer_does_not_hold_up_the_end() {
        let (asked, asks) = std::sync::mpsc::channel();
        let (open, opens) = std::sync::mpsc::channel();
        let gate = Gate {
            asked,
            opens,
            written: Arc::default(),
        };
        let (log, writing) = AccessLog::new(gate, None, 10);
        log.line(b"first\n".to_vec());
        asks.recv().unwrap();
        for _ in 0..10 {
            log.line(b"more\n".to_vec());
        }
        let began = Instant::now();
        drop(writing);
        assert!(began.elapsed() < 5 * SHUTDOWN_TIMEOUT);
        drop(open);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error_at_once() {
        let dir = tempfile::tempdir().unwrap();
        assert!(AccessLog::to_file(dir.path()).is_err());
        assert!(AccessLog::to_file(&dir.path().join("none/a.log")).is_err());
    }
}
