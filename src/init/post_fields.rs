//! Finds the fields in which posts state their address and title, if the usual names do not hold.

use crate::detect::detected::DetectedSite;
use crate::detect::pages::MarkdownPages;
use crate::detect::setting::{SettingKey, SettingSource};
use crate::front_matter::data_file::{self, FrontMatterValue};

/// Sets the field of the permalink if posts use a different name for data, such as the `url` of a link blog.
pub(super) fn set_permalink_field(draft: &mut DetectedSite<'_>, pages: &mut MarkdownPages) {
    let tool = draft.tools.first().map_or("", |tool| tool.0);
    let field = match tool {
        "Astro" | "Docusaurus" | "Eleventy" | "Hexo" | "Jekyll" | "VitePress" => "permalink",
        "Nuxt Content" | "Zola" => "path",
        _ => return,
    };
    // Code that makes addresses may read any field. Posts on several hosts cannot all be here.
    let permalinks = draft.settings.get(&SettingKey::Permalinks);
    let is_guess = permalinks.is_some_and(|known| matches!(known.source, SettingSource::Guess(_)));
    let has_data = pages.dated_pages().any(|page| {
        page.front.get(field).is_none() && data_file::find_permalink(&page.front).is_some()
    });
    if has_data && !(is_guess && pages.post_origins().len() < 2) {
        let why = format!("{tool} reads no other field as the address of a post");
        draft.set_field("permalink", field, SettingSource::GeneratorDefault(why));
        pages.permalink_field = Some(field);
    }
}

/// Sets the field of the title to one that all posts have, if many have no usual one.
pub(super) fn set_title_field(draft: &mut DetectedSite<'_>, pages: &MarkdownPages) {
    let posts: Vec<_> = pages.dated_pages().map(|page| &page.front).collect();
    let untitled = posts
        .iter()
        .filter(|post| !data_file::has_title(post))
        .count();
    let Some(FrontMatterValue::Map(fields)) = posts.first().map(|post| &post.value) else {
        return;
    };
    let has_text = |name: &str| {
        let mut texts = posts.iter().map(|post| post.get(name)?.as_text());
        texts.all(|text| text.is_some_and(|text| !text.trim().is_empty()))
    };
    let mut names = fields.iter().map(|(name, _)| name.as_str());
    let shared = names.find(|name| name.to_lowercase().ends_with("title") && has_text(name));
    if let Some(name) = shared.filter(|_| untitled * 3 > posts.len()) {
        let why = format!("all posts have `{name}`, and {untitled} no `title`");
        draft.set_field("title", name, SettingSource::Guess(why));
    }
}
