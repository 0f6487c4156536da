//! What a post claims that only one can have.

use std::borrow::Cow;

use super::contest::Claim;
use crate::artifact::ArtifactKey;
use crate::post::Post;

/// The kind of claim on an address.
pub(super) const ADDRESS: u8 = 0;
/// On an id.
pub(super) const ID: u8 = 1;
/// On the path of a card.
const CARD: u8 = 2;

/// Nobody has the address or the id of another.
pub(super) fn addresses(post: &Post) -> Vec<Claim<'_>> {
    vec![
        (ADDRESS, Cow::Borrowed(&post.permalink.url)),
        (ID, Cow::Borrowed(post.id())),
    ]
}

/// An address is more than its path: origins and queries differ where paths do not.
pub(super) fn cards(post: &Post) -> Vec<Claim<'_>> {
    card_claims(post.permalink.path())
}

/// The path of a card, and where it ends as the path of another's picture, that one's.
pub(super) fn card_claims(path: &str) -> Vec<Claim<'_>> {
    let of_picture = ArtifactKey::card_path_of_picture(path);
    std::iter::once(path)
        .chain(of_picture)
        .map(|path| (CARD, Cow::Borrowed(path)))
        .collect()
}

/// The site's own card is at `/`.
pub(super) fn is_the_sites(path: &str) -> bool {
    path == "/" || ArtifactKey::card_path_of_picture(path) == Some("/")
}
