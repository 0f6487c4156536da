//! A path at which nothing is into the path of what was meant, if that is sure: without doubled slashes, and
//! with or without the one at the end.
//!
//! The answer is relative (RFC 3986 §4.2), so it is right whatever a proxy puts before our paths or takes
//! from them.

/// The paths that may be meant by one in its one spelling, the likeliest first.
pub(super) fn candidates(path: &str) -> impl Iterator<Item = String> {
    let mut single = String::with_capacity(path.len() + 1);
    for character in path.chars() {
        if !(character == '/' && single.ends_with('/')) {
            single.push(character);
        }
    }
    let other_end = match single.strip_suffix('/') {
        Some(bare) => bare.to_owned(),
        None => format!("{single}/"),
    };
    let path = path.to_owned();
    [single, other_end]
        .into_iter()
        .filter(move |candidate| !candidate.is_empty() && *candidate != path)
}

/// How `to` is written for who asked for `from`; both begin with a slash.
pub(super) fn relative(from: &str, to: &str) -> String {
    let up = from.matches('/').count().saturating_sub(1);
    let to = to.strip_prefix('/').unwrap_or(to);
    match up {
        0 => format!("./{to}"),
        _ => format!("{}{to}", "../".repeat(up)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn doubled_slashes_go_and_the_last_one_comes_or_goes() {
        let of = |path: &str| candidates(path).collect::<Vec<_>>();
        assert_eq!(of("/rss.xml/"), ["/rss.xml"]);
        assert_eq!(of("/rss.xml"), ["/rss.xml/"]);
        assert_eq!(of("//rss.xml"), ["/rss.xml", "/rss.xml/"]);
        assert_eq!(of("/a//b///"), ["/a/b/", "/a/b"]);
        assert_eq!(of("/"), Vec::<String>::new());
        assert_eq!(of("//"), ["/"]);
    }

    #[test]
    fn what_was_meant_is_told_by_its_way_from_what_was_asked() {
        for (from, to, expected) in [
            ("/rss.xml/", "/rss.xml", "../rss.xml"),
            ("//rss.xml", "/rss.xml", "../rss.xml"),
            ("/cards/a", "/cards/a/", "../cards/a/"),
            ("/x:y", "/x:y/", "./x:y/"),
            ("//", "/", "../"),
        ] {
            assert_eq!(relative(from, to), expected, "{from}");
        }
    }

    proptest! {
        #[test]
        fn a_browser_that_follows_is_where_it_should_be(
            from in "/[a-c/]{0,8}",
            before in "(/[x-z]){0,2}",
        ) {
            for to in candidates(&from) {
                let asked = url::Url::parse(&format!("http://e.org{before}{from}")).unwrap();
                let there = asked.join(&relative(&from, &to)).unwrap();
                prop_assert_eq!(there.path(), format!("{before}{to}"));
            }
        }
    }
}
