//! Lowers the priority of worker threads.
//!
//! Threads that answer requests run before those that read posts, and these before those that draw.

/// Thread priority as a nice value (`setpriority(2)`).
///
/// When both are busy, a thread at 5 gets a third of the CPU time of one at 0, and a thread at 19 less
/// than a fiftieth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadPriority {
    /// Reading, evaluating and rendering many posts.
    Reading = 5,
    /// Compressing outputs that are already served.
    Compressing = 15,
    /// Drawing card images, which are fetched by bots that wait for seconds.
    Drawing = 19,
}

impl ThreadPriority {
    /// Lowers the calling thread to this priority, permanently.
    pub fn apply_to_current_thread(self) {
        // On Linux this affects the calling thread only; elsewhere it would affect the process.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, self as i32) {
            tracing::debug!(%error, "cannot lower thread priority: {self:?}");
        }
    }
}

/// Runs `work` at low priority, on its own thread and the `rayon` pool, and waits for it.
pub fn run_at_low_priority<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            ThreadPriority::Reading.apply_to_current_thread();
            work()
        });
        match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Makes the calling thread run parallel work alone, permanently, instead of sharing it with the
/// low-priority `rayon` pool, which a busy machine may run late. [`run_at_low_priority`] still uses the
/// pool.
///
/// # Errors
/// The thread already belongs to a pool.
pub fn disable_work_sharing() -> Result<(), rayon::ThreadPoolBuildError> {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1);
    alone.use_current_thread().build().map(drop)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn priority_applies_to_one_thread_only() {
        let of_this = || rustix::process::getpriority_process(None).unwrap();
        let before = of_this();
        let other = std::thread::spawn(move || {
            ThreadPriority::Reading.apply_to_current_thread();
            of_this()
        });
        assert_eq!(other.join().unwrap(), 5);
        assert_eq!(of_this(), before);
    }

    #[test]
    fn low_priority_work_leaves_its_caller_at_normal_priority() {
        let of_this = || rustix::process::getpriority_process(None).unwrap();
        std::thread::spawn(move || {
            disable_work_sharing().unwrap();
            let here = std::thread::current().id();
            let (one, other) = rayon::join(std::thread::current, std::thread::current);
            assert_eq!(
                (one.id(), other.id()),
                (here, here),
                "both run on the calling thread"
            );
            let (niceness, in_pool) = run_at_low_priority(|| {
                let there = std::thread::current().id();
                let ids = rayon::broadcast(|_| std::thread::current().id());
                (of_this(), ids.iter().all(|id| *id != there && *id != here))
            });
            assert!(in_pool, "low-priority work runs on the pool");
            assert_eq!(niceness, 5);
        })
        .join()
        .unwrap();
    }
}
