//! Parses single values of `config.toml` and reports invalid ones with a hint.

use std::ops::RangeInclusive;
use std::time::Duration;

use url::Url;

use super::{ConfigErrors, Spanned};
use crate::color::is_hex_color;
use crate::text::{self, is_email_address, is_language_tag};
use crate::time_zone::IanaZone;
use crate::url_path;

/// Maximum of configured durations. A longer one is probably a wrong unit.
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

/// Replaces user and password of an address, which messages must not repeat.
pub(crate) fn hide_credentials(address: &str) -> String {
    let Some((before, after)) = address.trim().rsplit_once('@') else {
        return address.trim().to_owned();
    };
    let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
    format!("{scheme}://…@{after}")
}

/// Parses an `http` or `https` URL without query or fragment, and ends its path with a slash.
pub(crate) fn parse_site_url(faults: &ConfigErrors<'_>, written: &Spanned<String>) -> Option<Url> {
    let text = written.value.trim();
    let url = Url::parse(text)
        .ok()
        .filter(|url| is_http_url(url) && url.host_str().is_some());
    let Some(mut url) = url else {
        let bare = text.trim_start_matches('/');
        let hint = if text.contains("://") || bare.is_empty() {
            "write an `http` or `https` URL, such as `https://example.org`".to_owned()
        } else {
            format!("did you mean `https://{bare}`?")
        };
        faults.report_at(
            written,
            &format!("is not an absolute web address: `{text}`"),
            hint,
        );
        return None;
    };
    let extra = !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some();
    if extra {
        let message = format!("is more than an address: `{text}`");
        faults.report_at(
            written,
            &message,
            "leave out user, password, `?` and `#`: the address is public, and others are built on it",
        );
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

fn is_http_url(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Placeholders that a permalink pattern may contain.
pub const PERMALINK_PARTS: [&str; 22] = [
    "slug_or_title",
    "year",
    "month",
    "day",
    "slug",
    "path",
    "category",
    "categories",
    "title",
    "name",
    "dir",
    "section",
    "short_year",
    "i_month",
    "i_day",
    "y_day",
    "hour",
    "minute",
    "second",
    "filename",
    "slug_or_filename",
    "slugified_categories",
];

pub(crate) fn parse_permalink_pattern(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
) -> Option<String> {
    let pattern = written.value.trim();
    if !pattern.starts_with('/') {
        faults.report_at(
            written,
            "does not begin with `/`",
            format!("write `/{pattern}`"),
        );
        return None;
    }
    for part in pattern.split(':').skip(1) {
        let name: String = part
            .chars()
            .take_while(|c| c.is_ascii_alphabetic() || *c == '_')
            .collect();
        if !PERMALINK_PARTS.contains(&name.as_str()) {
            let known: Vec<_> = PERMALINK_PARTS.map(|part| format!("`:{part}`")).into();
            faults.report_at(
                written,
                &format!("holds the unknown part `:{name}`"),
                format!("known: {}", known.join(", ")),
            );
            return None;
        }
    }
    Some(pattern.to_owned())
}

pub(crate) fn parse_fediverse_account(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
) -> Option<String> {
    let account = text::parse_fediverse_account(&written.value);
    if account.is_none() {
        let message = format!("is not a fediverse account: `{}`", written.value);
        faults.report_at(written, &message, "write `@user@example.org`");
    }
    account
}

pub(crate) fn parse_x_account(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
) -> Option<String> {
    let account = text::parse_x_account(&written.value);
    if account.is_none() {
        let message = format!("is not an X account: `{}`", written.value);
        faults.report_at(written, &message, "write the name alone, such as `example`");
    }
    account
}

pub(crate) fn parse_email(faults: &ConfigErrors<'_>, written: &Spanned<String>) -> Option<String> {
    let fits = is_email_address(&written.value);
    if !fits {
        let message = format!("is not an e-mail address: `{}`", written.value);
        faults.report_at(written, &message, "write `name@example.org`");
    }
    fits.then(|| written.value.clone())
}

/// Parses an e-mail address with a name in parentheses, as RSS 2.0 writes persons: `name@example.org (Name)`.
pub(crate) fn parse_feed_contact(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
) -> Option<String> {
    let text = written.value.trim();
    let (email, name) = text.split_once(' ').unwrap_or((text, "()"));
    let name = name
        .strip_prefix('(')
        .and_then(|name| name.strip_suffix(')'));
    let fits = is_email_address(email) && name.is_some_and(|name| !name.contains(['(', ')']));
    if !fits {
        let message = format!("is not an e-mail address with a name: `{text}`");
        faults.report_at(written, &message, "write `name@example.org (Name)`");
    }
    fits.then(|| text.to_owned())
}

/// Parses an absolute web address, or a path on the site.
pub(crate) fn parse_web_address(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
    site: &Url,
) -> Option<Url> {
    let url = url_path::join_home(site, written.value.trim())
        .ok()
        .filter(is_http_url);
    if url.is_none() {
        faults.report_at(
            written,
            "is not a web address",
            "write a path such as `/img/logo.png`, or a URL",
        );
    }
    url
}

/// Replaces the value and keeps its key and position.
pub(crate) fn with_value<T, U>(written: &Spanned<T>, value: U) -> Spanned<U> {
    Spanned {
        value,
        offset: written.offset,
        end: written.end,
        key: written.key.clone(),
    }
}

pub(crate) fn parse_timezone(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
) -> Option<IanaZone> {
    let zone = IanaZone::from_name(&written.value);
    if zone.is_none() {
        faults.report_at(
            written,
            &format!("is not a time zone: `{}`", written.value),
            "use a name of the IANA database, such as `Europe/Berlin` or `UTC`",
        );
    }
    zone
}

pub(crate) fn parse_language_tag(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
) -> Option<String> {
    let tag = written.value.trim();
    let fits = is_language_tag(tag);
    if !fits {
        faults.report_at(
            written,
            &format!("is not a language tag: `{tag}`"),
            "use one of BCP 47, such as `en` or `pt-BR`",
        );
    }
    fits.then(|| tag.to_owned())
}

pub(crate) fn parse_theme_color(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
) -> Option<String> {
    let fits = is_hex_color(&written.value);
    if !fits {
        faults.report_at(
            written,
            &format!("is not a colour: `{}`", written.value),
            "write six hexadecimal digits, such as `#f15b3e`",
        );
    }
    fits.then(|| written.value.clone())
}

/// Checks that a duration is within bounds. Returns the default if none is configured.
pub(crate) fn check_duration(
    faults: &ConfigErrors<'_>,
    written: Option<Spanned<Duration>>,
    bounds: RangeInclusive<Duration>,
    default: Duration,
) -> Duration {
    let Some(written) = written else {
        return default;
    };
    if !bounds.contains(&written.value) {
        let show = |duration: &Duration| humantime::format_duration(*duration).to_string();
        let message = format!(
            "is not between `{}` and `{}`",
            show(bounds.start()),
            show(bounds.end())
        );
        faults.report_at(
            &written,
            &message,
            format!("the default is `{}`", show(&default)),
        );
    }
    written.value
}

/// Returns the value that a configured word stands for, and reports an unknown word.
pub(crate) fn parse_choice<T: Copy>(
    faults: &ConfigErrors<'_>,
    written: Option<Spanned<String>>,
    known: &[(&str, T)],
) -> Option<T> {
    let written = written?;
    faults.record_choices(&written.key, known.iter().map(|(word, _)| *word));
    let found = known.iter().find(|(word, _)| *word == written.value);
    if found.is_none() {
        let words: Vec<_> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
        let hint = match words.as_slice() {
            [others @ .., last] => format!("write {} or {last}", others.join(", ")),
            [] => String::new(),
        };
        faults.report_at(&written, &format!("is `{}`", written.value), hint);
    }
    found.map(|(_, meant)| *meant)
}
