//! Reads the items of a JSON Feed (jsonfeed.org/version/1 and 1.1).

use serde::Deserialize;
use serde_json::{Number, Value};

use super::feed_item::{ImportedFeed, NOT_A_FEED_HINT, RawItem, ReadFeedError};

#[derive(Deserialize)]
struct JsonFeedDocument {
    version: Option<Value>,
    items: Option<Vec<JsonItem>>,
}

#[derive(Deserialize)]
struct JsonItem {
    id: Option<Value>,
    url: Option<Value>,
    title: Option<Value>,
    date_published: Option<Value>,
    date_modified: Option<Value>,
}

pub(super) fn parse_json_feed(bytes: &[u8]) -> Result<ImportedFeed, ReadFeedError> {
    let feed: JsonFeedDocument = serde_json::from_slice(bytes).map_err(|error| {
        let message = match error.classify() {
            serde_json::error::Category::Data => "it is JSON, but not a JSON Feed",
            _ => "it is not well-formed JSON",
        };
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let message = format!("{message}: {said}");
        ReadFeedError::malformed_at(Some(error.line()), message, NOT_A_FEED_HINT)
    })?;
    let version = value_to_text(feed.version);
    let Some(items) = feed
        .items
        .filter(|_| version.contains("jsonfeed.org/version/"))
    else {
        let message = "it is JSON, but not a JSON Feed: `version` or `items` is missing";
        return Err(ReadFeedError::malformed_at(None, message, NOT_A_FEED_HINT));
    };
    let written = items.into_iter().map(|item| RawItem {
        id: value_to_text(item.id),
        id_is_link: false,
        link: value_to_text(item.url),
        title: value_to_text(item.title),
        published: value_to_text(item.date_published),
        updated: value_to_text(item.date_modified),
    });
    Ok(ImportedFeed::from_raw_items("JSON Feed", written))
}

/// Converts a scalar to text: the specification asks readers to coerce ids that are not strings.
fn value_to_text(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number_to_text(&number),
        Some(Value::Bool(is)) => is.to_string(),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}

/// Formats a number; `7.0` becomes `7`, as JSON does not distinguish them.
fn number_to_text(number: &Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_feed;

    #[test]
    fn ids_of_any_scalar_type_are_strings() {
        let json = r#"{"version": "https://jsonfeed.org/version/1.1", "items": [
            {"id": " https://e.org/a b?x=1&y=\u00e9 ", "url": "https://e.org/a", "title": "A\n b", "date_published": "2024-05-01T10:00:00Z"},
            {"id": 7}, {"id": 7.0, "url": "u"}, {"id": 12345678901234567890}, {"id": true},
            {"id": null, "url": "https://e.org/f"}, {"id": "", "title": "no id"}, {"id": ["x"]}
        ]}"#;
        let archive = read_feed(json.as_bytes()).unwrap();
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
    fn invalid_json_feeds_are_rejected_with_a_line() {
        for (json, said) in [
            (
                "{\n\"version\": \"x\",\n}",
                "line 3: it is not well-formed JSON",
            ),
            ("{\"items\": 7}", "line 1: it is JSON, but not a JSON Feed"),
            (
                "{\"items\": []}",
                "it is JSON, but not a JSON Feed: `version`",
            ),
            (
                "{\"version\": \"https://jsonfeed.org/version/1\"}",
                "it is JSON, but not a JSON Feed: `version`",
            ),
            (
                &format!("{{\"a\": {}", "[".repeat(100_000)),
                "line 1: it is not well-formed JSON",
            ),
        ] {
            let told = read_feed(json.as_bytes()).unwrap_err().to_string();
            assert!(told.starts_with(said), "{told}");
        }
    }
}
