//! Lowers the priority of worker threads, so that threads that answer go before those that read, and these before those
//! that draw.

/// How far a thread stands back, as a niceness (`setpriority(2)`). At 5 it has a third of the time of one
/// that does not, when both want it, and at 19 less than a fiftieth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Reads, judges and renders many posts at once.
    Reading = 5,
    /// Makes smaller what is served already.
    Compressing = 15,
    /// Draws pictures, which are asked for by programs that wait for seconds.
    Drawing = 19,
}

impl Priority {
    /// Lowers the calling thread to this priority, for good.
    pub fn take(self) {
        // On Linux the calling thread alone; elsewhere it would be the process.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, self as i32) {
            tracing::debug!(%error, "a thread has the priority of others: {self:?}");
        }
    }
}

/// Does work that nobody waits for on a thread of its own of a lower priority, and on those that read; the caller waits
/// for it.
pub fn in_bulk<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            Priority::Reading.take();
            work()
        });
        match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Lets the calling thread do alone, for good, what it would share with the threads that read: a busy machine may run
/// those late, as they stand back. [`in_bulk`] still shares.
///
/// # Errors
/// The thread shares its work already.
pub fn work_alone() -> Result<(), rayon::ThreadPoolBuildError> {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1);
    alone.use_current_thread().build().map(drop)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stands_back_alone() {
        let of_this = || rustix::process::getpriority_process(None).unwrap();
        let before = of_this();
        let other = std::thread::spawn(move || {
            Priority::Reading.take();
            of_this()
        });
        assert_eq!(other.join().unwrap(), 5);
        assert_eq!(of_this(), before);
    }

    #[test]
    fn bulk_work_stands_back_and_its_caller_does_not() {
        let of_this = || rustix::process::getpriority_process(None).unwrap();
        std::thread::spawn(move || {
            work_alone().unwrap();
            let here = std::thread::current().id();
            let (one, other) = rayon::join(std::thread::current, std::thread::current);
            assert_eq!((one.id(), other.id()), (here, here), "it works alone");
            let (niceness, in_pool) = in_bulk(|| {
                let there = std::thread::current().id();
                let ids = rayon::broadcast(|_| std::thread::current().id());
                (of_this(), ids.iter().all(|id| *id != there && *id != here))
            });
            assert!(in_pool, "bulk work is shared");
            assert_eq!(niceness, 5);
        })
        .join()
        .unwrap();
    }
}
