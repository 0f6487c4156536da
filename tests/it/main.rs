//! What courant promises its users, one module for each promise.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test ends where it fails, and nothing outside could reach into it"
)]

mod server_room;
