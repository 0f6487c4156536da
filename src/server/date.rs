//! An instant into the `Date` of an answer, RFC 9110 §6.6.1, written once a second.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::header::HeaderValue;

/// Dates have four digits for the year.
const YEAR_10000: u64 = 253_402_300_800;

/// The second that a date says, since the epoch; `None` for an instant that no date can be written of.
pub(super) fn second(now: SystemTime) -> Option<u64> {
    let second = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    (second < YEAR_10000).then_some(second)
}

/// The value of `Date`; `None` for an instant that no date can be written of.
pub(super) fn field(now: SystemTime) -> Option<HeaderValue> {
    thread_local! {
        static LAST: RefCell<Option<(u64, HeaderValue)>> = const { RefCell::new(None) };
    }
    let second = second(now)?;
    LAST.with_borrow_mut(|last| match last {
        Some((of, value)) if *of == second => Some(value.clone()),
        _ => {
            let value = HeaderValue::from_str(&httpdate::fmt_http_date(now)).ok()?;
            *last = Some((second, value.clone()));
            Some(value)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_second_has_its_own() {
        let at = |millis| field(UNIX_EPOCH + Duration::from_millis(millis)).unwrap();
        assert_eq!(at(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(784_111_778_000), "Sun, 06 Nov 1994 08:49:38 GMT");
        assert_eq!(at(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn before_the_epoch_and_after_four_digits_there_is_none() {
        assert_eq!(field(UNIX_EPOCH - Duration::from_secs(1)), None);
        assert_eq!(field(UNIX_EPOCH + Duration::from_secs(YEAR_10000)), None);
    }
}
