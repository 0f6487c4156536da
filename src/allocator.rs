//! Sets jemalloc as the allocator, and how it gives memory back to the system.
//!
//! A card takes buffers of megabytes for a few milliseconds, and so does a generation. glibc's allocator gives such back
//! each time, and a third of a drawing's time would be the kernel's. jemalloc keeps freed pages for some seconds.

/// For what is written in C, too: two allocators would each keep what they have had.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// jemalloc's options. By default it has four arenas for each core, each with half-empty pages of its own, for servers of
/// more threads than there are here; and huge pages, which double what a small site holds. A thread of its own gives freed
/// pages back within five seconds, also while nothing else is done.
#[used]
#[expect(
    unsafe_code,
    reason = "the allocator looks for a symbol of this name before anything of ours runs"
)]
// SAFETY: nothing else has this name but the allocator's own, which is weak so that this one replaces it. What it
// reads is the pointer that a slice begins with, to a text that ends with NUL.
#[cfg_attr(not(target_vendor = "apple"), unsafe(export_name = "malloc_conf"))]
#[cfg_attr(target_vendor = "apple", unsafe(export_name = "_rjem_malloc_conf"))]
static OPTIONS: &[u8] =
    b"narenas:4,thp:never,background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0\0";

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    /// Resident bytes of this process.
    fn resident() -> usize {
        let status = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("Rss:"))
            .unwrap();
        let kibibytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes * 1024
    }

    #[test]
    fn freed_memory_goes_back_to_the_system_by_itself() {
        const SIZE: usize = 256 << 20;
        let blocks: Vec<Vec<u8>> = (0..SIZE >> 16).map(|_| vec![1; 1 << 16]).collect();
        let before = resident();
        drop(blocks);
        let end = Instant::now() + Duration::from_secs(60);
        while resident() + SIZE / 2 > before {
            assert!(Instant::now() < end, "{before} {}", resident());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
