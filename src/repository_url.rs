//! Checks the URLs and branches that git gets, and finds their secrets.

use url::Url;

/// Protocols of git that a URL may name. `ext` would run a command.
const PROTOCOLS: [&str; 5] = ["https", "ssh", "http", "git", "file"];
/// Remedy for a URL that git does not get.
pub(crate) const REPOSITORY_URL_HINT: &str = "write `https://…`, `ssh://…`, `git@host:path`, or `file:///…` for a repository on this machine";
/// Minimum length of a user that messages hide. Forges also take a token in place of the user.
const MIN_TOKEN_BYTES: usize = 16;

/// Returns true if git may get the URL: one of a known protocol, or `user@host:path`.
pub(crate) fn is_repository_url(text: &str) -> bool {
    if text.starts_with('-') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return false;
    }
    if text.contains("://") {
        let url = Url::parse(text).ok();
        return url.is_some_and(|url| {
            PROTOCOLS.contains(&url.scheme())
                && text.starts_with(url.scheme())
                && (url.has_host() || url.scheme() == "file")
        });
    }
    // `ext::…` and other transports have two colons.
    text.split_once(':').is_some_and(|(host, path)| {
        host.contains('@') && !host.contains('/') && !path.is_empty() && !path.starts_with(':')
    })
}

/// Returns true if the name has none of the characters that mean something else to git.
pub(crate) fn is_branch_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['-', '/'])
        && !text.contains("..")
        && !text
            .chars()
            .any(|c| c.is_control() || " ~^:?*[\\".contains(c))
}

/// Returns the password of a URL, and a user that may be a token.
pub(crate) fn url_secrets(url: &str) -> Vec<String> {
    let Ok(parsed) = Url::parse(url) else {
        return Vec::new();
    };
    let user = Some(parsed.username()).filter(|user| user.len() >= MIN_TOKEN_BYTES);
    let parts = [parsed.password(), user].into_iter().flatten();
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}
