//! Proposes `[podcast]` from what a generator's configuration says about a podcast.

use super::detected::DetectedSite;
use super::setting::{SettingKey, SettingSource, SettingValue};
use crate::text::escapes::decode_ascii_references;

/// Settings with the names that castanet, jekyll-podcast and Jekyll Podcast Feed have for them, separated by spaces. The
/// owner's mail address is not among them: to publish it is a decision.
const PODCAST_SETTINGS: [(SettingKey, &str); 7] = [
    (SettingKey::PodcastTitle, "podcast.title podcast_title"),
    (
        SettingKey::PodcastDescription,
        "podcast.description podcast_description params.feed.itunes_summary",
    ),
    (
        SettingKey::PodcastAuthor,
        "podcast.author podcast_author params.feed.itunes_author",
    ),
    (
        SettingKey::PodcastOwnerName,
        "podcast.owner podcast_owner params.feed.itunes_owner_name",
    ),
    (
        SettingKey::PodcastImage,
        "podcast.image podcast_album_art params.feed.itunes_image",
    ),
    (SettingKey::PodcastCopyright, "params.feed.copyright"),
    (
        SettingKey::PodcastMediaUrl,
        "podcast.remote_episode_host params.media_prefix download_url",
    ),
];

/// Sets the podcast, if there is one: it has a category. `find` returns the first text at these dotted paths.
pub(crate) fn set_podcast(
    draft: &mut DetectedSite<'_>,
    find: impl Fn(&[&str]) -> Option<(String, SettingSource)>,
) {
    let find = |names: &str| find(&names.split(' ').collect::<Vec<_>>());
    let category = "podcast.category podcast_category params.feed.itunes_top_category";
    let Some((category, source)) = find(category) else {
        return;
    };
    let part = "podcast.subcategory podcast_subcategory_one params.feed.itunes_first_sub_category";
    let category = match find(part) {
        Some((part, _)) => format!("{category} > {part}"),
        None => category,
    };
    let categories = SettingValue::List(vec![decode_ascii_references(&category).to_string()]);
    draft.set_if_more_certain(SettingKey::PodcastCategories, categories, source);
    for (key, names) in PODCAST_SETTINGS {
        draft.set_if_found(key, find(names));
    }
    let explicit = find("podcast.explicit podcast_explicit params.feed.explicit");
    if let Some((text, source)) = explicit {
        let is_explicit = ["true", "yes", "explicit"].contains(&text.as_str());
        draft.set_if_more_certain(
            SettingKey::PodcastExplicit,
            SettingValue::Flag(is_explicit),
            source,
        );
    }
}
