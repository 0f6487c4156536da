//! Memory that nothing needs any more into memory that the system has back.
//!
//! A card takes buffers of megabytes for a few milliseconds, and so does a generation. The system's
//! allocator gives such back each time, and a third of a drawing's time would be the kernel's. The one here
//! keeps it, for each thread, until that thread asks again; a service that is quiet does not ask.

/// For what is written in C, too: two allocators would each keep what they have had.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Gives back what the calling thread and the threads that read have kept, and whatever has been
/// freed anywhere. It takes a millisecond or so: to be called when there is nothing else to do.
pub fn give_back() {
    rayon::broadcast(|_| collect());
    collect();
}

/// Gives back what the calling thread has kept. It takes up to a millisecond.
pub fn give_back_own() {
    collect();
}

#[expect(
    unsafe_code,
    reason = "the allocator has no other interface; tests hold that this is the only place"
)]
fn collect() {
    // SAFETY: it may be called at any time and from any thread, and moves nothing that is in use.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Resident bytes of this process.
    #[cfg(target_os = "linux")]
    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("Rss:"))
            .unwrap();
        let kibibytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes * 1024
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_freed_is_given_back() {
        const SIZE: usize = 256 << 20;
        let blocks: Vec<Vec<u8>> = (0..SIZE >> 16).map(|_| vec![1; 1 << 16]).collect();
        let before = resident();
        drop(blocks);
        give_back();
        let after = resident();
        assert!(after + SIZE / 2 < before, "{before} {after}");
    }
}
