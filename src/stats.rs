//! Counts requests, connections and subscribers, without keeping addresses.

mod agent_cache;
mod agent_counts;
pub(crate) mod feed_request;
mod sharded;
pub(crate) mod subscribers;
pub(crate) mod traffic;
mod unique_sketch;
mod user_agent;

pub use agent_counts::AgentStats;
pub use subscribers::{AudienceStats, FeedStats};
pub use traffic::{
    ClassFigures, ConnectionFigures, DurationHistogram, ResourceClass, TrafficFigures, TrafficStats,
};
