//! Reads the details of a podcast episode, which are beside its enclosure or in a map such as `episode` or `itunes`.

use url::Url;

use super::media_values::{find_text, parse_media_type, resolve_url};
use super::{FrontMatterFields, is_switch, list_items};
use crate::front_matter::{FrontMatterValue, Node};
use crate::markdown::plain_text::to_plain_text;
use crate::model::finding::{Rule, Severity};
use crate::model::post::{Enclosure, Episode, EpisodePerson, Transcript};
use crate::text::{collapse_whitespace, is_language_tag, truncate_encoded};

/// Maximum transcripts and persons of an episode. Feeds hold all of them.
const MAX_EPISODE_LIST: usize = 50;
/// Maximum bytes of a title, a name or a role. Directories show less.
const MAX_EPISODE_TEXT_BYTES: usize = 1_000;
/// Maps that hold the details in some tools.
const EPISODE_MAPS: [&str; 5] = ["episode", "podcast", "itunes", "params", "extra"];
/// Kinds of episodes.
const EPISODE_KINDS: [&str; 3] = ["full", "trailer", "bonus"];
/// Media types of transcripts by extension, as podcast apps know them.
const TRANSCRIPT_TYPES: [(&str, &str); 5] = [
    ("vtt", "text/vtt"),
    ("srt", "application/x-subrip"),
    ("json", "application/json"),
    ("txt", "text/plain"),
    ("html", "text/html"),
];
/// Names of people who take part, and their role; `None` is the host.
const PERSON_NAMES: [(&str, Option<&str>); 4] = [
    ("hosts host", None),
    ("persons person people", None),
    ("guests guest", Some("guest")),
    ("contributors", None),
];

/// Reads the details of an episode; `None` if the site has no podcast, or the post no audio or video.
pub(super) fn read_episode(
    fields: &FrontMatterFields<'_>,
    enclosures: &[Enclosure],
    post_title: &str,
    base: &Url,
) -> Option<Episode> {
    fields.config.podcast.as_ref()?;
    let mut playable = enclosures
        .iter()
        .filter(|enclosure| enclosure.is_playable());
    playable.next()?;
    let reader = EpisodeReader { fields, base };
    let title = reader
        .find_text("itunesTitle episodeTitle", "title")
        .map(plain_text);
    let kind = reader.find_text("episodeType itunesEpisodeType", "episodeType type");
    let chapters = reader.find_node("chapters chaptersUrl chaptersFile", "chapters chaptersUrl");
    Some(Episode {
        title: title.filter(|title| !title.is_empty() && title != post_title),
        number: reader.read_number(
            "episode episodeNumber itunesEpisode",
            "episode episodeNumber number",
        ),
        season: reader.read_number("season seasonNumber itunesSeason", "season seasonNumber"),
        kind: EPISODE_KINDS
            .into_iter()
            .find(|known| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(known))),
        explicit: reader.read_switch("explicit itunesExplicit", "explicit"),
        is_blocked: reader.read_switch("itunesBlock podcastBlock", "block") == Some(true),
        image_url: reader
            .find_text(
                "episodeImage itunesImage episodeCover",
                "image poster cover",
            )
            .and_then(|text| reader.resolve(text)),
        chapters_url: chapters
            .and_then(|node| node.as_text().or_else(|| node.get("url")?.as_text()))
            .and_then(|text| reader.resolve(text)),
        transcripts: reader.read_transcripts(),
        persons: reader.read_persons(),
    })
}

/// Looks up the details. Names are separated by spaces.
struct EpisodeReader<'r, 'a> {
    fields: &'r FrontMatterFields<'a>,
    base: &'r Url,
}

impl<'a> EpisodeReader<'_, 'a> {
    /// Finds the first value: of the names on the top level, or of those in the maps.
    fn find_node(&self, names: &str, names_in_map: &str) -> Option<&'a Node> {
        let root = self.fields.root;
        let own = names.split(' ').filter_map(|name| {
            let node = root.get_in_any_spelling(name)?;
            let is_map = EPISODE_MAPS.contains(&name) && node.as_text().is_none();
            (!is_map).then_some(node)
        });
        let maps = EPISODE_MAPS
            .iter()
            .filter_map(|map| root.get_in_any_spelling(map));
        let nested = maps.flat_map(|map| {
            let names = names_in_map.split(' ').chain(names.split(' '));
            names.filter_map(|name| map.get_in_any_spelling(name))
        });
        own.chain(nested)
            .find(|node| node.value != FrontMatterValue::Null)
    }

    /// Finds the first text, which is not a switch.
    fn find_text(&self, names: &str, names_in_map: &str) -> Option<&'a str> {
        let text = self.find_node(names, names_in_map)?.as_text()?;
        Some(text).filter(|text| !is_switch(text))
    }

    /// Resolves an address; `None` for other words.
    fn resolve(&self, text: &str) -> Option<String> {
        let is_address = text.contains(['/', '.']) && !text.contains(char::is_whitespace);
        is_address.then(|| resolve_url(text, self.base))?
    }

    /// Reads a switch as podcast tools write it; `None` for other words.
    fn read_switch(&self, names: &str, names_in_map: &str) -> Option<bool> {
        let text = self.find_node(names, names_in_map)?.as_text()?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "explicit" => Some(true),
            "false" | "no" | "clean" => Some(false),
            _ => None,
        }
    }

    /// Reads the number of an episode or a season. Apple wants none below one.
    fn read_number(&self, names: &str, names_in_map: &str) -> Option<u32> {
        let node = self.find_node(names, names_in_map)?;
        let text = node.as_text()?;
        let number = text.trim_start_matches('#').parse().ok();
        let number = number.filter(|number| *number > 0);
        if number.is_none() && !is_switch(text) {
            let shown = collapse_whitespace(text);
            self.fields.report_finding(
                Severity::Warning,
                Rule::FieldType,
                node,
                format!("the number of the episode or season is left out: `{shown}`"),
                "write a whole number above zero",
            );
        }
        number
    }

    fn read_transcripts(&self) -> Vec<Transcript> {
        let names = "transcript transcripts transcriptUrl transcriptFile";
        let items = self
            .find_node(names, names)
            .into_iter()
            .flat_map(list_items);
        let transcripts = items.take(MAX_EPISODE_LIST).filter_map(|item| {
            let address = item
                .as_text()
                .or_else(|| find_text(item, "url src href file"))?;
            let url = self.resolve(address)?;
            let (_, extension) = address.rsplit_once('.')?;
            let mut types = TRANSCRIPT_TYPES.iter();
            let by_extension = types.find(|(known, _)| *known == extension);
            let own_type = find_text(item, "type mimeType").and_then(parse_media_type);
            let language = find_text(item, "language lang").filter(|tag| is_language_tag(tag));
            Some(Transcript {
                url,
                mime_type: own_type.or_else(|| Some(by_extension?.1.to_owned()))?,
                language: language.map(str::to_owned),
            })
        });
        transcripts.collect()
    }

    /// Reads the persons. Hosts and guests may be names of files, so a text counts only if it has a space.
    fn read_persons(&self) -> Vec<EpisodePerson> {
        let mut persons: Vec<EpisodePerson> = Vec::new();
        for (names, role) in PERSON_NAMES {
            for item in self
                .find_node(names, names)
                .into_iter()
                .flat_map(list_items)
            {
                let name = item.as_text().filter(|text| text.contains(' '));
                let name = name.or_else(|| find_text(item, "name")).map(plain_text);
                let name = name.filter(|name| !name.is_empty());
                let Some(name) =
                    name.filter(|name| persons.iter().all(|known| known.name != *name))
                else {
                    continue;
                };
                let own_role = find_text(item, "role").map(|role| plain_text(role).to_lowercase());
                let address = |names: &str| self.resolve(find_text(item, names)?);
                persons.push(EpisodePerson {
                    name,
                    role: own_role.or_else(|| role.map(str::to_owned)),
                    image_url: address("img image avatar photo"),
                    url: address("href url link"),
                });
                if persons.len() == MAX_EPISODE_LIST {
                    return persons;
                }
            }
        }
        persons
    }
}

fn plain_text(text: &str) -> String {
    truncate_encoded(&to_plain_text(text), MAX_EPISODE_TEXT_BYTES)
}
