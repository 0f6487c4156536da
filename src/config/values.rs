//! Single values of `config.toml`, checked: what is wrong with one is noted with its remedy.

use std::ops::RangeInclusive;
use std::time::Duration;

use url::Url;

use super::raw::{Faults, Written};
use crate::text::{fediverse_account, is_email, is_language_tag, x_account};
use crate::zone::Zone;

/// More is a slip of the unit.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An `http` or `https` URL whose path ends with a slash, without query or fragment.
pub(super) fn site_url(faults: &Faults<'_>, written: &Written<String>) -> Option<Url> {
    let text = written.value.trim();
    let url = Url::parse(text)
        .ok()
        .filter(|url| is_http(url) && url.host_str().is_some());
    let Some(mut url) = url else {
        let bare = text.trim_start_matches('/');
        let hint = if text.contains("://") || bare.is_empty() {
            "write an `http` or `https` URL, such as `https://example.org`".to_owned()
        } else {
            format!("did you mean `https://{bare}`?")
        };
        faults.at(
            written,
            &format!("is no absolute web address: `{text}`"),
            hint,
        );
        return None;
    };
    let extra = !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some();
    if extra {
        let message = format!("holds more than an address: `{text}`");
        faults.at(
            written,
            &message,
            "leave out user, password, `?` and `#`: it is public, and others begin with it",
        );
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// What a pattern of permalinks may hold; `content` knows how each is filled.
pub const PERMALINK_PARTS: [&str; 19] = [
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
];

pub(super) fn permalinks(faults: &Faults<'_>, written: &Written<String>) -> Option<String> {
    let pattern = written.value.trim();
    if !pattern.starts_with('/') {
        faults.at(
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
            faults.at(
                written,
                &format!("holds the unknown part `:{name}`"),
                format!("known: {}", known.join(", ")),
            );
            return None;
        }
    }
    Some(pattern.to_owned())
}

pub(super) fn fediverse(faults: &Faults<'_>, written: &Written<String>) -> Option<String> {
    let account = fediverse_account(&written.value);
    if account.is_none() {
        let message = format!("is no fediverse account: `{}`", written.value);
        faults.at(written, &message, "write `@user@example.org`");
    }
    account
}

pub(super) fn twitter(faults: &Faults<'_>, written: &Written<String>) -> Option<String> {
    let account = x_account(&written.value);
    if account.is_none() {
        let message = format!("is no X account: `{}`", written.value);
        faults.at(written, &message, "write the name alone, such as `example`");
    }
    account
}

pub(super) fn email(faults: &Faults<'_>, written: &Written<String>) -> Option<String> {
    let fits = is_email(&written.value);
    if !fits {
        let message = format!("is no e-mail address: `{}`", written.value);
        faults.at(written, &message, "write `name@example.org`");
    }
    fits.then(|| written.value.clone())
}

/// An absolute web address, or a path of the site's.
pub(super) fn web_address(
    faults: &Faults<'_>,
    written: &Written<String>,
    site: &Url,
) -> Option<Url> {
    let url = site.join(written.value.trim()).ok().filter(is_http);
    if url.is_none() {
        faults.at(
            written,
            "is no web address",
            "write a path such as `/img/logo.png`, or a URL",
        );
    }
    url
}

pub(super) fn with<T, U>(written: &Written<T>, value: U) -> Written<U> {
    Written {
        value,
        offset: written.offset,
        key: written.key.clone(),
    }
}

pub(super) fn timezone(faults: &Faults<'_>, written: &Written<String>) -> Option<Zone> {
    let zone = Zone::named(&written.value);
    if zone.is_none() {
        faults.at(
            written,
            &format!("names no time zone: `{}`", written.value),
            "use a name of the IANA database, such as `Europe/Berlin` or `UTC`",
        );
    }
    zone
}

pub(super) fn language_tag(faults: &Faults<'_>, written: &Written<String>) -> Option<String> {
    let tag = written.value.trim();
    let fits = is_language_tag(tag);
    if !fits {
        faults.at(
            written,
            &format!("is no language tag: `{tag}`"),
            "use one of BCP 47, such as `en` or `pt-BR`",
        );
    }
    fits.then(|| tag.to_owned())
}

pub(super) fn theme_color(faults: &Faults<'_>, written: &Written<String>) -> Option<String> {
    let digits = written.value.strip_prefix('#').unwrap_or_default();
    let fits = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !fits {
        faults.at(
            written,
            &format!("is no colour: `{}`", written.value),
            "write six hexadecimal digits, such as `#f15b3e`",
        );
    }
    fits.then(|| written.value.clone())
}

/// A duration within bounds.
pub(super) fn within(
    faults: &Faults<'_>,
    written: Option<Written<Duration>>,
    bounds: RangeInclusive<Duration>,
    usual: Duration,
) -> Duration {
    let Some(written) = written else { return usual };
    if !bounds.contains(&written.value) {
        let show = |duration: &Duration| humantime::format_duration(*duration).to_string();
        let message = format!(
            "is not between `{}` and `{}`",
            show(bounds.start()),
            show(bounds.end())
        );
        faults.at(&written, &message, format!("`{}` is usual", show(&usual)));
    }
    written.value
}
