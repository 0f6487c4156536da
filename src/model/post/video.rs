//! Defines a video of a post, and recognises the players of YouTube and Vimeo.

use url::Url;

/// Maximum number of videos of a post that the sitemap lists. A page with more is a gallery.
pub(crate) const MAX_VIDEOS: usize = 8;
/// Length of the id of each YouTube video.
const YOUTUBE_ID_LEN: usize = 11;

/// Video that a post shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Video {
    /// Absolute URL of the file or of the player.
    pub url: String,
    /// True if the URL is that of a player, false if it is that of a file.
    pub is_player: bool,
    /// Absolute URL of a picture of it; empty if neither the video nor the post has one.
    pub thumbnail_url: String,
}

impl Video {
    /// Creates a video from the URL of its file and that of its picture.
    pub fn from_file(url: &str, poster: Option<&str>) -> Video {
        Video {
            url: url.to_owned(),
            is_player: false,
            thumbnail_url: poster.unwrap_or_default().to_owned(),
        }
    }

    /// Creates a video from the URL of a page or player of YouTube or Vimeo; `None` for any other URL.
    pub fn from_embed_url(address: &str) -> Option<Video> {
        let url = Url::parse(address).ok()?;
        let host = url.host_str()?;
        let host = ["www.", "m."]
            .iter()
            .find_map(|prefix| host.strip_prefix(prefix))
            .unwrap_or(host);
        let parts: Vec<&str> = url
            .path_segments()?
            .filter(|part| !part.is_empty())
            .collect();
        let parameter = |name: &str| {
            let value = url.query_pairs().find(|(key, _)| key == name);
            value.map(|(_, value)| value.into_owned())
        };
        let youtube = match (host, parts.as_slice()) {
            ("youtu.be", [id]) => Some((*id).to_owned()),
            ("youtube.com" | "youtube-nocookie.com", ["embed" | "shorts" | "live", id]) => {
                Some((*id).to_owned())
            }
            ("youtube.com", ["watch"]) => parameter("v"),
            _ => None,
        };
        if let Some(id) = youtube.filter(|id| is_youtube_id(id)) {
            return Some(Video {
                url: format!("https://www.youtube.com/embed/{id}"),
                is_player: true,
                thumbnail_url: format!("https://i.ytimg.com/vi/{id}/hqdefault.jpg"),
            });
        }
        let vimeo = match (host, parts.as_slice()) {
            ("player.vimeo.com", ["video", id]) | ("vimeo.com", [id]) => *id,
            _ => return None,
        };
        let is_number = !vimeo.is_empty() && vimeo.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Video {
            url: format!("https://player.vimeo.com/video/{vimeo}"),
            is_player: true,
            thumbnail_url: String::new(),
        })
    }
}

/// Returns true for the id of a YouTube video. `videoseries` stands for a playlist.
fn is_youtube_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() == YOUTUBE_ID_LEN
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        && text != "videoseries"
}

#[cfg(test)]
mod tests {
    use super::Video;

    #[test]
    fn players_of_youtube_and_vimeo_are_recognised() {
        let player = |url: &str| Video::from_embed_url(url).map(|video| video.url);
        for url in [
            "https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0",
            "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
            "https://m.youtube.com/watch?list=x&v=dQw4w9WgXcQ",
            "https://youtu.be/dQw4w9WgXcQ?t=3",
            "https://youtube.com/shorts/dQw4w9WgXcQ/",
        ] {
            let expected = "https://www.youtube.com/embed/dQw4w9WgXcQ";
            assert_eq!(player(url).as_deref(), Some(expected), "{url}");
        }
        for url in [
            "https://vimeo.com/1234",
            "https://player.vimeo.com/video/1234?h=1",
        ] {
            let expected = "https://player.vimeo.com/video/1234";
            assert_eq!(player(url).as_deref(), Some(expected), "{url}");
        }
        for url in [
            "https://www.youtube.com/embed/videoseries?list=PLx",
            "https://www.youtube.com/watch?v=short",
            "https://www.youtube.com/@harbour",
            "https://vimeo.com/about",
            "https://youtube.com.example/embed/dQw4w9WgXcQ",
            "mailto:a@youtu.be",
            "/embed/dQw4w9WgXcQ",
        ] {
            assert_eq!(player(url), None, "{url}");
        }
    }
}
