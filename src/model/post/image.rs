//! Defines an image of a post.

/// Extensions of videos, sounds and documents, which are no pictures even if an `<img>` or a field names them.
const OTHER_MEDIA_EXTENSIONS: [&str; 24] = [
    "mp4", "m4v", "webm", "mov", "ogv", "avi", "mkv", "mp3", "m4a", "ogg", "oga", "opus", "wav",
    "flac", "aac", "m4b", "weba", "epub", "pdf", "html", "htm", "md", "mdx", "txt",
];
/// Extensions of pictures that networks do not show: X takes JPEG, PNG, WebP and GIF.
const UNSHOWN_EXTENSIONS: [&str; 8] = ["svg", "svgz", "avif", "heic", "tif", "tiff", "bmp", "ico"];

/// Extensions of pictures that networks show.
const SHOWN_EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "gif", "webp", "jfif"];

/// Image of a post.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// Absolute URL.
    pub url: String,
    /// Text alternative, if the author gave one.
    pub alt: Option<String>,
}

impl Image {
    /// Returns true if social networks show pictures of this type, as far as the URL tells it.
    pub fn is_previewable(&self) -> bool {
        !has_extension(&self.url, &UNSHOWN_EXTENSIONS) && !is_other_media_url(&self.url)
    }
}

/// Returns true if a URL names a video, a sound or a document.
pub(crate) fn is_other_media_url(url: &str) -> bool {
    has_extension(url, &OTHER_MEDIA_EXTENSIONS)
}

/// Returns true if a text ends like the name of a picture file that networks show.
pub(crate) fn is_shown_picture(text: &str) -> bool {
    has_extension(text, &SHOWN_EXTENSIONS)
}

/// Returns true if a text may be the address of a picture, and not a word, a number, a colour or a template.
pub(crate) fn is_picture_address(text: &str) -> bool {
    let is_path = text.contains('/') && !text.contains(char::is_whitespace);
    let is_address = text.starts_with('/') || text.contains("://");
    (is_path || is_address || has_picture_extension(text)) && !text.contains("{{")
}

/// Returns true if a text ends like the name of a picture file.
pub(crate) fn has_picture_extension(text: &str) -> bool {
    is_shown_picture(text) || has_extension(text, &UNSHOWN_EXTENSIONS)
}

/// Returns true if the path of a URL ends with one of these extensions.
fn has_extension(url: &str, extensions: &[&str]) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        extensions
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_that_networks_take_are_previewable() {
        let is_previewable = |url: &str| {
            let url = url.to_owned();
            Image { url, alt: None }.is_previewable()
        };
        for url in [
            "https://e.org/a.png",
            "https://e.org/a.JPEG?b.svg",
            "https://cdn.example/photo",
            "https://cdn.example/f_auto/v1.2/photo",
            "https://photo.md/",
        ] {
            assert!(is_previewable(url), "{url}");
        }
        for url in [
            "https://e.org/a.svg",
            "https://e.org/a.SVG?x=1#y",
            "https://e.org/a.avif",
            "https://e.org/v/clip.mp4",
        ] {
            assert!(!is_previewable(url), "{url}");
        }
        assert!(is_other_media_url("https://e.org/a.webm"));
        assert!(!is_other_media_url("https://e.org/a.svg"));
    }
}
