//! Reports what podcast directories reject: missing details, unsuitable artwork, and files without a length.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use url::Url;

use crate::cards::local_image::{ImageLookup, ImageReadMode, LocalImages};
use crate::config::{Config, PodcastConfig};
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::podcast::PodcastCategory;
use crate::site::Site;
use crate::site::card_images::CardImageSource;

/// Smallest and largest side of the artwork that Apple accepts, in pixels.
const ARTWORK_PX: std::ops::RangeInclusive<usize> = 1400..=3000;
/// Media types of artwork that Apple accepts.
const ARTWORK_TYPES: [&str; 2] = ["image/jpeg", "image/png"];
/// Apple's categories with their subcategories, one category a line.
const APPLE_CATEGORIES: &str = "\
Arts: Books, Design, Fashion & Beauty, Food, Performing Arts, Visual Arts
Business: Careers, Entrepreneurship, Investing, Management, Marketing, Non-Profit
Comedy: Comedy Interviews, Improv, Stand-Up
Education: Courses, How To, Language Learning, Self-Improvement
Fiction: Comedy Fiction, Drama, Science Fiction
Government:
History:
Health & Fitness: Alternative Health, Fitness, Medicine, Mental Health, Nutrition, Sexuality
Kids & Family: Education for Kids, Parenting, Pets & Animals, Stories for Kids
Leisure: Animation & Manga, Automotive, Aviation, Crafts, Games, Hobbies, Home & Garden, Video Games
Music: Music Commentary, Music History, Music Interviews
News: Business News, Daily News, Entertainment News, News Commentary, Politics, Sports News, Tech News
Religion & Spirituality: Buddhism, Christianity, Hinduism, Islam, Judaism, Religion, Spirituality
Science: Astronomy, Chemistry, Earth Sciences, Life Sciences, Mathematics, Natural Sciences, Nature, Physics, Social Sciences
Society & Culture: Documentary, Personal Journals, Philosophy, Places & Travel, Relationships
Sports: Baseball, Basketball, Cricket, Fantasy Sports, Football, Golf, Hockey, Rugby, Running, Soccer, Swimming, Tennis, Volleyball, Wilderness, Wrestling
Technology:
True Crime:
TV & Film: After Shows, Film History, Film Interviews, Film Reviews, TV Reviews
";

/// Reports enclosures whose file is missing, and those of two posts.
pub(super) fn find_enclosure_faults(
    config: &Config,
    site: &Site,
    images: &dyn CardImageSource,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut paths_by_url: HashMap<&str, &str> = HashMap::new();
    for entry in site.all_entries() {
        let path = entry.source_path();
        for enclosure in entry.enclosures() {
            let warn = |rule, message, hint: &str| Finding {
                file: path.to_owned(),
                ..new_warning(config, rule, message, hint)
            };
            let url = &enclosure.url;
            if let Some(other) = paths_by_url.insert(url, path)
                && other != path
            {
                let message = format!("the enclosure `{url}` is also that of `{other}`");
                let hint = "name the file of this post; podcast apps may show one of the two only";
                findings.push(warn(Rule::DuplicateEnclosure, message, hint));
            }
            // Other unknown lengths are reported when the post is read.
            let is_own = Url::parse(url).is_ok_and(|url| url.origin() == config.site.url.origin());
            let length = enclosure.length.or_else(|| images.file_length(url));
            if length.is_none() && is_own && config.content.static_dir.is_some() {
                let message = format!(
                    "`{url}` is not in `content.static_dir`, so its length is unknown and RSS gets `length=\"0\"`"
                );
                let hint =
                    "upload the file, or write its size in bytes beside its address, as `length`";
                findings.push(warn(Rule::EnclosureLength, message, hint));
            }
        }
    }
    findings
}

/// Reports what the podcast lacks, by the rules of Apple and of podcast-standard.org.
pub(super) fn find_podcast_faults(
    config: &Config,
    site: &Site,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    let Some(podcast) = &config.podcast else {
        return Vec::new();
    };
    let channel = &podcast.channel;
    let mut faults: Vec<(String, &str)> = Vec::new();
    if channel.image_url.is_none() {
        let hint = "name a square JPEG or PNG of 1400 to 3000 pixels: `image = \"/cover.jpg\"`";
        faults.push((
            "`podcast.image` is missing, which directories require".to_owned(),
            hint,
        ));
    }
    if channel.explicit.is_none() {
        let hint = "write `explicit = false`, or `true` if the podcast is not for children";
        faults.push((
            "`podcast.explicit` is missing, which directories require".to_owned(),
            hint,
        ));
    }
    let hint = "write one of https://podcasters.apple.com/support/1691-apple-podcasts-categories, such as `Arts > Design`";
    if channel.categories.is_empty() {
        let message = "`podcast.categories` is missing, which directories require";
        faults.push((message.to_owned(), hint));
    }
    for category in &channel.categories {
        if !is_apple_category(category) {
            let name = match &category.subcategory {
                Some(subcategory) => format!("{} > {subcategory}", category.name),
                None => category.name.clone(),
            };
            faults.push((format!("`{name}` is not a category of Apple's list"), hint));
        }
    }
    if channel.guid.is_none() && !config.site.former_urls.is_empty() {
        let message = "the site moved, and `podcast.guid` is missing, so the podcast got a new id";
        faults.push((
            message.to_owned(),
            "copy the `podcast:guid` of the former feed",
        ));
    }
    for feed in site.feeds.custom_feeds() {
        if let (Some(_), Some(label)) = (&feed.podcast, &feed.label)
            && feed.all_entries().is_empty()
        {
            let message = format!("the podcast `{label}` has no episode");
            let hint =
                "name the audio file of a post in its front matter: `audio: {url: …, length: …}`";
            faults.push((message, hint));
        }
    }
    let faults = faults.into_iter();
    faults
        .map(|(message, hint)| new_warning(config, Rule::PodcastChannel, message, hint))
        .chain(find_artwork_fault(config, podcast, now))
        .collect()
}

/// Reports artwork that Apple rejects, if its file is on this machine.
fn find_artwork_fault(
    config: &Config,
    podcast: &PodcastConfig,
    now: DateTime<Utc>,
) -> Option<Finding> {
    let url = podcast.channel.image_url.as_deref()?;
    let static_dir = config.content.static_dir.clone();
    let base_urls = vec![config.site.url.clone()];
    let mut images = LocalImages::new(static_dir, base_urls, ImageReadMode::Header);
    images.scan_urls(std::iter::once(url), now.into());
    let lookups = images.lookups();
    let fault = match lookups.get(url)? {
        ImageLookup::External => return None,
        ImageLookup::Missing(_) => "is not in `content.static_dir`".to_owned(),
        ImageLookup::Unusable(_, reason) => reason.clone(),
        ImageLookup::OtherMedia(_) => "is not an image".to_owned(),
        ImageLookup::Found(image) => {
            let (width, height) = (image.width, image.height);
            if !ARTWORK_TYPES.contains(&image.mime_type) {
                format!("is `{}`", image.mime_type)
            } else if width != height || !ARTWORK_PX.contains(&width) {
                format!("has {width} × {height} pixels")
            } else {
                return None;
            }
        }
    };
    let message = format!("the podcast's artwork `{url}` {fault}");
    let hint = "save it as a square JPEG or PNG of 1400 to 3000 pixels";
    Some(new_warning(config, Rule::PodcastArtwork, message, hint))
}

/// Returns true if Apple's list has the category.
fn is_apple_category(category: &PodcastCategory) -> bool {
    let mut lines = APPLE_CATEGORIES
        .lines()
        .filter_map(|line| line.split_once(':'));
    let Some((_, subcategories)) = lines.find(|(name, _)| *name == category.name) else {
        return false;
    };
    let wanted = category.subcategory.as_deref();
    wanted.is_none_or(|wanted| subcategories.split(',').any(|name| name.trim() == wanted))
}

fn new_warning(config: &Config, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: config.file.clone(),
        line: None,
        highlight: None,
        severity: Severity::Warning,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
