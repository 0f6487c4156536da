//! Chooses the encoding in which a resource is sent.

use std::sync::Arc;

use super::accept_encoding::AcceptedEncodings;
use crate::model::artifact::LazyBody;
use crate::publish::snapshot::{
    ContentCoding, Encoding, EntityTags, Representation, Resource, ResourceContent,
};

/// Representation that a request is answered with.
pub(super) enum SelectedEncoding<'a> {
    Eager(Arc<Representation>),
    Lazy(Encoding, &'a LazyBody),
}

impl SelectedEncoding<'_> {
    pub(super) fn encoding(&self) -> Encoding {
        match self {
            SelectedEncoding::Eager(representation) => representation.encoding,
            SelectedEncoding::Lazy(form, _) => *form,
        }
    }
}

/// Chooses the encoding of a resource, and returns it with the entity tags of all encodings. `None` if the resource
/// moved or is gone.
pub(super) fn choose_encoding(
    resource: &Resource,
    accepted: AcceptedEncodings,
) -> Option<(&EntityTags, SelectedEncoding<'_>)> {
    match &resource.content {
        ResourceContent::Moved(_) | ResourceContent::Gone => None,
        ResourceContent::Lazy {
            tags,
            body: deferred,
        } => {
            let form = choose_lazy_encoding(accepted, tags.possible_encodings());
            Some((tags, SelectedEncoding::Lazy(form, deferred)))
        }
        ResourceContent::Eager(ready) => {
            let coding = accepted.choose_coding(|coding| ready.len_in_coding(coding));
            let representation = ready.smallest_in_coding(coding)?;
            Some((ready.entity_tags(), SelectedEncoding::Eager(representation)))
        }
    }
}

/// Chooses the encoding of a lazy body among `forms`. Lengths are unknown, so a fixed rank decides between equal
/// weights.
pub(super) fn choose_lazy_encoding(
    accepted: AcceptedEncodings,
    encodings: &[Encoding],
) -> Encoding {
    Encoding::fastest_for(accepted.choose_coding(|coding| {
        let rank = match coding {
            ContentCoding::Brotli => 0,
            ContentCoding::Zstd => 1,
            ContentCoding::Gzip => 2,
            ContentCoding::Identity => 3,
        };
        encodings
            .contains(&Encoding::fastest_for(coding))
            .then_some(rank)
    }))
}
