//! Writes dates as RFC 3339 does.

use chrono::{DateTime, SecondsFormat, Utc};

/// Formats a date as RFC 3339, which is also the W3C's profile of ISO 8601.
pub(crate) fn format_rfc3339(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
