//! Builds artifacts and the links of their `Link` header.

use crate::model::artifact::{
    Artifact, ArtifactBody, ArtifactKey, FeedFormat, FeedPageId, Link, OutputBytes,
};
use crate::site::Site;
use crate::site::feed::FeedDocument;
use std::sync::Arc;

pub(super) fn new_ready_artifact(
    key: ArtifactKey,
    bytes: Arc<OutputBytes>,
    links: Vec<Link>,
) -> Artifact {
    Artifact {
        key,
        body: ArtifactBody::Eager(bytes),
        links,
        noindex: false,
    }
}

/// Returns the links of a feed document: itself, the site, the other formats, related pages, and hubs.
pub(super) fn feed_links(site: &Site, document: &FeedDocument, format: FeedFormat) -> Vec<Link> {
    let public_url = &site.settings.public_url;
    let link = |page: FeedPageId, format: FeedFormat, rel| Link {
        target: document.artifact_key(format).page_url(page, public_url),
        rel,
        mime_type: Some(format.mime_type()),
    };
    let mut links = vec![
        link(document.page, format, "self"),
        Link {
            target: site.settings.url.clone(),
            rel: "alternate",
            mime_type: Some("text/html"),
        },
    ];
    let formats = document.feed.formats.iter();
    let others = formats.filter(|other| **other != format);
    links.extend(others.map(|other| link(document.page, *other, "alternate")));
    let related = document.related_documents().into_iter();
    links.extend(related.map(|(rel, page)| link(page, format, rel)));
    links.extend(document_hubs(site, document).iter().map(|hub| Link {
        target: hub.clone(),
        rel: "hub",
        mime_type: None,
    }));
    links
}

/// Returns the hubs that a document names. Only the first document of a feed is a topic, as readers subscribe to it.
pub(super) fn document_hubs<'a>(site: &'a Site, document: &FeedDocument) -> &'a [String] {
    match document.page {
        FeedPageId::Number(1) => &site.settings.hubs,
        _ => &[],
    }
}
