//! What caches are told of outputs, by kind: how long one is good for without asking, how long while one asks,
//! and how long where nobody answers (RFC 9111 §5.2.2, RFC 5861).

use std::time::Duration;

/// Outputs of which caches are told the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheClass {
    /// Feeds, and what tells of them.
    Feeds,
    /// What crawlers read.
    Maps,
    /// What link previews are drawn from.
    Cards,
    /// Pages at the addresses of feeds.
    ForPeople,
}

impl CacheClass {
    /// How long a feed may be good for, each step by the rhythm of its site.
    pub const STEPS: [Duration; 3] = [
        CacheClass::SHORTEST,
        Duration::from_secs(600),
        Duration::from_secs(900),
    ];
    /// How long a feed is good for at least. Pollers ask every five minutes at most.
    pub const SHORTEST: Duration = Duration::from_secs(300);

    /// The `Cache-Control`. `max_age` is how long a feed is good for. Caches that many share ask more often: what
    /// is taken back is not to be read from there for long.
    pub fn policy(self, max_age: Duration) -> String {
        match self {
            CacheClass::Feeds => format!(
                "public, max-age={}, s-maxage=300, stale-while-revalidate=3600, stale-if-error=86400",
                max_age.as_secs()
            ),
            CacheClass::Maps => {
                "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=86400"
                    .to_owned()
            }
            // A corrected title must reach the next preview soon; previews come in herds.
            CacheClass::Cards => {
                "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400".to_owned()
            }
            // Caches exist that do not heed `Vary`: a reader that got this in place of the feed would be
            // lost, so none but the browser's own keeps it.
            CacheClass::ForPeople => "private, max-age=300".to_owned(),
        }
    }
}
