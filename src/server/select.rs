//! A resource, and the codings that a client takes, into the form that it is sent.

use std::sync::Arc;

use super::negotiate::Accepted;
use crate::artifact::Deferred;
use crate::snapshot::{Coding, Content, Form, Representation, Resource, Tags};

/// What of a resource a request is answered with.
pub(super) enum Selected<'a> {
    Ready(Arc<Representation>),
    Deferred(Form, &'a Deferred),
}

impl Selected<'_> {
    pub(super) fn form(&self) -> Form {
        match self {
            Selected::Ready(representation) => representation.form,
            Selected::Deferred(form, _) => *form,
        }
    }
}

/// The form of a resource to answer with, and the tags of all; `None`, where there is nothing but where it was.
pub(super) fn select(resource: &Resource, accepted: Accepted) -> Option<(&Tags, Selected<'_>)> {
    match &resource.content {
        Content::Moved(_) | Content::Gone => None,
        Content::Deferred { tags, deferred } => {
            let form = late(accepted, tags.forms());
            Some((tags, Selected::Deferred(form, deferred)))
        }
        Content::Ready(ready) => {
            let coding = accepted.choose(|coding| ready.len_in(coding));
            let representation = ready.in_coding(coding)?;
            Some((ready.tags(), Selected::Ready(representation)))
        }
    }
}

/// The form, of those that there may be, in which what is made late is made for a client. Nobody knows how long it
/// will be.
pub(super) fn late(accepted: Accepted, forms: &[Form]) -> Form {
    Form::at_once(accepted.choose(|coding| {
        let rank = match coding {
            Coding::Brotli => 0,
            Coding::Zstd => 1,
            Coding::Gzip => 2,
            Coding::Identity => 3,
        };
        forms.contains(&Form::at_once(coding)).then_some(rank)
    }))
}
