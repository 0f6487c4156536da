//! Text that anybody wrote into text that a terminal can be given.
//!
//! An escape sequence in a title could clear the screen, retitle the window or type for the user,
//! and the marks that turn the direction of writing make a line read as another one. Each such
//! character becomes one that shows, so that columns stay what they are.

/// A text on one line. Tabs stay.
pub fn line(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// A text whose lines are our own.
pub(super) fn lines(text: &str) -> String {
    text.split_inclusive('\n')
        .flat_map(|whole| {
            let (text, end) = match whole.strip_suffix('\n') {
                Some(text) => (text, "\n"),
                None => (whole, ""),
            };
            [line(text), end.to_owned()]
        })
        .collect()
}

fn shown(character: char) -> char {
    match character {
        '\t' => '\t',
        // The pictures of U+0000 to U+001F stand in their order at U+2400.
        '\0'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_obeyed() {
        assert_eq!(
            line("a\u{1b}[2Jb\u{9b}31m\u{7f}\r\n\tc"),
            "a␛[2Jb\u{fffd}31m␡␍␊\tc"
        );
        assert_eq!(
            line("user\u{202e}nimda\u{2069}"),
            "user\u{fffd}nimda\u{fffd}"
        );
        assert_eq!(line("日本語 👨‍👩‍👧 שלום é"), "日本語 👨‍👩‍👧 שלום é");
        for byte in 0..=0x9f_u8 {
            let text = line(&char::from(byte).to_string());
            assert!(
                !text.contains(|c: char| c.is_control() && c != '\t'),
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(lines("a\u{1b}\n\nb\n"), "a␛\n\nb\n");
        assert_eq!(lines("a"), "a");
    }
}
