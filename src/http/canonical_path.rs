//! Finds the canonical path for a near miss: repeated slashes, or a missing or extra trailing slash.
//!
//! Redirects are relative references (RFC 3986 §4.2), so they stay correct when a proxy adds or strips a path prefix.

/// Returns the paths that the client may have meant by a normalized path, the most likely first.
pub(super) fn candidate_paths(path: &str) -> impl Iterator<Item = String> {
    let mut single = String::with_capacity(path.len() + 1);
    for character in path.chars() {
        if !(character == '/' && single.ends_with('/')) {
            single.push(character);
        }
    }
    let slash_toggled = match single.strip_suffix('/') {
        Some(bare) => bare.to_owned(),
        None => format!("{single}/"),
    };
    let path = path.to_owned();
    [single, slash_toggled]
        .into_iter()
        .filter(move |candidate| !candidate.is_empty() && *candidate != path)
}

/// Returns `to` as a reference relative to `from`. Both must start with a slash.
pub(super) fn relative_reference(from: &str, to: &str) -> String {
    let levels_up = from.matches('/').count().saturating_sub(1);
    let to = to.strip_prefix('/').unwrap_or(to);
    match levels_up {
        0 => format!("./{to}"),
        _ => format!("{}{to}", "../".repeat(levels_up)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn candidates_merge_slashes_and_toggle_the_trailing_one() {
        let candidates = |path: &str| candidate_paths(path).collect::<Vec<_>>();
        assert_eq!(candidates("/rss.xml/"), ["/rss.xml"]);
        assert_eq!(candidates("/rss.xml"), ["/rss.xml/"]);
        assert_eq!(candidates("//rss.xml"), ["/rss.xml", "/rss.xml/"]);
        assert_eq!(candidates("/a//b///"), ["/a/b/", "/a/b"]);
        assert_eq!(candidates("/"), Vec::<String>::new());
        assert_eq!(candidates("//"), ["/"]);
    }

    #[test]
    fn redirects_are_relative_to_the_requested_path() {
        for (from, to, expected) in [
            ("/rss.xml/", "/rss.xml", "../rss.xml"),
            ("//rss.xml", "/rss.xml", "../rss.xml"),
            ("/cards/a", "/cards/a/", "../cards/a/"),
            ("/x:y", "/x:y/", "./x:y/"),
            ("//", "/", "../"),
        ] {
            assert_eq!(relative_reference(from, to), expected, "{from}");
        }
    }

    proptest! {
        #[test]
        fn following_the_redirect_reaches_the_candidate(
            from in "/[a-c/]{0,8}",
            before in "(/[x-z]){0,2}",
        ) {
            for to in candidate_paths(&from) {
                let requested = url::Url::parse(&format!("http://e.org{before}{from}")).unwrap();
                let target = requested.join(&relative_reference(&from, &to)).unwrap();
                prop_assert_eq!(target.path(), format!("{before}{to}"));
            }
        }
    }
}
