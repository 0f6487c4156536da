//! Lists the keys that only one post may use: its URL, its id and the path of its card.

use std::borrow::Cow;

use super::UniqueKey;
use crate::model::artifact::ArtifactKey;
use crate::model::post::Post;

/// Kind of the key that is a post's URL.
pub(crate) const ADDRESS_KEY: u8 = 0;
/// Kind of the key that is a post's id.
pub(crate) const ID_KEY: u8 = 1;
/// Kind of the key that is a path of cards.
const CARD_KEY: u8 = 2;

/// Returns the URL and the id of a post.
pub(crate) fn list_address_keys(post: &Post) -> Vec<UniqueKey<'_>> {
    vec![
        (ADDRESS_KEY, Cow::Borrowed(&post.permalink.url)),
        (ID_KEY, Cow::Borrowed(post.id())),
    ]
}

/// Returns the card paths of a post. URLs that differ in origin or query only share a path, so
/// unique URLs do not make unique cards.
pub(crate) fn list_card_keys(post: &Post) -> Vec<UniqueKey<'_>> {
    card_keys_at_path(post.permalink.url_path())
}

/// Returns the path of a card and, if that path is also a card image, the path of the image's card.
pub(crate) fn card_keys_at_path(path: &str) -> Vec<UniqueKey<'_>> {
    std::iter::once(path)
        .chain(ArtifactKey::card_path_from_image_path(path))
        .map(|path| (CARD_KEY, Cow::Borrowed(path)))
        .collect()
}

/// Returns true if the path belongs to the site's own card, which is at `/`.
pub(crate) fn is_site_card_path(path: &str) -> bool {
    path == "/" || ArtifactKey::card_path_from_image_path(path) == Some("/")
}
