//! Describes one request for a feed, as it is counted.

use std::net::IpAddr;

/// One request for a feed, with its result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeedRequest<'a> {
    pub(crate) client: Option<IpAddr>,
    /// The `User-Agent`, as received.
    pub(crate) agent: &'a [u8],
    pub(crate) is_conditional: bool,
    pub(crate) rate: PollRate,
    pub(crate) is_not_modified: bool,
}

/// Rate of a client's unconditional requests, at one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PollRate {
    /// Not too frequent, or not limited.
    Normal,
    /// Too soon after the last request, without a condition.
    TooFrequent,
    /// Rejected with 429.
    RateLimited,
}
