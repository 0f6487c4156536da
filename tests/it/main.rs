//! What courant promises its users, one module for each promise.
