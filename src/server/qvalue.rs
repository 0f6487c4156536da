//! A weight as clients write it, `0.8`, into thousandths.

/// RFC 9110 §12.4.2: `0` or `1` with at most three decimals, and not above 1.
pub(super) fn thousandths(qvalue: &str) -> Option<u16> {
    let (whole, decimals) = qvalue.split_once('.').unwrap_or((qvalue, ""));
    if decimals.len() > 3 {
        return None;
    }
    let mut fraction = 0;
    for place in 0..3 {
        let digit = decimals.as_bytes().get(place).unwrap_or(&b'0');
        fraction = fraction * 10 + u16::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written_and_not_otherwise() {
        for (text, expected) in [
            ("0", 0),
            ("0.", 0),
            ("0.001", 1),
            ("0.5", 500),
            ("1", 1000),
            ("1.000", 1000),
        ] {
            assert_eq!(thousandths(text), Some(expected), "{text}");
        }
        for text in [
            "", "00", "1.001", "2", "-1", "+1", ".5", "0.1234", "0.x", "0,5",
        ] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }
}
