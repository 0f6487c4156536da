//! Sets jemalloc as the global allocator and configures how it returns memory to the system.
//!
//! Drawing a card or building a snapshot uses megabytes for a few milliseconds. glibc's allocator returns
//! them to the system each time, which would cost a third of the drawing time. jemalloc keeps freed pages
//! for some seconds.

/// Global allocator. C code uses it, too: two allocators would each retain their own freed memory.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Options of jemalloc.
///
/// * `narenas:4`: the default of four arenas per core suits servers with more threads and leaves
///   half-empty pages in each.
/// * `thp:never`: huge pages double the memory of a small site.
/// * `background_thread:true`: returns freed pages within five seconds, even while the process is idle.
#[used]
#[expect(
    unsafe_code,
    reason = "jemalloc reads a symbol of this name before `main` runs"
)]
// SAFETY: the only other symbol of this name is jemalloc's own, which is weak, so this one replaces it. jemalloc
// reads the pointer at the start of the slice, which points to a NUL-terminated string.
#[cfg_attr(not(target_vendor = "apple"), unsafe(export_name = "malloc_conf"))]
#[cfg_attr(target_vendor = "apple", unsafe(export_name = "_rjem_malloc_conf"))]
static JEMALLOC_OPTIONS: &[u8] =
    b"narenas:4,thp:never,background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0\0";

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    /// Returns the resident bytes of this process.
    fn resident_bytes() -> usize {
        let status = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("Rss:"))
            .unwrap();
        let kibibytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes * 1024
    }

    #[test]
    fn freed_memory_returns_to_the_system_when_idle() {
        const SIZE: usize = 256 << 20;
        let blocks: Vec<Vec<u8>> = (0..SIZE >> 16).map(|_| vec![1; 1 << 16]).collect();
        let before = resident_bytes();
        drop(blocks);
        let end = Instant::now() + Duration::from_secs(60);
        while resident_bytes() + SIZE / 2 > before {
            assert!(Instant::now() < end, "{before} {}", resident_bytes());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
