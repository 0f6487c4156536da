//! The site's colour into the style sheet of the HTML pages.
//!
//! The colour is anybody's, so text never has it: it fills what has text on it in black or white,
//! whichever reads better, and underlines links.

/// The sheet; `accent` is `#rrggbb`.
pub(super) fn sheet(accent: &str) -> String {
    let on_accent = on_accent(accent);
    format!(":root{{--accent:{accent};--on-accent:{on_accent};{SHEET}")
}

/// Black or white, whichever reads better on the colour.
pub(super) fn on_accent(accent: &str) -> &'static str {
    if is_light(accent) {
        "#111111"
    } else {
        "#ffffff"
    }
}

/// The colour, or the nearest mix of it with black or white that can be read on the ground: at a
/// contrast of 4.5 to 1 (WCAG 2.2, 1.4.3).
pub(super) fn readable(accent: &str, ground: &str) -> String {
    let ground_luminance = luminance(ground);
    let towards = if ground_luminance > 0.18 { 0.0 } else { 255.0 };
    let mixed = |share: f64| {
        let channel =
            |at| (f64::from(channel(accent, at)) * (1.0 - share) + towards * share).round();
        format!(
            "#{:02x}{:02x}{:02x}",
            channel(1) as u8,
            channel(3) as u8,
            channel(5) as u8
        )
    };
    (0..=20)
        .map(|step| mixed(f64::from(step) / 20.0))
        .find(|colour| contrast(luminance(colour), ground_luminance) >= 4.5)
        .unwrap_or_else(|| mixed(1.0))
}

/// Whether black reads better on the colour than white.
fn is_light(accent: &str) -> bool {
    let luminance = luminance(accent);
    contrast(luminance, 0.0) > contrast(luminance, 1.0)
}

/// WCAG 2.2 contrast ratio of two luminances.
fn contrast(a: f64, b: f64) -> f64 {
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2.2 relative luminance.
fn luminance(colour: &str) -> f64 {
    let linear = |at: usize| {
        let value = f64::from(channel(colour, at)) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5)
}

/// The channel whose digits begin there in `#rrggbb`.
fn channel(colour: &str, at: usize) -> u8 {
    let digits = colour.get(at..at + 2).unwrap_or("00");
    u8::from_str_radix(digits, 16).unwrap_or(0)
}

const SHEET: &str = "color-scheme:light dark;\
--paper:#fbfaf8;--card:#fff;--ink:#1c1b1a;--soft:#5d5a55;--line:#e4e0da}\
@media(prefers-color-scheme:dark){:root{--paper:#161514;--card:#1f1e1c;--ink:#eeebe6;--soft:#aaa49b;--line:#363330}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--paper);color:var(--ink);border-top:6px solid var(--accent);\
font:17px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;overflow-wrap:break-word}\
header,main,footer{max-width:44rem;margin:0 auto;padding:0 1.25rem}\
header{padding-top:3rem}\
a{color:inherit;text-decoration-color:var(--accent);text-decoration-thickness:2px;text-underline-offset:3px}\
a:hover{text-decoration-thickness:3px}\
a:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:3px}\
h1{font-size:clamp(2rem,6vw,2.9rem);line-height:1.1;letter-spacing:-.02em;margin:.2rem 0 .6rem;text-wrap:balance}\
h2{font-size:1.05rem;letter-spacing:.01em;margin:0 0 1rem;color:var(--soft);font-weight:600}\
h3{font-size:1.25rem;line-height:1.3;margin:.1rem 0 .35rem;text-wrap:balance}\
h3 a{text-decoration-line:none}h3 a:hover{text-decoration-line:underline}\
.site{margin:0;font-weight:600}.lead{font-size:1.1rem;color:var(--soft);margin:0 0 1.5rem;max-width:38rem}main>.lead{margin-top:1.2rem}\
.formats{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.6rem}\
.formats a{display:inline-block;padding:.6rem 1.2rem;border-radius:999px;background:var(--accent);color:var(--on-accent);\
font-weight:600;text-decoration:none}\
.formats a:hover{filter:brightness(1.08)}\
.hint{color:var(--soft);font-size:.92rem;margin:1rem 0 0}\
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--card);border:1px solid var(--line);\
border-radius:6px;padding:.15rem .45rem;user-select:all;overflow-wrap:anywhere}\
section{margin:3rem 0 0}\
.posts{list-style:none;margin:0;padding:0}\
.posts li{padding:1.3rem 0;border-top:1px solid var(--line)}\
.meta{display:flex;flex-wrap:wrap;gap:.35rem .6rem;align-items:center;margin:0 0 .3rem;font-size:.85rem;color:var(--soft);\
font-variant-numeric:tabular-nums}\
.tag{border:1px solid var(--line);border-radius:999px;padding:.02rem .6rem;background:var(--card)}\
.summary{margin:0;color:var(--soft)}.by{margin:.45rem 0 0;font-size:.9rem}\
.none{color:var(--soft)}\
.feeds{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:0 2rem}\
.feeds li{display:flex;justify-content:space-between;gap:1rem;padding:.55rem 0;border-top:1px solid var(--line)}\
.links{display:flex;gap:.8rem;font-size:.9rem;white-space:nowrap}\
footer{margin-top:3.5rem;padding-bottom:3rem;color:var(--soft);font-size:.9rem}\
footer p{border-top:1px solid var(--line);padding-top:1.2rem}\
.cover{display:block;max-width:100%;height:auto;max-height:24rem;border-radius:12px;margin:1.5rem 0}\
.on{display:inline-block;margin:1rem 0 0;padding:.7rem 1.4rem;border-radius:999px;background:var(--accent);\
color:var(--on-accent);font-weight:600;text-decoration:none}\
@media(max-width:30rem){header{padding-top:2rem}.feeds{grid-template-columns:1fr}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_the_accent_is_the_one_that_reads_better() {
        assert!(is_light("#ffffff") && is_light("#ffcc00") && is_light("#f15b3e"));
        assert!(!is_light("#000000") && !is_light("#0f766e") && !is_light("#1d4ed8"));
    }

    #[test]
    fn a_colour_is_mixed_until_it_can_be_read() {
        for ground in ["#ffffff", "#111111"] {
            for accent in [
                "#000000", "#ffffff", "#ffcc00", "#0f766e", "#1d4ed8", "#808080",
            ] {
                let mixed = readable(accent, ground);
                let ratio = contrast(luminance(&mixed), luminance(ground));
                assert!(ratio >= 4.5, "{accent} on {ground}: {mixed} has {ratio}");
            }
        }
        assert_eq!(
            readable("#0f766e", "#ffffff"),
            "#0f766e",
            "what can be read stays"
        );
    }
}
