//! Reads `[export.purge]` of `config.toml`: the cache that is told of changed paths.

use url::Url;

use crate::config_table::values::hide_credentials;
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};

/// Place of a path in `url`.
const PATH_PLACEHOLDER: &str = "{path}";

/// `[export.purge]`: cache in front of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeConfig {
    /// URL of a request; `{path}` is replaced by each changed path.
    pub url: String,
    /// Method of a request.
    pub method: String,
    /// Key of the JSON list of changed URLs in the body; `None` sends a request per path.
    pub json_list: Option<String>,
    /// Headers of each request. `${NAME}` is replaced by an environment variable.
    pub headers: Vec<(String, String)>,
}

/// Reads the section. Returns `None` if it has no `url`.
pub(super) fn read_purge(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
) -> Option<PurgeConfig> {
    let url = table.take_string("url");
    let method = table.take_string("method");
    let json_list = table.take_string("json_list").map(|written| written.value);
    let headers = table.take_scalar_map("headers");
    if url.is_none() && (method.is_some() || json_list.is_some() || headers.is_some()) {
        table.report_missing(
            "url",
            "name the cache, such as `http://127.0.0.1:6081{path}`",
        );
    }
    table.reject_unknown();
    let url = url?;
    check_url(&url, json_list.is_some(), faults);
    let default_method = if json_list.is_some() { "POST" } else { "PURGE" };
    let method = method.filter(|written| is_method(written, faults));
    Some(PurgeConfig {
        url: url.value.trim().to_owned(),
        method: method.map_or_else(|| default_method.to_owned(), |written| written.value),
        json_list,
        headers: headers.map(|written| written.value).unwrap_or_default(),
    })
}

fn is_method(written: &Spanned<String>, faults: &ConfigErrors<'_>) -> bool {
    let is_word =
        !written.value.is_empty() && written.value.bytes().all(|b| b.is_ascii_uppercase());
    if !is_word {
        let hint = "write it in capitals, such as `PURGE` or `POST`";
        faults.report_at(
            written,
            &format!("is not a method: `{}`", written.value),
            hint,
        );
    }
    is_word
}

fn check_url(written: &Spanned<String>, has_list: bool, faults: &ConfigErrors<'_>) {
    let text = written.value.trim();
    let url = Url::parse(&text.replace(PATH_PLACEHOLDER, "/")).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        let message = format!("is not the URL of a cache: `{}`", hide_credentials(text));
        faults.report_at(written, &message, "write it with `http://` or `https://`");
        return;
    };
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "write a header with a variable, such as `Authorization = \"Bearer ${TOKEN}\"`";
        faults.report_at(written, "has a user or a password", hint);
    }
    if text.contains(PATH_PLACEHOLDER) == has_list {
        let (message, hint) = match has_list {
            true => (
                "has `{path}`, but `json_list` sends all URLs in the body",
                "leave one of them out",
            ),
            false => (
                "does not say which path to purge",
                "add `{path}`, or set `json_list`",
            ),
        };
        faults.report_at(written, message, hint);
    }
}
