//! Finds the title and URL of a site if its generator does not say them, and its former URLs.

use crate::generators::detected::DetectedSite;
use crate::generators::pages::{MarkdownPages, PostOrigin};
use crate::generators::setting::{Setting, SettingKey, SettingSource, SettingValue};
use crate::generators::site_file::DataFile;

/// Files that hold only the domain, as GitHub Pages reads them.
const DOMAIN_FILES: [&str; 7] = [
    "CNAME",
    "static/CNAME",
    "public/CNAME",
    "src/CNAME",
    "docs/CNAME",
    "docs/public/CNAME",
    "content/extra/CNAME",
];
/// Hosts where posts are republished, so that an address there is not the site's.
const REPUBLISHING_HOSTS: [&str; 6] = [
    "medium.com",
    "dev.to",
    "hashnode.dev",
    "substack.com",
    "linkedin.com",
    "github.com",
];
/// URL that is written if the site's is not found (RFC 2606 §3).
const PLACEHOLDER_URL: &str = "https://example.org";

/// Sets the title, the URL and the former URLs. `name` is the name of the site's directory.
pub(super) fn set_url_and_title(draft: &mut DetectedSite<'_>, pages: &MarkdownPages, name: &str) {
    let package = draft.tree.read_text("package.json").ok();
    let package = package.and_then(|text| DataFile::parse_data("package.json", &text).ok());
    let package_field = |key: &str| package.as_ref().and_then(|data| data.first_text(&[key]));
    for file in DOMAIN_FILES {
        let text = draft.tree.read_text(file).unwrap_or_default();
        let domain = text.lines().next().unwrap_or_default().trim().to_owned();
        if domain.contains('.') && !domain.contains(['/', ' ', ':']) {
            draft.known_urls.push((
                format!("https://{domain}"),
                SettingSource::from_line(file, 1),
            ));
        }
    }
    // `homepage` often names the repository, not the site.
    let homepage = package_field("homepage").filter(|(url, _)| !is_republishing_host(url));
    draft.known_urls.extend(homepage);
    if !draft.has_setting(SettingKey::Url) {
        for (address, source) in draft.known_urls.clone() {
            draft.set_if_more_certain(SettingKey::Url, address, source);
        }
    }
    let origins = pages.post_origins();
    let newest = pages.newest_origins();
    let likely = newest
        .iter()
        .find(|origin| !is_republishing_host(&origin.origin));
    if let Some(origin) = likely.filter(|_| !draft.has_setting(SettingKey::Url)) {
        let why = "in the newest posts' own addresses".to_owned();
        draft.set_if_more_certain(
            SettingKey::Url,
            origin.origin.as_str(),
            SettingSource::Guess(why),
        );
    }
    if !draft.has_setting(SettingKey::Url) {
        draft.settings.insert(
            SettingKey::Url,
            Setting {
                key: SettingKey::Url,
                value: PLACEHOLDER_URL.into(),
                source: SettingSource::Placeholder("the site's address was not found".to_owned()),
            },
        );
    }
    if let Some((name, _)) = package_field("name") {
        let why = "the name in package.json".to_owned();
        draft.set_if_more_certain(SettingKey::Title, name, SettingSource::Guess(why));
    }
    let why = "the name of the directory".to_owned();
    draft.set_if_more_certain(SettingKey::Title, name, SettingSource::Guess(why));
    draft.set_if_more_certain(
        SettingKey::Title,
        "Untitled",
        SettingSource::Placeholder("the site's title was not found".to_owned()),
    );
    set_former_urls(draft, &origins);
}

/// Sets the former URLs from other origins in the posts' own addresses. Origins that may belong to
/// a different site are only suggested.
fn set_former_urls(draft: &mut DetectedSite<'_>, origins: &[PostOrigin]) {
    let Some(Setting {
        value: SettingValue::Text(url),
        ..
    }) = draft.settings.get(&SettingKey::Url)
    else {
        return;
    };
    let here = url_host(url).to_owned();
    let others: Vec<&PostOrigin> = origins
        .iter()
        .filter(|origin| url_host(&origin.origin) != here && !is_republishing_host(&origin.origin))
        .collect();
    let on_site: Vec<&PostOrigin> = origins
        .iter()
        .filter(|origin| url_host(&origin.origin) == here)
        .collect();
    let (certain, likely): (Vec<&PostOrigin>, Vec<&PostOrigin>) =
        others.iter().partition(|other| {
            let by_name = strip_www(url_host(&other.origin)) == strip_www(&here);
            let is_configured = draft
                .known_urls
                .iter()
                .any(|(url, _)| url_host(url) == url_host(&other.origin));
            // Posts have the same directories on both origins, so the site was served from both.
            let has_same_roots = other.post_count > 1
                && on_site.iter().any(|origin| {
                    origin.post_count > 1
                        && origin.roots.iter().any(|root| other.roots.contains(root))
                });
            by_name || is_configured || has_same_roots
        });
    let setting = |origins: &[&PostOrigin], more: &str| {
        let posts: usize = origins.iter().map(|origin| origin.post_count).sum();
        let why = format!("in {posts} of the posts' own addresses{more}");
        let list = origins.iter().map(|origin| origin.origin.clone()).collect();
        Setting {
            key: SettingKey::FormerUrls,
            value: SettingValue::List(list),
            source: SettingSource::Guess(why),
        }
    };
    if !certain.is_empty() {
        let Setting { key, value, source } = setting(&certain, "");
        draft.set_if_more_certain(key, value, source);
    }
    // A single post with a different origin may be a republished one.
    let likely: Vec<&PostOrigin> = likely
        .into_iter()
        .filter(|origin| origin.post_count > 1)
        .collect();
    if !likely.is_empty() && certain.is_empty() {
        draft
            .suggestions
            .push(setting(&likely, ", if the site used to be there"));
    }
}

/// Returns the host of a URL, with its port.
fn url_host(url: &str) -> &str {
    let rest = url.split("://").nth(1).unwrap_or(url);
    rest.split('/').next().unwrap_or_default()
}

fn strip_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

fn is_republishing_host(url: &str) -> bool {
    let host = url_host(url);
    REPUBLISHING_HOSTS
        .iter()
        .any(|platform| host == *platform || host.ends_with(&format!(".{platform}")))
}
