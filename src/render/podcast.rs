//! Writes the elements of podcasts in RSS: those of Apple (`itunes:`) and of Podcasting 2.0 (`podcast:`).
//!
//! The only file that names the `uuid` crate.

use std::collections::BTreeMap;

use rss::extension::itunes::{
    ITunesCategory, ITunesChannelExtension, ITunesItemExtension, ITunesOwner,
};
use rss::extension::{Extension, ExtensionMap};
use uuid::Uuid;

use super::feed_entry::EntryView;
use crate::model::podcast::PodcastChannel;

/// Namespace of Podcasting 2.0.
pub(super) const PODCAST_NAMESPACE: &str = "https://podcastindex.org/namespace/1.0";
/// Namespace of the UUIDs that `podcast:guid` makes of feed URLs.
const GUID_NAMESPACE: Uuid = Uuid::from_u128(0xead4c236_bf58_58c6_a2c6_a6b28d128cb6);
const PODCAST_PREFIX: &str = "podcast";
const CHAPTERS_TYPE: &str = "application/json+chapters";

/// Returns Apple's elements of the channel.
pub(super) fn itunes_channel(podcast: &PodcastChannel) -> ITunesChannelExtension {
    let has_owner = podcast.owner_name.is_some() || podcast.owner_email.is_some();
    let categories = podcast.categories.iter().map(|category| ITunesCategory {
        text: category.name.clone(),
        subcategory: category.subcategory.as_ref().map(|name| {
            Box::new(ITunesCategory {
                text: name.clone(),
                subcategory: None,
            })
        }),
    });
    ITunesChannelExtension {
        author: Some(podcast.author.clone()),
        categories: categories.collect(),
        image: podcast.image_url.clone(),
        explicit: podcast.explicit.map(|explicit| explicit.to_string()),
        complete: podcast.is_complete.then(|| "Yes".to_owned()),
        new_feed_url: podcast.new_feed_url.clone(),
        owner: has_owner.then(|| ITunesOwner {
            name: podcast.owner_name.clone(),
            email: podcast.owner_email.clone(),
        }),
        r#type: Some(
            if podcast.is_serial {
                "serial"
            } else {
                "episodic"
            }
            .to_owned(),
        ),
        ..ITunesChannelExtension::default()
    }
}

/// Returns the elements of Podcasting 2.0 of the channel, with their prefix.
pub(super) fn channel_extensions(
    podcast: &PodcastChannel,
    feed_url: &str,
) -> (String, BTreeMap<String, Vec<Extension>>) {
    let guid = podcast.guid.clone().unwrap_or_else(|| make_guid(feed_url));
    let mut elements = vec![new_element("podcast:guid", &[], Some(guid))];
    if let Some(is_locked) = podcast.locked {
        let owner = ("owner", podcast.owner_email.clone());
        let word = if is_locked { "yes" } else { "no" };
        elements.push(new_element(
            "podcast:locked",
            &[owner],
            Some(word.to_owned()),
        ));
    }
    if let Some((url, text)) = &podcast.funding {
        let url = ("url", Some(url.clone()));
        let text = Some(text.clone()).filter(|text| !text.is_empty());
        elements.push(new_element("podcast:funding", &[url], text));
    }
    (PODCAST_PREFIX.to_owned(), group_by_name(elements))
}

/// Makes the UUID of a podcast from its feed's URL, without the scheme and slashes at the end.
fn make_guid(feed_url: &str) -> String {
    let name = feed_url
        .split_once("://")
        .map_or(feed_url, |(_, rest)| rest);
    Uuid::new_v5(&GUID_NAMESPACE, name.trim_end_matches('/').as_bytes()).to_string()
}

/// Returns Apple's elements of an episode; `None` outside of podcasts.
pub(super) fn episode_extension(view: &EntryView<'_>) -> Option<ITunesItemExtension> {
    if !view.is_episode {
        return None;
    }
    let media = view.entry.media()?;
    let duration = media.playable()?.duration_seconds;
    let episode = &media.episode;
    Some(ITunesItemExtension {
        block: episode.is_blocked.then(|| "Yes".to_owned()),
        image: episode.image_url.clone(),
        duration: duration.map(|seconds| seconds.to_string()),
        explicit: episode.explicit.map(|explicit| explicit.to_string()),
        episode: episode.number.map(|number| number.to_string()),
        season: episode.season.map(|season| season.to_string()),
        episode_type: episode.kind.map(str::to_owned),
        ..ITunesItemExtension::default()
    })
}

/// Returns the other elements of an episode by prefix and name.
pub(super) fn episode_extensions(view: &EntryView<'_>) -> ExtensionMap {
    let Some(media) = view.entry.media().filter(|_| view.is_episode) else {
        return ExtensionMap::default();
    };
    let episode = &media.episode;
    let mut elements = Vec::new();
    for transcript in &episode.transcripts {
        let attributes = [
            ("url", Some(transcript.url.clone())),
            ("type", Some(transcript.mime_type.clone())),
            ("language", transcript.language.clone()),
        ];
        elements.push(new_element("podcast:transcript", &attributes, None));
    }
    if let Some(url) = &episode.chapters_url {
        let attributes = [
            ("url", Some(url.clone())),
            ("type", Some(CHAPTERS_TYPE.to_owned())),
        ];
        elements.push(new_element("podcast:chapters", &attributes, None));
    }
    for person in &episode.persons {
        let attributes = [
            ("role", person.role.clone()),
            ("img", person.image_url.clone()),
            ("href", person.url.clone()),
        ];
        elements.push(new_element(
            "podcast:person",
            &attributes,
            Some(person.name.clone()),
        ));
    }
    let title = episode.title.clone();
    let title = title.map(|title| new_element("itunes:title", &[], Some(title)));
    let mut extensions = ExtensionMap::new();
    extensions.insert(PODCAST_PREFIX.to_owned(), group_by_name(elements));
    extensions.insert(
        "itunes".to_owned(),
        group_by_name(title.into_iter().collect()),
    );
    extensions
}

fn new_element(
    name: &str,
    attributes: &[(&str, Option<String>)],
    value: Option<String>,
) -> Extension {
    let attributes = attributes.iter();
    let attributes =
        attributes.filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Extension {
        name: name.to_owned(),
        attrs: attributes.collect(),
        value,
        ..Extension::default()
    }
}

/// Groups elements as the crate stores them.
fn group_by_name(elements: Vec<Extension>) -> BTreeMap<String, Vec<Extension>> {
    let mut groups: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    for element in elements {
        groups
            .entry(element.name.clone())
            .or_default()
            .push(element);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guid_is_that_of_the_specification() {
        // The example of podcastindex.org/namespace/1.0.
        let expected = "9b024349-ccf0-5f69-a609-6b82873eab3c";
        assert_eq!(make_guid("https://podnews.net/rss/"), expected);
    }
}
