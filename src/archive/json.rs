//! A JSON Feed (jsonfeed.org/version/1.1, and 1) into its items.

use serde::Deserialize;
use serde_json::{Number, Value};

use super::{Archive, ArchiveError, NOT_A_FEED, Written};

#[derive(Deserialize)]
struct JsonFeed {
    version: Option<Value>,
    items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    id: Option<Value>,
    url: Option<Value>,
    title: Option<Value>,
    date_published: Option<Value>,
    date_modified: Option<Value>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Archive, ArchiveError> {
    let feed: JsonFeed = serde_json::from_slice(bytes).map_err(|error| {
        let message = match error.classify() {
            serde_json::error::Category::Data => "it is JSON, and no JSON Feed",
            _ => "it is not well-formed JSON",
        };
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let message = format!("{message}: {said}");
        ArchiveError::fault(Some(error.line()), message, NOT_A_FEED)
    })?;
    let version = text(feed.version);
    let Some(items) = feed
        .items
        .filter(|_| version.contains("jsonfeed.org/version/"))
    else {
        let message = "it is JSON, and no JSON Feed: `version` or `items` is missing";
        return Err(ArchiveError::fault(None, message, NOT_A_FEED));
    };
    let written = items.into_iter().map(|item| Written {
        id: text(item.id),
        id_is_link: false,
        link: text(item.url),
        title: text(item.title),
        published: text(item.date_published),
        updated: text(item.date_modified),
    });
    Ok(Archive::new("JSON Feed", written))
}

/// The specification has readers coerce ids that are no strings.
fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => as_written(&number),
        Some(Value::Bool(is)) => is.to_string(),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}

/// JSON knows one kind of numbers: `7.0` is `7`.
fn as_written(number: &Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    #[test]
    fn ids_are_strings_whatever_they_are_written_as() {
        let json = r#"{"version": "https://jsonfeed.org/version/1.1", "items": [
            {"id": " https://e.org/a b?x=1&y=\u00e9 ", "url": "https://e.org/a", "title": "A\n b", "date_published": "2024-05-01T10:00:00Z"},
            {"id": 7}, {"id": 7.0, "url": "u"}, {"id": 12345678901234567890}, {"id": true},
            {"id": null, "url": "https://e.org/f"}, {"id": "", "title": "no id"}, {"id": ["x"]}
        ]}"#;
        let archive = read(json.as_bytes()).unwrap();
        let ids: Vec<_> = archive.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "https://e.org/a b?x=1&y=é",
                "7",
                "7",
                "12345678901234567890",
                "true",
                "https://e.org/f"
            ]
        );
        assert_eq!(archive.without_id, 2);
        assert_eq!(archive.items[0].title, "A b");
        assert_eq!(archive.items[0].link.as_deref(), Some("https://e.org/a"));
        assert!(archive.items[0].published.is_some() && archive.items[0].updated.is_none());
    }

    #[test]
    fn what_is_no_json_feed_is_told_with_its_line() {
        for (json, said) in [
            (
                "{\n\"version\": \"x\",\n}",
                "line 3: it is not well-formed JSON",
            ),
            ("{\"items\": 7}", "line 1: it is JSON, and no JSON Feed"),
            ("{\"items\": []}", "it is JSON, and no JSON Feed: `version`"),
            (
                "{\"version\": \"https://jsonfeed.org/version/1\"}",
                "it is JSON, and no JSON Feed: `version`",
            ),
            (
                &format!("{{\"a\": {}", "[".repeat(100_000)),
                "line 1: it is not well-formed JSON",
            ),
        ] {
            let told = read(json.as_bytes()).unwrap_err().to_string();
            assert!(told.starts_with(said), "{told}");
        }
    }
}
