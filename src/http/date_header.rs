//! Formats the `Date` header (RFC 9110 §6.6.1), and caches it per thread for the current second.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::header::HeaderValue;

/// Start of the year 10000 in Unix seconds. The year of an HTTP date has only four digits.
const YEAR_10000_UNIX_SECONDS: u64 = 253_402_300_800;

/// Converts an instant to Unix seconds; `None` if no HTTP date can represent it.
pub(super) fn to_unix_seconds(now: SystemTime) -> Option<u64> {
    let second = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    (second < YEAR_10000_UNIX_SECONDS).then_some(second)
}

/// Returns the value of `Date`; `None` if no HTTP date can represent the instant.
pub(super) fn date_header(now: SystemTime) -> Option<HeaderValue> {
    thread_local! {
        static CACHED_DATE: RefCell<Option<(u64, HeaderValue)>> = const { RefCell::new(None) };
    }
    let second = to_unix_seconds(now)?;
    CACHED_DATE.with_borrow_mut(|cached| match cached {
        Some((cached_second, value)) if *cached_second == second => Some(value.clone()),
        _ => {
            let value = HeaderValue::from_str(&httpdate::fmt_http_date(now)).ok()?;
            *cached = Some((second, value.clone()));
            Some(value)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_second_has_its_own_date() {
        let at = |millis| date_header(UNIX_EPOCH + Duration::from_millis(millis)).unwrap();
        assert_eq!(at(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(784_111_778_000), "Sun, 06 Nov 1994 08:49:38 GMT");
        assert_eq!(at(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn dates_outside_1970_to_9999_are_none() {
        assert_eq!(date_header(UNIX_EPOCH - Duration::from_secs(1)), None);
        assert_eq!(
            date_header(UNIX_EPOCH + Duration::from_secs(YEAR_10000_UNIX_SECONDS)),
            None
        );
    }
}
