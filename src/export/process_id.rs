//! Identifies this process to others that export to the same store.

use std::hash::{BuildHasher as _, RandomState};

use crate::hash;

/// Identity of a process: boot of the machine with namespace and user, process id, random number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessId(String);

impl ProcessId {
    /// Creates the identity of this process. Two calls give different ones.
    pub(super) fn new_random() -> ProcessId {
        let random = RandomState::new().hash_one(std::process::id());
        let (boot, id) = (hash_machine(own_user()), std::process::id());
        ProcessId(format!("{boot}/{id}/{random:016x}"))
    }

    /// Returns the identity as text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns true if `holder` was a process of this machine that has ended. False if that is unknown.
pub(super) fn has_ended(holder: &str) -> bool {
    let mut parts = holder.split('/');
    let (boot, id) = (parts.next(), parts.next());
    let Some(id) = id.and_then(|id| id.parse::<u32>().ok()) else {
        return false;
    };
    let here = hash_machine(own_user());
    let is_here = !here.is_empty() && boot == Some(here.as_str());
    let runs = id != std::process::id() && std::path::Path::new(&format!("/proc/{id}")).exists();
    is_here && !runs
}

/// Returns a hash of this boot, of the namespace in which process ids are unique, and of the user; empty if unknown. A
/// process of another user may be invisible (`ProtectProc`), so it cannot be known to have ended.
fn hash_machine(user: u32) -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let namespace = std::fs::read_link("/proc/self/ns/pid");
    match (boot, namespace) {
        // Hashed, because the manifest may be public.
        (Ok(boot), Ok(namespace)) => {
            hash::blake3_hex(format!("{boot} {} {user}", namespace.display()).as_bytes())
        }
        _ => String::new(),
    }
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ended_process_of_this_machine_has_ended() {
        let own = ProcessId::new_random();
        assert_ne!(own, ProcessId::new_random());
        let parts: Vec<_> = own.as_str().split('/').collect();
        if parts[0].is_empty() {
            return;
        }
        let of = |boot: &str, id: &str| has_ended(&format!("{boot}/{id}/0"));
        assert!(of(parts[0], "4294967290"));
        assert!(!of(parts[0], "1"));
        assert!(!of("elsewhere", "4294967290"));
        assert!(!of(&hash_machine(own_user() + 1), "4294967290"));
        assert!(!has_ended("garbage"));
    }
}
