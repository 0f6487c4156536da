//! Makes untrusted text safe to print on a terminal.
//!
//! An escape sequence in a title could clear the screen, rename the window or type for the user, and
//! bidirectional controls can make a line read as a different one. Each such character is replaced by
//! one visible character, so that columns do not shift.

/// Makes one line safe. Line breaks are replaced, tabs are kept.
pub fn printable_line(text: &str) -> String {
    text.chars().map(printable_char).collect()
}

/// Makes a text of several lines safe. Line breaks are kept.
pub(super) fn printable_text(text: &str) -> String {
    text.split_inclusive('\n')
        .flat_map(|whole| {
            let (text, end) = match whole.strip_suffix('\n') {
                Some(text) => (text, "\n"),
                None => (whole, ""),
            };
            [printable_line(text), end.to_owned()]
        })
        .collect()
}

fn printable_char(character: char) -> char {
    match character {
        '\t' => '\t',
        // Control pictures of U+0000 to U+001F begin at U+2400, in the same order.
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
    fn terminal_controls_are_replaced() {
        assert_eq!(
            printable_line("a\u{1b}[2Jb\u{9b}31m\u{7f}\r\n\tc"),
            "a␛[2Jb\u{fffd}31m␡␍␊\tc"
        );
        assert_eq!(
            printable_line("user\u{202e}nimda\u{2069}"),
            "user\u{fffd}nimda\u{fffd}"
        );
        assert_eq!(printable_line("日本語 👨‍👩‍👧 שלום é"), "日本語 👨‍👩‍👧 שלום é");
        for byte in 0..=0x9f_u8 {
            let text = printable_line(&char::from(byte).to_string());
            assert!(
                !text.contains(|c: char| c.is_control() && c != '\t'),
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn line_breaks_of_a_text_are_kept() {
        assert_eq!(printable_text("a\u{1b}\n\nb\n"), "a␛\n\nb\n");
        assert_eq!(printable_text("a"), "a");
    }
}
