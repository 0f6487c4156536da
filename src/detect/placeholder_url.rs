//! Recognizes URLs that stand in a new site until its own is known.

/// Hosts of such URLs.
const PLACEHOLDER_HOSTS: [&str; 9] = [
    "example.com",
    "example.org",
    "example.net",
    "localhost",
    "127.0.0.1",
    "0.0.0.0",
    "yourdomain.com",
    "yoursite.com",
    "your-site.com",
];

/// Returns true if the URL has the host of a placeholder, such as `https://example.com`.
pub(super) fn has_placeholder_host(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let host = host.trim_start_matches("www.").to_lowercase();
    PLACEHOLDER_HOSTS.contains(&host.as_str())
}
