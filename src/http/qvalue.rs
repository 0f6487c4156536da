//! Parses the quality values of `Accept` headers, such as `0.8`.

/// Parses a quality value in thousandths: 0 to 1 with at most three decimals (RFC 9110 §12.4.2).
pub(super) fn parse_qvalue(qvalue: &str) -> Option<u16> {
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
    fn only_valid_qvalues_are_parsed() {
        for (text, expected) in [
            ("0", 0),
            ("0.", 0),
            ("0.001", 1),
            ("0.5", 500),
            ("1", 1000),
            ("1.000", 1000),
        ] {
            assert_eq!(parse_qvalue(text), Some(expected), "{text}");
        }
        for text in [
            "", "00", "1.001", "2", "-1", "+1", ".5", "0.1234", "0.x", "0,5",
        ] {
            assert_eq!(parse_qvalue(text), None, "{text}");
        }
    }
}
