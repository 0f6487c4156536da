//! What a site is called and where it is, where its generator does not say; and where it used to be.

use super::draft::Draft;
use super::pages::{Origin, Pages};
use super::reader::Data;
use super::setting::{Key, Setting, Source, Value};

/// Files that hold the domain alone, as GitHub Pages reads them.
const DOMAIN_FILES: [&str; 5] = [
    "CNAME",
    "static/CNAME",
    "public/CNAME",
    "src/CNAME",
    "docs/CNAME",
];
/// Where posts are published a second time, so that an address there is not the site's.
const PLATFORMS: [&str; 6] = [
    "medium.com",
    "dev.to",
    "hashnode.dev",
    "substack.com",
    "linkedin.com",
    "github.com",
];
/// An address that nobody has.
const NOWHERE: &str = "https://example.org";

/// Fills in the title and the address.
pub(super) fn identify(draft: &mut Draft<'_>, pages: &Pages, name: &str) {
    let package = draft.tree.text("package.json").ok();
    let package = package.and_then(|text| Data::read("package.json", &text).ok());
    let of_package = |key: &str| package.as_ref().and_then(|data| data.text(&[key]));
    for file in DOMAIN_FILES {
        let text = draft.tree.text(file).unwrap_or_default();
        let domain = text.lines().next().unwrap_or_default().trim().to_owned();
        if domain.contains('.') && !domain.contains(['/', ' ', ':']) {
            draft
                .addresses
                .push((format!("https://{domain}"), Source::line(file, 1)));
        }
    }
    // Where the code is kept is not where the site is.
    let homepage = of_package("homepage").filter(|(url, _)| !is_platform(url));
    draft.addresses.extend(homepage);
    if !draft.has(Key::Url) {
        for (address, source) in draft.addresses.clone() {
            draft.set(Key::Url, address, source);
        }
    }
    let origins = pages.origins();
    let newest = pages.newest_origins();
    let likely = newest.iter().find(|origin| !is_platform(&origin.origin));
    if let Some(origin) = likely.filter(|_| !draft.has(Key::Url)) {
        let why = "in the newest posts' own addresses".to_owned();
        draft.set(Key::Url, origin.origin.as_str(), Source::Guess(why));
    }
    if !draft.has(Key::Url) {
        draft.settings.insert(
            Key::Url,
            Setting {
                key: Key::Url,
                value: NOWHERE.into(),
                source: Source::Placeholder("the site's address was not found".to_owned()),
            },
        );
    }
    if let Some((name, _)) = of_package("name") {
        let why = "the name in package.json".to_owned();
        draft.set(Key::Title, name, Source::Guess(why));
    }
    let why = "the name of the directory".to_owned();
    draft.set(Key::Title, name, Source::Guess(why));
    draft.set(
        Key::Title,
        "Untitled",
        Source::Placeholder("the site's title was not found".to_owned()),
    );
    former(draft, &origins);
}

/// Other origins that posts have addresses on: those that are the site's are set, others suggested.
fn former(draft: &mut Draft<'_>, origins: &[Origin]) {
    let Some(Setting {
        value: Value::Text(url),
        ..
    }) = draft.settings.get(&Key::Url)
    else {
        return;
    };
    let here = host(url).to_owned();
    let others: Vec<&Origin> = origins
        .iter()
        .filter(|origin| host(&origin.origin) != here && !is_platform(&origin.origin))
        .collect();
    let on_site: Vec<&Origin> = origins
        .iter()
        .filter(|origin| host(&origin.origin) == here)
        .collect();
    let (sure, likely): (Vec<&Origin>, Vec<&Origin>) = others.iter().partition(|other| {
        let by_name = bare(host(&other.origin)) == bare(&here);
        let told = draft
            .addresses
            .iter()
            .any(|(url, _)| host(url) == host(&other.origin));
        // The same directories on both: the site has stood at both.
        let side_by_side = other.posts > 1
            && on_site.iter().any(|origin| {
                origin.posts > 1 && origin.roots.iter().any(|root| other.roots.contains(root))
            });
        by_name || told || side_by_side
    });
    let setting = |origins: &[&Origin], more: &str| {
        let posts: usize = origins.iter().map(|origin| origin.posts).sum();
        let why = format!("in {posts} of the posts' own addresses{more}");
        let list = origins.iter().map(|origin| origin.origin.clone()).collect();
        Setting {
            key: Key::FormerUrls,
            value: Value::List(list),
            source: Source::Guess(why),
        }
    };
    if !sure.is_empty() {
        let Setting { key, value, source } = setting(&sure, "");
        draft.set(key, value, source);
    }
    // Of addresses here and there, one would be taken for a place the site used to be at.
    let likely: Vec<&Origin> = likely
        .into_iter()
        .filter(|origin| origin.posts > 1)
        .collect();
    if !likely.is_empty() && sure.is_empty() {
        draft
            .suggestions
            .push(setting(&likely, ", if the site used to be there"));
    }
}

/// The host of a web address, with its port.
fn host(url: &str) -> &str {
    let rest = url.split("://").nth(1).unwrap_or(url);
    rest.split('/').next().unwrap_or_default()
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

fn is_platform(url: &str) -> bool {
    let host = host(url);
    PLATFORMS
        .iter()
        .any(|platform| host == *platform || host.ends_with(&format!(".{platform}")))
}
