//! Text made safe to stand in HTML.

/// Plain text as HTML text: what would begin a tag or a reference is escaped.
pub(super) fn escape(text: &str) -> String {
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

/// JSON for a `script` element: nothing in it can end the element or begin a comment.
pub(super) fn json_for_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_json_ends_its_script() {
        let json = json_for_script("\"</script><!-- & -->\"");
        assert_eq!(
            json,
            "\"\\u003c/script\\u003e\\u003c!-- \\u0026 --\\u003e\""
        );
    }
}
