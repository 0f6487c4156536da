//! What this machine has into what the linker is asked for. A linker that does not know an option that begins
//! with `-z` goes on without it.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // What is hardly ever run is not to lie between what is: the system maps sixteen pages at once.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,keep-text-section-prefix");
        if reads_packed_relocations() {
            // Tens of thousands of addresses, in a hundredth of the pages.
            println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
}

/// Whether the system that the binary is for is known to read relocations that are packed: glibc does since 2.36.
/// That of the machine which builds is the only one that can be asked.
fn reads_packed_relocations() -> bool {
    let is_glibc = env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu");
    let is_for_here = env::var("HOST").ok() == env::var("TARGET").ok();
    is_glibc && is_for_here && glibc().is_some_and(|version| version >= (2, 36))
}

/// As in `glibc 2.36`.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
