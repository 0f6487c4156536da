//! Masks the values of password-like fields in lines of files that are shown.

/// Parts of names of fields whose values no output may quote.
const SECRET_NAMES: [&str; 11] = [
    "encrypt",
    "lock",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "passwort",
    "protect",
    "pwd",
    "secret",
    "token",
];
/// Values that say only that a post is locked, or that it is not.
const PUBLIC_VALUES: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];

/// Value of a field that goes on in the next lines.
enum OpenValue {
    /// Lines that are indented deeper than the field, in bytes, and list items below it.
    Indented(usize),
    /// All lines up to one with this text.
    Quoted(&'static str),
}

/// Replaces the values of password-like fields by `…`, also where they go on in the next lines. A word for true or
/// false stays.
pub(crate) fn mask_secret_lines(
    lines: impl Iterator<Item = String>,
) -> impl Iterator<Item = String> {
    let mut open: Option<OpenValue> = None;
    lines.map(move |mut line| {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        let is_value = match &open {
            None => false,
            Some(OpenValue::Indented(outer)) => {
                let is_item = trimmed.starts_with("- ") && indent == *outer;
                trimmed.is_empty() || indent > *outer || is_item
            }
            Some(OpenValue::Quoted(end)) => {
                let is_end = trimmed.contains(end);
                let is_fence = matches!(trimmed, "---" | "+++" | "...");
                if is_end || is_fence {
                    open = None;
                }
                !is_fence
            }
        };
        if is_value {
            let mask = if trimmed.is_empty() { "" } else { "…" };
            line.truncate(indent);
            line.push_str(mask);
            return line;
        }
        open = None;
        let Some(start) = find_secret_value(&line) else {
            return line;
        };
        let value = line.get(start..).unwrap_or_default().trim();
        let bare = value.trim_matches(|c: char| "\"',}".contains(c));
        if PUBLIC_VALUES
            .iter()
            .any(|word| bare.eq_ignore_ascii_case(word))
        {
            return line;
        }
        open = Some(find_open_quote(value).map_or(OpenValue::Indented(indent), OpenValue::Quoted));
        if !value.is_empty() {
            line.truncate(start);
            line.push('…');
        }
        line
    })
}

/// Returns the offset of the first value after a password-like name and `:` or `=`.
fn find_secret_value(line: &str) -> Option<usize> {
    // In ASCII, so that offsets stay.
    let lower = line.to_ascii_lowercase();
    let is_name_end = |c: char| c.is_alphanumeric() || "_-\"']".contains(c) || c.is_whitespace();
    let values = SECRET_NAMES.iter().flat_map(|name| {
        lower.match_indices(name).filter_map(|(at, name)| {
            let before = lower.get(..at).and_then(|text| text.chars().last());
            // A `block` or `clock` is no lock.
            if *name == *"lock" && before.is_some_and(char::is_alphanumeric) {
                return None;
            }
            let after = lower.get(at + name.len()..)?;
            let value = after
                .trim_start_matches(is_name_end)
                .strip_prefix([':', '='])?;
            Some(lower.len() - value.trim_start().len())
        })
    });
    values.min()
}

/// Returns the end of a value that a later line has.
fn find_open_quote(value: &str) -> Option<&'static str> {
    let quotes = [
        ("\"\"\"", "\"\"\""),
        ("'''", "'''"),
        ("\"", "\""),
        ("'", "'"),
        ("[", "]"),
        ("{", "}"),
    ];
    let (start, end) = quotes
        .into_iter()
        .find(|(start, _)| value.starts_with(start))?;
    let rest = value.get(start.len()..).unwrap_or_default();
    (!rest.contains(end)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> String {
        let lines = mask_secret_lines(text.split('\n').map(str::to_owned));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn value_of_password_like_field_is_masked() {
        for (text, masked) in [
            ("password: hello", "password: …"),
            ("  Post_Password = \"hello\"", "  Post_Password = …"),
            ("\"password\": \"hello\",", "\"password\": …"),
            ("lock: {password: hello, hint: x}", "lock: …"),
            ("seo: {passphrase: hello}", "seo: {passphrase: …"),
            (
                "password: |\n  hello\n\n  more\ntitle: a",
                "password: …\n  …\n\n  …\ntitle: a",
            ),
            (
                "password:\n- hello\n- more\ntitle: a",
                "password:\n…\n…\ntitle: a",
            ),
            (
                "password: \"hello\nmore\"\ntitle: a",
                "password: …\n…\ntitle: a",
            ),
            (
                "password = \"\"\"\nhello\n\"\"\"\n+++",
                "password = …\n…\n…\n+++",
            ),
            ("password: 'hello\n---\nText.", "password: …\n---\nText."),
            ("éé password: é", "éé password: …"),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    #[test]
    fn other_lines_are_unchanged() {
        let text = "title: a\nprotected: true\npassword:\ndate: 2024-05-01\nencrypted: 'false'\nA password for all.\nclock: noon\n";
        assert_eq!(mask(text), text);
    }
}
