//! Maintains an incremental index of public posts.
//!
//! [`SiteIndex::apply_changes`] costs time proportional to the changes, and gives the same result
//! as a full rebuild. It first evaluates visibility, then resolves conflicts over URLs, cards and
//! former paths. Finally it builds the entries of the winning posts and updates all lists.

mod indexed_post;
mod post_update;
mod site_changes;
mod sitemap_update;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap as HashMap;

use super::alias_redirects::AliasIndex;
use super::card::Card;
use super::entry::Entry;
use super::news::{find_window_end, select_news};
use super::public_site::Site;
use super::redirect_history::RedirectHistory;
use super::timeline::compare_newest_first;
use super::translations::TranslationGroups;
use crate::config::Config;
use crate::conflicts::UniqueKeys;
use crate::conflicts::conflict_findings;
use crate::conflicts::unique_keys::{
    ID_KEY, card_keys_at_path, is_site_card_path, list_address_keys, list_card_keys,
};
use crate::links::{LinkIndex, report_broken_links};
use crate::model::finding::Finding;
use crate::model::post::Post;
use crate::parallel;
use crate::term_interner::TermInterner;
use crate::visibility::{self, PostEvaluation, PostState, Visible};
use indexed_post::IndexedPost;
use post_update::{AffectedPosts, EntryPlan, EvaluatedPost, PreviousEntry, sort_changes};
use sitemap_update::SitemapUpdate;

pub use crate::model::post_changes::{PostChange, PostChanges};
pub use site_changes::SiteChanges;

/// Index of all posts and of everything that is derived from them.
#[derive(Debug)]
pub struct SiteIndex {
    config: Arc<Config>,
    now: DateTime<Utc>,
    posts: HashMap<Arc<str>, IndexedPost>,
    due_dates: BTreeSet<(DateTime<Utc>, Arc<str>)>,
    unique_addresses: UniqueKeys,
    unique_cards: UniqueKeys,
    aliases: AliasIndex,
    translation_groups: TranslationGroups,
    entry_lists: TermInterner,
    links: LinkIndex,
    redirect_history: RedirectHistory,
    /// Paths of entries that have a finding regardless of conflicts.
    flagged: BTreeSet<Arc<str>>,
    site: Site,
}

/// New version of a file's post; `None` if it was removed.
pub type PostUpdate = (Arc<str>, Option<Arc<Post>>);

impl SiteIndex {
    /// Creates an index without posts. `history` comes from a previous index.
    pub fn new(config: Arc<Config>, history: RedirectHistory) -> SiteIndex {
        SiteIndex {
            now: DateTime::UNIX_EPOCH,
            posts: HashMap::default(),
            due_dates: BTreeSet::new(),
            unique_addresses: UniqueKeys::new(list_address_keys),
            unique_cards: UniqueKeys::new(list_card_keys),
            aliases: AliasIndex::default(),
            translation_groups: TranslationGroups::default(),
            entry_lists: TermInterner::default(),
            links: LinkIndex::new(Arc::clone(&config)),
            redirect_history: history,
            flagged: BTreeSet::new(),
            site: Site::without_posts(&config),
            config,
        }
    }

    /// Returns the public content as of the last update. A clone shares what does not change.
    pub fn current_site(&self) -> &Site {
        &self.site
    }

    /// Returns the time at which the site changes next although no file does.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        let post_change = self.due_dates.first().map(|(at, _)| *at);
        let news_end = self.site.news.as_deref().and_then(find_window_end);
        post_change.into_iter().chain(news_end).min()
    }

    /// Returns the history of cards, with all current ones added.
    pub fn into_redirect_history(mut self) -> RedirectHistory {
        self.redirect_history.record_all_cards(&self.site);
        self.redirect_history
    }

    /// Iterates over the paths of all posts, in no particular order.
    pub fn post_paths(&self) -> impl Iterator<Item = Arc<str>> {
        self.posts.keys().cloned()
    }

    /// Returns the post of a file in its public version; `None` if it is not public.
    pub fn public_post(&self, path: &str) -> Option<&Arc<Post>> {
        self.find_entry(path).map(|entry| entry.post())
    }

    fn find_entry(&self, path: &str) -> Option<&Arc<Entry>> {
        self.posts.get(path)?.entry.as_ref()
    }

    /// Returns true if a change hides a public post, or removes it from all lists or all feeds.
    pub fn is_withdrawal(&self, change: &PostUpdate, now: DateTime<Utc>) -> bool {
        let (path, post) = change;
        let Some(entry) = self.find_entry(path) else {
            return false;
        };
        let shown = post.as_ref().and_then(|post| {
            visibility::evaluate_visibility(post, self.config.hidden_posts, now).1
        });
        match shown {
            None => true,
            Some(Visible::Unlisted(_)) => entry.is_listed(),
            Some(shown @ Visible::Listed(_)) => entry.is_in_feeds() && !shown.is_in_feeds(),
        }
    }

    /// Builds the card of a file's post; `None` if it has none.
    pub fn build_card(&self, path: &str) -> Option<Card> {
        let entry = self.posts.get(path)?.entry.as_ref()?;
        entry.card_path().map(|_| self.site.build_post_card(entry))
    }

    /// Collects the state of each post, sorted by path.
    pub fn collect_evaluations(&self) -> Vec<PostEvaluation> {
        let mut evaluations: Vec<PostEvaluation> = self
            .posts
            .values()
            .map(|held| {
                let (own, _) =
                    visibility::evaluate_visibility(&held.post, self.config.hidden_posts, self.now);
                match self.unique_addresses.find_conflict(&held.post) {
                    Some(conflict) if held.listing.is_some() => PostEvaluation {
                        state: PostState::Shadowed {
                            by: conflict.winner_path.to_string(),
                        },
                        ..own
                    },
                    _ => own,
                }
            })
            .collect();
        evaluations.sort_by(|a, b| a.path.cmp(&b.path));
        evaluations
    }

    /// Collects conflicts between posts and dates that have no effect, sorted.
    pub fn collect_findings(&self) -> Vec<Finding> {
        let post = |path: &str| self.posts.get(path).map(|held| &*held.post);
        let address_conflicts =
            self.unique_addresses
                .all_conflicts()
                .filter_map(|(path, conflict)| {
                    Some(conflict_findings::report_duplicate_address(
                        post(path)?,
                        conflict,
                    ))
                });
        let card_conflicts = self
            .unique_cards
            .all_conflicts()
            .filter_map(|(path, conflict)| {
                Some(conflict_findings::report_duplicate_card(
                    post(path)?,
                    &conflict.winner_path,
                ))
            });
        let flagged = || self.flagged.iter().filter_map(|path| post(path));
        let future_updates =
            flagged().filter(|post| post.updated_at.is_some_and(|updated| updated > self.now));
        let stray_dates = flagged().flat_map(|post| {
            let dates = post.stray_dates().iter();
            // An end in the past or a beginning in the future would hide the post.
            let limiting = dates.filter(|date| date.is_end == (date.at <= self.now));
            limiting.map(|date| conflict_findings::report_stray_date(post, date))
        });
        let flagged_entries = self.flagged.iter().filter_map(|path| self.find_entry(path));
        let broken_links =
            flagged_entries.flat_map(|entry| report_broken_links(entry.post(), entry.links()));
        let at_site_path = flagged().filter(|post| is_site_card_path(post.permalink.url_path()));
        let mut findings: Vec<Finding> = address_conflicts
            .chain(card_conflicts)
            .chain(future_updates.map(conflict_findings::report_future_update))
            .chain(stray_dates)
            .chain(broken_links)
            .chain(
                at_site_path
                    .map(|post| conflict_findings::report_duplicate_card(post, "the site itself")),
            )
            .chain(self.aliases.conflict_findings())
            .collect();
        findings.sort();
        findings
    }

    /// Applies changed posts, and dates that are reached by `now`. The order of the changes makes
    /// no difference; of several changes of one file the last counts.
    pub fn apply_changes(&mut self, changes: Vec<PostUpdate>, now: DateTime<Utc>) -> SiteChanges {
        let mut due: Vec<Arc<str>> = self
            .due_dates
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, path)| Arc::clone(path))
            .collect();
        if now < self.now {
            // If the clock was set back, dates that were reached are in the future again.
            let is_ahead = |date: DateTime<Utc>| date > now && date <= self.now;
            let ahead = self
                .posts
                .values()
                .filter(|held| held.post.all_dates().any(is_ahead));
            due.extend(ahead.map(|held| Arc::clone(&held.post.path)));
        }
        self.now = now;
        let due_changes = due.into_iter().filter_map(|path| {
            let post = Arc::clone(&self.posts.get(&path)?.post);
            Some((path, Some(post)))
        });
        // Changed posts come last, so that they override posts that are only due.
        let sorted = sort_changes(due_changes.chain(changes).collect());
        let mut affected = self.evaluate_changes(sorted);
        self.resolve_card_conflicts(&mut affected);
        affected.add_referrers(
            &self.links,
            |path| self.find_public(path),
            |path| self.find_entry(path),
        );
        let difference = self.update_entries(affected);
        let news = self.config.news.as_ref();
        self.site.news = news.map(|news| select_news(&self.site, news, &self.config, now));
        self.entry_lists.remove_unused();
        difference
    }

    /// Evaluates the visibility of changed posts and resolves conflicts over URLs and ids. The
    /// changes are sorted by path.
    fn evaluate_changes(&mut self, changes: Vec<PostUpdate>) -> AffectedPosts {
        let (hidden, now, addresses) = (self.config.hidden_posts, self.now, &self.unique_addresses);
        let evaluated = parallel::map_items(changes, |(path, post): PostUpdate| {
            let post = post.map(|post| EvaluatedPost::evaluate_post(post, hidden, now, addresses));
            (path, post)
        });
        let mut keys = Vec::new();
        let mut previous = Vec::with_capacity(evaluated.len());
        for (path, new) in evaluated {
            let old = self.posts.remove(&path);
            if let Some(old) = &old {
                if old.listing.is_some() {
                    keys.extend(self.unique_addresses.remove_post(&old.post));
                }
                self.links.remove_post(&old.post);
                if let Some(at) = old.next_change {
                    self.due_dates.remove(&(at, Arc::clone(&path)));
                }
            }
            let entry = old.and_then(|old| old.entry);
            if let Some(EvaluatedPost {
                post,
                listing,
                next_change: due,
                key_hashes: claimed,
            }) = new
            {
                if self.unique_addresses.insert_post(&post, &claimed) {
                    keys.extend(claimed);
                }
                self.links.add_post(&post);
                if let Some(at) = due {
                    self.due_dates.insert((at, Arc::clone(&path)));
                }
                let held = IndexedPost {
                    post,
                    listing,
                    next_change: due,
                    entry: entry.clone(),
                };
                self.posts.insert(Arc::clone(&path), held);
            }
            let is_judged = true;
            previous.push((
                path,
                PreviousEntry {
                    entry,
                    is_evaluated: is_judged,
                },
            ));
        }
        let posts = self.posts.values().map(|held| &held.post);
        self.links.activate_if_linked(posts);
        let held = &self.posts;
        let contested = self
            .unique_addresses
            .resolve_conflicts(keys, |a, b| compare_precedence(held, a, b));
        let mut affected = AffectedPosts::from_evaluated(previous);
        self.mark_affected(&contested, &mut affected);
        affected
    }

    /// Adds posts that a change of other posts may affect.
    fn mark_affected(&self, posts: &[Arc<Post>], affected: &mut AffectedPosts) {
        for post in posts {
            if let Some((path, held)) = self.posts.get_key_value(&post.path) {
                affected.add_unevaluated(path, held.entry.as_ref());
            }
        }
    }

    /// Returns the post of a file if it may be seen and won its URL and id.
    fn find_winner(&self, path: &str) -> Option<&IndexedPost> {
        let held = self.posts.get(path).filter(|held| held.listing.is_some())?;
        self.unique_addresses
            .find_conflict(&held.post)
            .is_none()
            .then_some(held)
    }

    fn find_public(&self, path: &str) -> Option<&Arc<Post>> {
        Some(&self.find_winner(path)?.post)
    }

    /// Resolves conflicts over card paths.
    fn resolve_card_conflicts(&mut self, affected: &mut AffectedPosts) {
        let (mut keys, mut added) = (Vec::new(), Vec::new());
        for (path, before) in affected.iter() {
            let after = self.find_winner(path).map(|held| Arc::clone(&held.post));
            let entry = before.entry.as_ref();
            if let (Some(entry), Some(post)) = (entry, &after)
                && entry.is_built_from(post)
            {
                continue;
            }
            if let Some(entry) = entry {
                keys.extend(self.unique_cards.remove_post(entry.post()));
            }
            added.extend(after);
        }
        let cards = &self.unique_cards;
        let with_keys =
            parallel::map_items(added, |post: Arc<Post>| (cards.hash_keys(&post), post));
        for (hashes, post) in with_keys {
            if self.unique_cards.insert_post(&post, &hashes) {
                keys.extend(hashes);
            }
        }
        let held = &self.posts;
        let contested = self
            .unique_cards
            .resolve_conflicts(keys, |a, b| compare_precedence(held, a, b));
        self.mark_affected(&contested, affected);
    }

    /// Builds the entries of affected posts and replaces the previous ones in all lists.
    fn update_entries(&mut self, affected: AffectedPosts) -> SiteChanges {
        let mut difference = SiteChanges::default();
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        let planned: Vec<_> = affected
            .into_iter()
            .map(|(path, before)| {
                let plan = self.plan_entry(&path, &before);
                (path, before, plan)
            })
            .collect();
        let (config, now) = (&self.config, self.now);
        let built = parallel::map_items(planned, |(path, before, plan)| {
            let after = plan.and_then(|plan| plan.build_entry(&before, config, now));
            (path, before, after)
        });
        for (path, before, after) in built {
            let held = self.posts.get_mut(&path);
            let has_post = held.is_some();
            if let Some(held) = held {
                held.entry.clone_from(&after);
            }
            if after.as_ref().is_some_and(|entry| entry.has_finding()) {
                self.flagged.insert(Arc::clone(&path));
            } else {
                self.flagged.remove(&path);
            }
            let (old, new) = (before.entry, after);
            if let (Some(old), Some(new)) = (&old, &new)
                && Arc::ptr_eq(old, new)
            {
                continue;
            }
            difference.record_post(&path, has_post, old.as_ref(), new.as_ref());
            removed.extend(old);
            added.extend(new);
        }
        // Every list that receives them has this order.
        parallel::sort_items(&mut added, |a, b| compare_newest_first(a, b));
        let listed = |entries: &[Arc<Entry>], is_listed: bool| -> Vec<Arc<Entry>> {
            entries
                .iter()
                .filter(|entry| entry.is_listed() == is_listed)
                .cloned()
                .collect()
        };
        let (listed_removed, listed_added) = (listed(&removed, true), listed(&added, true));
        let SiteIndex { site, config, .. } = self;
        let Site {
            feeds,
            unlisted,
            cards,
            ..
        } = site;
        let mut sitemap = SitemapUpdate {
            urls: &mut site.sitemap_urls,
            translations: &mut site.translations,
            pages: &site.settings.page_urls,
            translation_groups: &mut self.translation_groups,
            site_language: &config.site.language,
            addresses: &self.unique_addresses,
            posts: &self.posts,
        };
        let (changed_feeds, ()) = parallel::join_closures(
            removed.len() + added.len(),
            || {
                unlisted.update_entries(&listed(&removed, false), &listed(&added, false));
                cards.update_cards(&removed, &added);
                feeds.update_entries(&listed_removed, &listed_added, config)
            },
            || sitemap.update_entries(&listed_removed, &listed_added),
        );
        difference.taxonomy_feeds = changed_feeds;
        self.update_redirects(&removed, &added, &mut difference);
        difference
    }

    /// Plans the entry of a file: reuse, rebuild, or none.
    fn plan_entry(&mut self, path: &str, before: &PreviousEntry) -> Option<EntryPlan> {
        let held = self.find_winner(path)?;
        let has_card = self.unique_cards.find_conflict(&held.post).is_none()
            && !is_site_card_path(held.post.permalink.url_path());
        let links = (self.links).resolve_links(&held.post, |path| self.find_public(path));
        if let Some(entry) = before.entry.as_ref().filter(|_| !before.is_evaluated)
            && entry.is_built_from(&held.post)
            && entry.card_path().is_some() == has_card
            && *entry.links() == links
        {
            return Some(EntryPlan::Reuse(Arc::clone(entry)));
        }
        let post = Arc::clone(&held.post);
        let lists = self
            .entry_lists
            .intern_post_terms(&post, &self.config.authors);
        Some(EntryPlan::Build {
            post,
            has_card,
            lists,
            links,
        })
    }

    /// Updates redirects from former paths, and the paths of withdrawn cards.
    fn update_redirects(
        &mut self,
        removed: &[Arc<Entry>],
        added: &[Arc<Entry>],
        difference: &mut SiteChanges,
    ) {
        let (held, cards) = (&self.posts, &self.unique_cards);
        let current_owner = |path: &str| {
            if is_site_card_path(path) {
                return Some("the site itself".to_owned());
            }
            let owner = card_keys_at_path(path)
                .iter()
                .find_map(|key| cards.find_holder(key).cloned());
            owner.map(|post| post.path.to_string())
        };
        let aliases = self.aliases.update_aliases(
            removed,
            added,
            |a, b| compare_precedence(held, a.post(), b.post()),
            current_owner,
        );
        let addresses = &self.unique_addresses;
        let entry_of = |path: &str| held.get(path).and_then(|held| held.entry.as_ref());
        let successor = |id: &str, source: &str| {
            let has_card = |entry: &&Arc<Entry>| entry.card_path().is_some();
            addresses
                .find_holder(&(ID_KEY, Cow::Borrowed(id)))
                .and_then(|post| entry_of(&post.path))
                .filter(has_card)
                .or_else(|| entry_of(source).filter(has_card))
                .cloned()
        };
        difference.has_public_changes |=
            self.redirect_history
                .update_site(&mut self.site, aliases, removed, added, successor);
    }
}

/// Compares the precedence of two posts. Listed posts come before unlisted ones, because otherwise
/// an unlisted revision would shadow the public one; then the newest comes first.
fn compare_precedence(
    held: &HashMap<Arc<str>, IndexedPost>,
    a: &Arc<Post>,
    b: &Arc<Post>,
) -> Ordering {
    let listing = |post: &Post| held.get(&post.path).and_then(|held| held.listing);
    listing(a)
        .cmp(&listing(b))
        .then_with(|| b.published_at.cmp(&a.published_at))
        .then_with(|| a.path.cmp(&b.path))
}
