//! Posts, settings and an instant into what is public.
//!
//! Everything right of here sees only this model, and a hidden post is not in its types: an
//! [`Entry`] or a [`Card`] is made from the proof that [`visibility`] gives out and from nothing
//! else. No disk, no clock: the same posts at the same instant are the same site.

pub mod card;
pub mod entry;
pub mod feed;
pub mod taxonomy;
pub mod trail;
pub mod visibility;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::artifact::ArtifactKey;
use crate::config::{Config, RobotsGroup};
use crate::finding::{Finding, Rule, Severity};
use crate::post::Post;
use card::Card;
use entry::Entry;
use feed::Feed;
use trail::Moved;
use visibility::{Shown, State, Verdict};

/// What is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The name.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The site's home, with a trailing slash.
    pub url: String,
    /// Where courant's own outputs are, without a trailing slash.
    pub public_url: String,
    /// A BCP 47 language tag.
    pub language: String,
    /// The zone that days are told in.
    pub timezone: Tz,
    /// The colour, as `#rrggbb`.
    pub theme_color: String,
    /// The copyright notice.
    pub copyright: Option<String>,
    /// How long a reader may wait before it asks again, in minutes.
    pub ttl_minutes: u64,
    /// All entries, newest first.
    pub entries: Vec<Arc<Entry>>,
    /// All feeds: the site's, the categories', the tags', the authors', each by slug, and those of the
    /// configuration.
    pub feeds: Vec<Feed>,
    /// All cards: the site's, then the listed posts', newest first, then the unlisted ones'.
    pub cards: Vec<Card>,
    /// Cards that are elsewhere now: at a post's former addresses.
    pub moved: Vec<Moved>,
    /// The paths of cards whose posts were taken back.
    pub gone: Vec<String>,
    /// The addresses of the posts that are translations of one another, by what they have in common.
    pub translations: BTreeMap<String, Vec<Translation>>,
    /// Pages of the site besides the posts, for the sitemap.
    pub pages: Vec<String>,
    /// The crawlers' rules.
    pub robots: Vec<RobotsGroup>,
}

/// A post in one of its languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Translation {
    /// A BCP 47 language tag.
    pub language: String,
    /// Where it is read: absolute, percent-encoded.
    pub url: String,
}

/// What was made of the posts: the site, and for the operator alone, why each post is in it or
/// not.
#[derive(Debug)]
pub struct Judged {
    /// What is public.
    pub site: Site,
    /// Each post's state, in the order of the paths.
    pub verdicts: Vec<Verdict>,
    /// What is wrong between posts.
    pub findings: Vec<Finding>,
    /// When the site will next differ though no file does.
    pub next_change: Option<DateTime<Utc>>,
}

impl Site {
    /// Judges the posts as of `now`. The order they come in makes no difference.
    pub fn judge<'a>(
        config: &Config,
        posts: impl IntoIterator<Item = &'a Arc<Post>>,
        now: DateTime<Utc>,
    ) -> Judged {
        let mut findings = Vec::new();
        let mut next_change: Option<DateTime<Utc>> = None;
        let mut verdicts = Vec::new();
        let mut shown = Vec::new();
        for post in posts {
            let (verdict, proof) = visibility::judge(post, config.hidden, now);
            next_change = [next_change, verdict.next_change]
                .into_iter()
                .flatten()
                .min();
            shown.extend(proof);
            verdicts.push(verdict);
        }
        shown.sort_by(|a, b| {
            // Who is in the lists goes before who is not, or a hidden revision would shadow the public one.
            let unlisted = |shown: &Shown<'_>| matches!(shown, Shown::Unlisted(_));
            unlisted(a)
                .cmp(&unlisted(b))
                .then_with(|| newest_first(a.post(), b.post()))
        });
        let shown = without_duplicates(shown, &mut verdicts, &mut findings);
        verdicts.sort_by(|a, b| a.path.cmp(&b.path));

        let mut entries = Vec::new();
        let mut card_owners = HashMap::new();
        own_card("/", "the site itself", &mut card_owners);
        let mut cards = vec![Card::of_site(config)];
        for shown in &shown {
            let mut entry = Entry::new(shown, config, now);
            if entry.updated_is_ahead {
                findings.push(finding(
                    shown.post(),
                    Severity::Warning,
                    Rule::FutureUpdate,
                    "the date of the last change lies ahead and counts from then on".to_owned(),
                    "write the date of the change",
                ));
            }
            if claims_card(shown.post(), &mut card_owners, &mut findings) {
                cards.push(Card::of_post(shown, &entry, config));
                entry.card_path = Some(shown.post().permalink.path.clone());
            }
            if let Shown::Listed(_) = shown {
                entries.push(Arc::new(entry));
            }
        }
        let site = Site {
            title: config.site.title.clone(),
            description: config.site.description.clone(),
            url: config.site.url.to_string(),
            public_url: config.server.public_url.clone(),
            language: config.site.language.clone(),
            timezone: config.site.timezone,
            theme_color: config.site.theme_color.clone(),
            copyright: config.site.copyright.clone(),
            ttl_minutes: config.feed.ttl_minutes,
            moved: moved(&shown, &card_owners, &mut findings),
            gone: Vec::new(),
            translations: translations(&entries, &config.site.language),
            feeds: feed::all(&entries, config),
            entries,
            cards,
            pages: config
                .sitemap
                .pages
                .iter()
                .map(ToString::to_string)
                .collect(),
            robots: config.robots.clone(),
        };
        findings.sort();
        Judged {
            site,
            verdicts,
            findings,
            next_change,
        }
    }
}

fn newest_first(a: &Post, b: &Post) -> std::cmp::Ordering {
    b.published
        .cmp(&a.published)
        .then_with(|| a.path.cmp(&b.path))
}

/// Of posts that claim one id or permalink, only the first stays.
fn without_duplicates<'a>(
    shown: Vec<Shown<'a>>,
    verdicts: &mut [Verdict],
    findings: &mut Vec<Finding>,
) -> Vec<Shown<'a>> {
    let mut permalinks: HashMap<&str, &str> = HashMap::new();
    let mut ids: HashMap<&str, &str> = HashMap::new();
    let mut dropped: HashMap<&str, &str> = HashMap::new();
    let mut kept = Vec::with_capacity(shown.len());
    for shown in shown {
        let post = shown.post();
        let claims = [
            (
                &mut permalinks,
                post.permalink.url.as_str(),
                Rule::DuplicatePermalink,
                "permalink",
            ),
            (&mut ids, post.id.as_str(), Rule::DuplicateId, "id"),
        ];
        let taken = claims.iter().find_map(|(owners, claim, rule, what)| {
            Some((*owners.get(claim)?, *claim, *rule, *what))
        });
        if let Some((owner, claim, rule, what)) = taken {
            let message = format!(
                "the {what} `{claim}` is that of `{owner}` already, so this post is not published"
            );
            let hint = "give one of the two another address, or hide one";
            findings.push(Finding {
                line: post.permalink.line,
                ..finding(post, Severity::Error, rule, message, hint)
            });
            dropped.insert(&post.path, owner);
            continue;
        }
        for (owners, claim, ..) in claims {
            owners.insert(claim, &post.path);
        }
        kept.push(shown);
    }
    for verdict in verdicts {
        if let Some(by) = dropped.get(verdict.path.as_str()) {
            verdict.state = State::Shadowed {
                by: (*by).to_owned(),
            };
        }
    }
    kept
}

/// Whether the post's card can have its path. The site's own is at `/`, and an address is more than
/// its path: origins and queries differ where paths do not.
fn claims_card<'a>(
    post: &'a Post,
    owners: &mut HashMap<String, &'a str>,
    findings: &mut Vec<Finding>,
) -> bool {
    let path = post.permalink.path.as_str();
    let owner = owners
        .get(path)
        .or_else(|| owners.get(&ArtifactKey::card_path_of_image(path)));
    if let Some(owner) = owner {
        let message =
            format!("the card at `{path}` is that of {owner} already, so this post has none");
        let hint = "give one of the two another path";
        findings.push(Finding {
            line: post.permalink.line,
            ..finding(post, Severity::Warning, Rule::DuplicateCard, message, hint)
        });
        return false;
    }
    own_card(path, &post.path, owners);
    true
}

/// The former addresses of posts, where no other post is, nor was before.
fn moved(
    shown: &[Shown<'_>],
    card_owners: &HashMap<String, &str>,
    findings: &mut Vec<Finding>,
) -> Vec<Moved> {
    let mut moved = Vec::new();
    let mut former: HashMap<&str, &str> = HashMap::new();
    for post in shown.iter().map(Shown::post) {
        let has_card = card_owners.get(&post.permalink.path) == Some(&post.path.as_str());
        for alias in post.aliases.iter().filter(|_| has_card) {
            let image = ArtifactKey::card_path_of_image(alias);
            let owner = [alias, &image]
                .into_iter()
                .find_map(|path| card_owners.get(path))
                .or_else(|| former.get(alias.as_str()));
            if let Some(owner) = owner {
                let message = format!("the former address `{alias}` is that of {owner}");
                let hint = "take it out of the aliases of one of the two";
                findings.push(finding(
                    post,
                    Severity::Warning,
                    Rule::DuplicateAlias,
                    message,
                    hint,
                ));
                continue;
            }
            former.insert(alias, &post.path);
            moved.push(Moved {
                from: alias.clone(),
                to: post.permalink.path.clone(),
            });
        }
    }
    moved
}

/// Posts that have something in common, each with its language; a language once.
fn translations(entries: &[Arc<Entry>], site_language: &str) -> BTreeMap<String, Vec<Translation>> {
    let mut groups: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.in_sitemap) {
        if let Some(key) = &entry.translation_key {
            let language = entry.language.as_deref().unwrap_or(site_language);
            let group = groups.entry(key.clone()).or_default();
            group
                .entry(language.to_owned())
                .or_insert_with(|| entry.url.clone());
        }
    }
    groups.retain(|_, group| group.len() > 1);
    let translation = |(language, url)| Translation { language, url };
    groups
        .into_iter()
        .map(|(key, group)| (key, group.into_iter().map(translation).collect()))
        .collect()
}

/// Takes the paths of a card's page and of its picture.
fn own_card<'a>(path: &str, owner: &'a str, owners: &mut HashMap<String, &'a str>) {
    owners.insert(path.to_owned(), owner);
    owners.insert(ArtifactKey::card_path_of_image(path), owner);
}

fn finding(post: &Post, severity: Severity, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: post.path.clone(),
        line: None,
        mark: None,
        severity,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
