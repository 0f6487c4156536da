//! Memory that nothing needs any more into memory that the system has back.
//!
//! A card takes buffers of megabytes for a few milliseconds, and so does a generation. The system's
//! allocator gives such back each time, and a third of a drawing's time would be the kernel's. The one here
//! keeps it, for each thread, until that thread asks again; a service that is quiet does not ask.

use std::ffi::CStr;
use std::ptr::null_mut;

/// For what is written in C, too: two allocators would each keep what they have had.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the allocator is to do otherwise than it would. It takes four arenas for each core, each with half-empty
/// pages of its own, for servers of more threads than there are here. Huge pages double what a small
/// site holds.
#[used]
#[expect(
    unsafe_code,
    reason = "the allocator looks for a symbol of this name before anything of ours runs"
)]
// SAFETY: nothing else has this name but the allocator's own, which is weak so that this one replaces it. What it
// reads is the pointer that a slice begins with, to a text that ends with NUL.
#[cfg_attr(not(target_vendor = "apple"), unsafe(export_name = "malloc_conf"))]
#[cfg_attr(target_vendor = "apple", unsafe(export_name = "_rjem_malloc_conf"))]
static CONFIGURATION: &[u8] = b"narenas:4,thp:never\0";

/// Gives back what the calling thread and the threads that read have kept, and whatever has been
/// freed anywhere. It takes a millisecond or so: to be called when there is nothing else to do.
pub fn give_back() {
    rayon::broadcast(|_| command(FLUSH));
    give_back_own();
}

/// Gives back what the calling thread has kept, and what other threads have let go of. It takes up to a millisecond.
pub fn give_back_own() {
    command(FLUSH);
    command(PURGE);
}

/// What the thread keeps goes to the arenas.
const FLUSH: &CStr = c"thread.tcache.flush";
/// What the arenas have and is not in use goes to the system. The number stands for all of them.
const PURGE: &CStr = c"arena.4096.purge";

/// Gives a command without argument or answer. One that is refused, with a number other than 0, leaves everything
/// as it was.
#[expect(
    unsafe_code,
    reason = "the allocator has no other interface; tests hold that this is the only place"
)]
fn command(name: &CStr) -> i32 {
    // SAFETY: it reads the name, which ends with NUL, and nothing else is there to be read or written. Neither
    // command moves anything that is in use, and both may be given at any time and from any thread.
    unsafe { tikv_jemalloc_sys::mallctl(name.as_ptr(), null_mut(), null_mut(), null_mut(), 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that the allocator tells of itself.
    #[expect(unsafe_code, reason = "the allocator has no other interface")]
    fn told(name: &CStr) -> u32 {
        let (mut number, mut size) = (0_u32, size_of::<u32>());
        let (to, length) = ((&raw mut number).cast(), &raw mut size);
        // SAFETY: it writes as many bytes as the number has, and how many those were.
        let refused =
            unsafe { tikv_jemalloc_sys::mallctl(name.as_ptr(), to, length, null_mut(), 0) };
        assert_eq!((refused, size), (0, size_of::<u32>()));
        number
    }

    #[test]
    fn the_configuration_is_found() {
        assert_eq!(told(c"opt.narenas"), 4);
    }

    /// Of a misspelt command nothing would be seen.
    #[test]
    fn the_commands_are_known() {
        for name in [FLUSH, PURGE] {
            assert_eq!(command(name), 0, "{name:?}");
        }
    }

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
