//! Computes the contrast of colours (WCAG 2.2), and chooses colours that are readable on a background.

/// Returns true for `#rrggbb`, the only form that `site.theme_color` accepts.
pub(crate) fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns near-black or white, whichever has more contrast with the colour.
pub(crate) fn text_color_on(accent: &str) -> &'static str {
    if is_light_color(accent) {
        "#111111"
    } else {
        "#ffffff"
    }
}

/// Mixes the colour with the least black or white that makes it readable on the background: a contrast
/// of at least 4.5 to 1 (WCAG 2.2, 1.4.3).
pub(crate) fn readable_color(accent: &str, background: &str) -> String {
    let background_luminance = relative_luminance(background);
    // On a background of this luminance, black and white have almost the same contrast.
    let target_channel = if background_luminance > 0.18 {
        0.0
    } else {
        255.0
    };
    let mixed = |share: f64| {
        let channel = |at| {
            (f64::from(parse_channel(accent, at)) * (1.0 - share) + target_channel * share).round()
        };
        format!(
            "#{:02x}{:02x}{:02x}",
            channel(1) as u8,
            channel(3) as u8,
            channel(5) as u8
        )
    };
    (0..=20)
        .map(|step| mixed(f64::from(step) / 20.0))
        .find(|color| contrast_ratio(relative_luminance(color), background_luminance) >= 4.5)
        .unwrap_or_else(|| mixed(1.0))
}

/// Returns true if black has more contrast with the colour than white.
pub(crate) fn is_light_color(color: &str) -> bool {
    let luminance = relative_luminance(color);
    contrast_ratio(luminance, 0.0) > contrast_ratio(luminance, 1.0)
}

/// Computes the contrast ratio of two luminances (WCAG 2.2).
pub(crate) fn contrast_ratio(a: f64, b: f64) -> f64 {
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Computes the relative luminance of a colour (WCAG 2.2).
pub(crate) fn relative_luminance(color: &str) -> f64 {
    let linear = |at: usize| {
        let value = f64::from(parse_channel(color, at)) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5)
}

/// Parses the colour channel whose two digits start at `at` in `#rrggbb`.
fn parse_channel(color: &str, at: usize) -> u8 {
    let digits = color.get(at..at + 2).unwrap_or("00");
    u8::from_str_radix(digits, 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_color_on_accent_has_more_contrast() {
        assert!(
            is_light_color("#ffffff") && is_light_color("#ffcc00") && is_light_color("#f15b3e")
        );
        assert!(
            !is_light_color("#000000") && !is_light_color("#0f766e") && !is_light_color("#1d4ed8")
        );
    }

    #[test]
    fn colors_are_mixed_until_readable() {
        for background in ["#ffffff", "#111111"] {
            for accent in [
                "#000000", "#ffffff", "#ffcc00", "#0f766e", "#1d4ed8", "#808080",
            ] {
                let mixed = readable_color(accent, background);
                let ratio =
                    contrast_ratio(relative_luminance(&mixed), relative_luminance(background));
                assert!(
                    ratio >= 4.5,
                    "{accent} on {background}: {mixed} has {ratio}"
                );
            }
        }
        assert_eq!(
            readable_color("#0f766e", "#ffffff"),
            "#0f766e",
            "a readable colour stays"
        );
    }
}
