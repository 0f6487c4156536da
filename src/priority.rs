//! Threads into an order: who answers goes before who reads, and who reads before who draws.

use std::cell::Cell;
use std::time::{Duration, Instant};

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
    /// Lets threads of a higher priority go before the calling one, for good.
    pub fn take(self) {
        STANDS_BACK.set(true);
        // On Linux the calling thread alone; elsewhere it would be the process.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, self as i32) {
            tracing::debug!(%error, "a thread has the priority of others: {self:?}");
        }
    }
}

thread_local! {
    /// Whether the thread has taken a priority.
    static STANDS_BACK: Cell<bool> = const { Cell::new(false) };
}

/// Does much work on a thread of its own that stands back, and on those that read; the caller waits for it. What is
/// little is done by the caller, which then waits for no other thread.
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

/// How long a thread works before it lets others go: a fraction of what an answer takes with its way through
/// the system, and many times what it costs to ask the system.
const TURN: Duration = Duration::from_micros(250);

/// Of the time of a thread that stands back, one part in so many goes to letting others go, at most: a program that
/// never rests takes milliseconds each time, and an answer a fraction of one.
const MAX_YIELD_SHARE: u32 = 8;

/// Lets threads go that want the calling one's core, where it has had it for a while: a kernel lets even a
/// thread that stands back run for milliseconds before another one that wakes, and an answer takes a
/// fraction of one. To be called between one thing and the next, however small they are. A thread that does not
/// stand back goes on.
pub fn give_way() {
    if !STANDS_BACK.get() {
        return;
    }
    thread_local! {
        static NEXT: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    let now = Instant::now();
    if NEXT.get().is_none_or(|next| next <= now) {
        std::thread::yield_now();
        let back = Instant::now();
        NEXT.set(Some(back + turn_after(back.duration_since(now))));
    }
}

/// How long a thread works before it lets others go again, when they took so long.
fn turn_after(yielded: Duration) -> Duration {
    TURN.max(yielded * MAX_YIELD_SHARE)
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
    fn yields_take_a_bounded_share_of_the_time() {
        assert_eq!(turn_after(Duration::ZERO), TURN);
        let long = Duration::from_millis(12);
        assert!(turn_after(long) >= long * 7);
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
            assert_eq!(niceness, of_this() + 5);
            assert!(!STANDS_BACK.get());
        })
        .join()
        .unwrap();
    }
}
