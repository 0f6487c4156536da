//! Escapes text for HTML.

/// Escapes the characters that begin or end a tag or a character reference.
pub(super) fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Escapes JSON for a `script` element, so that it cannot end the element or begin a comment.
pub(super) fn escape_json_for_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_end_its_script_element() {
        let json = escape_json_for_script("\"</script><!-- & -->\"");
        assert_eq!(
            json,
            "\"\\u003c/script\\u003e\\u003c!-- \\u0026 --\\u003e\""
        );
    }
}
