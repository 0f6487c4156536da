//! Lists fields that limit a post's audience, their hiding values and the spellings of their names.
//!
//! The fuzz target `limiting_fields` includes this file.

/// Names of fields, each with values that hide on 2025-01-01. A space marks a word boundary, where
/// spellings differ.
pub const HIDING_FIELDS: &[(&str, &[&str])] = &[
    ("hide post", &["true", "'yes'", "ture", "1"]),
    ("draft", &["true", "on", "[true]", "maybe"]),
    ("is hidden", &["true"]),
    ("no publish", &["true"]),
    ("held back", &["true", "yes"]),
    ("published", &["false", "0", "perhaps"]),
    ("is public", &["no"]),
    ("password", &["hello", "'1234'", "[a, b]"]),
    ("password protected", &["true"]),
    ("encrypted", &["true", "yes", "aes"]),
    ("encrypt", &["true"]),
    ("locked", &["true", "members"]),
    ("protected", &["true"]),
    ("members only", &["true", "gold"]),
    ("subscribers only", &["1"]),
    (
        "status",
        &[
            "draft",
            "in review",
            "in_review",
            "stable",
            "[draft]",
            "{value: draft}",
        ],
    ),
    ("visibility", &["private", "members", "paid"]),
    ("state", &["pending review", "unready"]),
    ("post status", &["pending-review", "future"]),
    ("access", &["members", "false"]),
    ("workflow", &["draft", "[in review]"]),
    ("premium", &["true"]),
    ("not before", &["2099-01-01"]),
    ("show until", &["2024-01-01"]),
    ("render", &["false", "never"]),
    ("permalink", &["false"]),
    ("build", &["{render: never}", "{render: perhaps}"]),
    (
        "publish date",
        &["2099-01-01", "2025-01-01T00:00:01Z", "next week"],
    ),
    ("publish at", &["2099-01-01 10:00"]),
    ("release date", &["2099-01-01"]),
    ("scheduled at", &["2099-06-01T10:00:00+02:00"]),
    ("embargo until", &["2099-01-01"]),
    ("go live", &["2099-01-01"]),
    ("available from", &["2099-01-01"]),
    ("publication date", &["2099-01-01"]),
    ("expiry date", &["2024-01-01", "soon"]),
    ("unpublish date", &["2024-12-31"]),
    ("expiration date", &["2024-01-01"]),
    ("valid until", &["2024-01-01"]),
];

/// Names of fields that keep a post out of the feeds, each with values that do, also if they are doubtful.
pub const OUT_OF_FEEDS_FIELDS: &[(&str, &[&str])] = &[
    ("feed", &["false", "'no'", "{exclude: true}", "{hide: yes}"]),
    ("feeds", &["false", "off"]),
    (
        "rss",
        &[
            "false",
            "never",
            "{exclude: true}",
            "{include: false}",
            "{exclude: ture}",
        ],
    ),
    ("hidden in rss", &["true", "1", "ture"]),
    ("hidden in feed", &["true"]),
    ("hide in rss feed", &["true"]),
    ("hide from feed", &["true"]),
    ("hide from rss", &["on"]),
    ("disable feed", &["true", "maybe"]),
    ("disable rss", &["true"]),
    ("feed exclude", &["true"]),
    ("rss exclude", &["true", "[a]"]),
    ("rss ignore", &["true"]),
    ("rss hidden", &["true"]),
    ("exclude from feed", &["true"]),
    ("exclude from feeds", &["true", "yes"]),
    ("exclude from rss", &["true"]),
    ("excluded from rss", &["true"]),
    ("no feed", &["true"]),
    ("no rss", &["true"]),
    ("skip feed", &["true"]),
    ("include in feed", &["false"]),
    ("include in feeds", &["false", "perhaps"]),
    ("include in rss", &["0"]),
    ("show in rss", &["false"]),
    ("in feed", &["no"]),
];

/// Text before and after the fields of a front matter that makes it invalid.
pub const YAML_BREAKS: [(&str, &str); 9] = [
    ("", "a: [x\n"),
    ("a: b: c\n", ""),
    ("", "x: \"y\n"),
    ("a: *nope\n", ""),
    ("", "\t- x\n"),
    ("@x\n", ""),
    ("", "%bad\n"),
    ("", "- x\n"),
    ("a: 'x\n", ""),
];

/// Spells a field's name in one of six styles.
pub fn spell_field_name(name: &str, style: usize) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    match style % 6 {
        0 => words.join("_"),
        1 => words.join("-"),
        2 => words.join("_").to_uppercase(),
        3 => words.concat(),
        4 => format!("'{}'", words.join(" ")),
        _ => {
            let camel = words.iter().enumerate().map(|(at, word)| match at {
                0 => (*word).to_owned(),
                _ => word[..1].to_uppercase() + &word[1..],
            });
            camel.collect()
        }
    }
}
