//! Publishes the content as snapshots, and caches their encodings and rendered bodies.

pub mod pipeline;
pub mod render_cache;
pub mod snapshot;
