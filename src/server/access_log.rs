//! Writes the access log on its own thread.
//!
//! Requests queue lines and never wait: `tracing_appender` drops and counts the lines for which its queue has no room.
//! Lines that cannot be written are lost and counted as well.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use tracing::warn;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Maximum queued lines. Further lines are dropped.
const MAX_QUEUED_LINES: usize = 8_192;
/// Maximum time that shutdown waits for queued lines to be written. `WorkerGuard` alone gives up after a second. If the
/// standard output is blocked, it waits forever, because it prints its errors there.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Handle to the access log. Clones write to the same log.
#[derive(Debug, Clone)]
pub struct AccessLog {
    queue: NonBlocking,
    drop_counter: ErrorCounter,
    shared: Arc<LogState>,
}

/// Guard that, when dropped, waits for the queued lines to be written.
#[derive(Debug)]
pub struct LogWriterGuard {
    guard: Option<WorkerGuard>,
    shared: Arc<LogState>,
}

/// State shared by the handles and the writing thread.
#[derive(Debug, Default)]
struct LogState {
    failed_lines: AtomicU64,
    is_reopen_requested: AtomicBool,
    is_drop_reported: AtomicBool,
    is_shut_down: AtomicBool,
}

impl AccessLog {
    /// Appends to a file, which is created if it does not exist.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn to_file(path: &Path) -> io::Result<(AccessLog, LogWriterGuard)> {
        let file = open_log_file(path)?;
        Ok(AccessLog::new(
            file,
            Some(path.to_owned()),
            MAX_QUEUED_LINES,
        ))
    }

    /// Writes to the standard output.
    pub fn to_stdout() -> (AccessLog, LogWriterGuard) {
        AccessLog::new(io::stdout(), None, MAX_QUEUED_LINES)
    }

    fn new(
        output: impl Write + Send + 'static,
        path: Option<PathBuf>,
        max_lines: usize,
    ) -> (AccessLog, LogWriterGuard) {
        let shared = Arc::<LogState>::default();
        let writer = LineWriter {
            output: Box::new(output),
            path,
            is_last_line_incomplete: false,
            is_failure_reported: false,
            shared: Arc::clone(&shared),
        };
        let (queue, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(max_lines)
            .thread_name("access-log")
            .finish(writer);
        let guard = LogWriterGuard {
            guard: Some(guard),
            shared: Arc::clone(&shared),
        };
        let log = AccessLog {
            drop_counter: queue.error_counter(),
            queue,
            shared,
        };
        (log, guard)
    }

    /// Queues a line, including its line feed. Never waits.
    pub fn enqueue_line(&self, line: Vec<u8>) {
        if self.shared.is_shut_down.load(Relaxed) {
            self.shared.failed_lines.fetch_add(1, Relaxed);
            return;
        }
        self.enqueue_bytes(&line);
        if self.drop_counter.dropped_lines() > 0
            && !self.shared.is_drop_reported.swap(true, Relaxed)
        {
            warn!("the access log is too slow; lines are dropped");
        }
    }

    /// Reopens the file before the next line, for log rotation.
    pub fn request_reopen(&self) {
        self.shared.is_reopen_requested.store(true, Relaxed);
        // Wakes the thread. If the queue is full, the thread is awake already.
        self.enqueue_bytes(&[]);
    }

    /// Returns the number of lines that were dropped or could not be written.
    pub fn lost_lines(&self) -> u64 {
        self.drop_counter.dropped_lines() as u64 + self.shared.failed_lines.load(Relaxed)
    }

    fn enqueue_bytes(&self, bytes: &[u8]) {
        // Never fails: if the queue has no room, the line is counted as dropped.
        let _ = self.queue.clone().write_all(bytes);
    }
}

impl Drop for LogWriterGuard {
    fn drop(&mut self) {
        let (finished_sender, finished_receiver) = mpsc::channel();
        let guard = self.guard.take();
        self.shared.is_shut_down.store(true, Relaxed);
        let waiter = std::thread::Builder::new().spawn(move || {
            drop(guard);
            // Fails if the receiver gave up after the timeout.
            let _ = finished_sender.send(());
        });
        if waiter.is_ok() {
            let _ = finished_receiver.recv_timeout(SHUTDOWN_TIMEOUT);
        }
    }
}

/// Writer on the thread of `tracing_appender`, which calls `write_all` for each line and ignores errors.
struct LineWriter {
    output: Box<dyn Write + Send>,
    /// Path of the file; `None` is the standard output.
    path: Option<PathBuf>,
    /// True if the last line may be incomplete. A line feed is then written before the next line.
    is_last_line_incomplete: bool,
    /// True once a failure was logged for the open file.
    is_failure_reported: bool,
    shared: Arc<LogState>,
}

impl LineWriter {
    fn reopen_file(&mut self) {
        let Some(path) = &self.path else { return };
        match open_log_file(path) {
            Ok(file) => {
                self.output = Box::new(file);
                (self.is_last_line_incomplete, self.is_failure_reported) = (false, false);
            }
            Err(error) => {
                warn!(%error, "cannot reopen the access log; still writing to the old file");
            }
        }
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_last_line_incomplete {
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
            self.reopen_file();
        }
        if line.is_empty() {
            return Ok(());
        }
        let result = self.write_line(line);
        self.is_last_line_incomplete = result.is_err();
        if let Err(error) = result {
            self.shared.failed_lines.fetch_add(1, Relaxed);
            if !self.is_failure_reported {
                self.is_failure_reported = true;
                warn!(%error, "cannot write to the access log; lines are lost");
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

fn open_log_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // Not readable by other users, as it holds IP addresses.
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

    /// Writer that reports each attempt, blocks until the test decides, and then writes (true) or fails (false).
    struct GatedWriter {
        attempt_sender: Sender<()>,
        outcome_receiver: Receiver<bool>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for GatedWriter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.attempt_sender.send(());
            if self.outcome_receiver.recv().unwrap_or(true) {
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
    fn lines_are_appended_and_all_written_at_shutdown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.log");
        std::fs::write(&path, "before\n").unwrap();
        let (log, guard) = AccessLog::to_file(&path).unwrap();
        for number in 0..1_000 {
            log.enqueue_line(format!("{number}\n").into_bytes());
        }
        drop(guard);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1_001);
        assert!(text.starts_with("before\n0\n1\n") && text.ends_with("\n999\n"));
        assert_eq!(log.lost_lines(), 0);
        log.enqueue_line(b"late\n".to_vec());
        assert_eq!(
            log.lost_lines(),
            1,
            "a line after shutdown is counted as lost"
        );
    }

    #[test]
    fn moved_file_is_created_again_on_reopen() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("a.log"), dir.path().join("a.log.1"));
        let (log, guard) = AccessLog::to_file(&path).unwrap();
        log.enqueue_line(b"first\n".to_vec());
        drop(guard);
        let (log, guard) = AccessLog::to_file(&path).unwrap();
        std::fs::rename(&path, &moved).unwrap();
        log.request_reopen();
        log.enqueue_line(b"second\n".to_vec());
        drop(guard);
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), "first\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second\n");
    }

    #[test]
    fn blocked_writer_does_not_delay_requests_and_drops_are_counted() {
        let (asked, attempts) = std::sync::mpsc::channel();
        let (outcome_sender, opens) = std::sync::mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let gate = GatedWriter {
            attempt_sender: asked,
            outcome_receiver: opens,
            written: Arc::clone(&written),
        };
        let (log, guard) = AccessLog::new(gate, None, 10);
        log.enqueue_line(b"first\n".to_vec());
        attempts.recv().unwrap();
        for _ in 0..100 {
            log.enqueue_line(b"more\n".to_vec());
        }
        assert_eq!(log.lost_lines(), 90);
        drop(outcome_sender);
        drop(guard);
        let written = written.lock().unwrap();
        assert_eq!(written.split(|byte| *byte == b'\n').count(), 12);
    }

    #[test]
    fn failed_lines_are_counted_and_followed_by_line_feed() {
        let (asked, attempts) = std::sync::mpsc::channel();
        let (outcome_sender, opens) = std::sync::mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let gate = GatedWriter {
            attempt_sender: asked,
            outcome_receiver: opens,
            written: Arc::clone(&written),
        };
        let (log, guard) = AccessLog::new(gate, None, 10);
        outcome_sender.send(false).unwrap();
        log.enqueue_line(b"first\n".to_vec());
        attempts.recv().unwrap();
        log.enqueue_line(b"second\n".to_vec());
        drop(outcome_sender);
        drop(guard);
        assert_eq!(&*written.lock().unwrap(), b"\nsecond\n");
        assert_eq!(log.lost_lines(), 1);
    }

    #[test]
    fn blocked_writer_does_not_delay_shutdown() {
        let (asked, attempts) = std::sync::mpsc::channel();
        let (outcome_sender, opens) = std::sync::mpsc::channel();
        let gate = GatedWriter {
            attempt_sender: asked,
            outcome_receiver: opens,
            written: Arc::default(),
        };
        let (log, guard) = AccessLog::new(gate, None, 10);
        log.enqueue_line(b"first\n".to_vec());
        attempts.recv().unwrap();
        for _ in 0..10 {
            log.enqueue_line(b"more\n".to_vec());
        }
        let began = Instant::now();
        drop(guard);
        assert!(began.elapsed() < 5 * SHUTDOWN_TIMEOUT);
        drop(outcome_sender);
    }

    #[test]
    fn unopenable_file_is_an_error_at_start() {
        let dir = tempfile::tempdir().unwrap();
        assert!(AccessLog::to_file(dir.path()).is_err());
        assert!(AccessLog::to_file(&dir.path().join("none/a.log")).is_err());
    }
}
