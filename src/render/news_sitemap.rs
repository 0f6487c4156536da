//! Renders the news sitemap: the posts of the last two days, for Google News.
//!
//! The site index selects the posts, because rendering knows no clock.

use std::sync::Arc;

use super::render_error::RenderError;
use super::xml::XmlWriter;
use super::xml_stylesheet;
use crate::site::SiteSettings;
use crate::site::entry::Entry;
use crate::timestamp::format_rfc3339;

const SITEMAP_NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const NEWS_NAMESPACE: &str = "http://www.google.com/schemas/sitemap-news/0.9";

/// Renders the posts, which are sorted newest first. Without posts the list is empty.
pub(super) fn render_news_sitemap(
    settings: &SiteSettings,
    publication: &str,
    news: &[Arc<Entry>],
) -> Result<Vec<u8>, RenderError> {
    let mut xml = XmlWriter::new()?;
    let namespaces = [("xmlns", SITEMAP_NAMESPACE), ("xmlns:news", NEWS_NAMESPACE)];
    xml.open_element("urlset", &namespaces)?;
    for entry in news {
        let language = entry.language_override().unwrap_or(&settings.language);
        xml.open_element("url", &[])?;
        xml.write_text_element("loc", entry.url())?;
        xml.open_element("news:news", &[])?;
        xml.open_element("news:publication", &[])?;
        xml.write_text_element("news:name", publication)?;
        xml.write_text_element("news:language", &to_news_language(language))?;
        xml.close_element("news:publication")?;
        let published = format_rfc3339(entry.published_at());
        xml.write_text_element("news:publication_date", &published)?;
        xml.write_text_element("news:title", entry.title())?;
        xml.close_element("news:news")?;
        xml.close_element("url")?;
    }
    xml.close_element("urlset")?;
    Ok(xml_stylesheet::link_stylesheet(xml.finish(), settings))
}

/// Returns the code that Google News expects: the language alone, but `zh-cn` or `zh-tw` for Chinese.
fn to_news_language(tag: &str) -> String {
    let tag = tag.to_ascii_lowercase();
    let mut subtags = tag.split('-');
    match subtags.next() {
        Some("zh") if subtags.any(|part| matches!(part, "hant" | "tw" | "hk" | "mo")) => {
            "zh-tw".to_owned()
        }
        Some("zh") => "zh-cn".to_owned(),
        language => language.unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::to_news_language;

    #[test]
    fn news_language_is_a_code_that_google_knows() {
        for (tag, expected) in [
            ("en", "en"),
            ("pt-BR", "pt"),
            ("zh", "zh-cn"),
            ("zh-Hans-SG", "zh-cn"),
            ("zh-Hant-HK", "zh-tw"),
            ("zh-TW", "zh-tw"),
        ] {
            assert_eq!(to_news_language(tag), expected, "{tag}");
        }
    }
}
