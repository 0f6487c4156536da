//! A body that is rendered when it is asked for, from the text that was read, or read again.
//!
//! A file that has changed since gives nothing: what is in it now may be hidden.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::front_matter::{self, Front, Split};
use super::parse::{is_mdx, tidied};
use super::read::read_file;
use super::rendering::Rendering;
use crate::post::{self, Content, Lost, Permalink, Source};

/// Where a post is read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The file.
    pub(super) file: &'a Path,
    /// What its body is rendered with.
    pub(super) rendering: &'a Arc<Rendering>,
    /// Whether the body is to keep its text until it is to forget it.
    pub(super) keeps_text: bool,
}

/// A body to be rendered. There is one of each post, so it holds little.
#[derive(Debug)]
struct Later {
    rendering: Arc<Rendering>,
    /// The file; without one the text stays.
    file: Option<File>,
    permalink: Arc<str>,
    is_mdx: bool,
    /// The text, while it is kept.
    text: Mutex<Option<Arc<str>>>,
}

#[derive(Debug)]
enum File {
    /// That of the post, below the content directory.
    Own(Arc<str>),
    /// One of which the post's path does not tell: its name is no text, or it is elsewhere.
    Other(Box<Path>),
}

/// A body of this text. Without an origin, which comes with the path of the post, it keeps the text for
/// good.
pub(super) fn body(
    text: &str,
    is_mdx: bool,
    permalink: &Permalink,
    rendering: &Arc<Rendering>,
    origin: Option<(&Arc<str>, Origin<'_>)>,
) -> post::Body {
    let fingerprint = rendering.fingerprint(text, is_mdx, &permalink.url);
    let keeps_text = origin.is_none_or(|(_, origin)| origin.keeps_text);
    let later = Later {
        rendering: Arc::clone(rendering),
        file: origin.map(|(path, origin)| File::of(origin.file, path, rendering)),
        permalink: Arc::clone(&permalink.url),
        is_mdx,
        text: Mutex::new(keeps_text.then(|| text.into())),
    };
    post::Body::new(fingerprint, Arc::new(later))
}

/// A body whose text was read before, and has this fingerprint.
pub(super) fn unread(
    fingerprint: u128,
    permalink: &Permalink,
    (path, file): (&Arc<str>, &Path),
    rendering: &Arc<Rendering>,
) -> post::Body {
    let later = Later {
        rendering: Arc::clone(rendering),
        file: Some(File::of(file, path, rendering)),
        permalink: Arc::clone(&permalink.url),
        is_mdx: is_mdx(path),
        text: Mutex::default(),
    };
    post::Body::new(fingerprint, Arc::new(later))
}

impl File {
    /// A file, of the post of this path.
    fn of(file: &Path, path: &Arc<str>, rendering: &Rendering) -> File {
        match file.strip_prefix(&rendering.dir) {
            Ok(below) if below.as_os_str() == &**path => File::Own(Arc::clone(path)),
            Ok(below) => File::Other(below.into()),
            Err(_) => File::Other(file.into()),
        }
    }
}

impl Later {
    fn text(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept_text(&self) -> Option<Arc<str>> {
        self.text().clone()
    }

    fn render(&self, text: &str) -> Result<Content, Lost> {
        // A library that panics on one text must not take the others down.
        let render = || self.rendering.content(text, self.is_mdx, &self.permalink);
        catch_unwind(AssertUnwindSafe(render)).map_err(|_| Lost)
    }

    /// The text of the file, if it is the one that the fingerprint is of. What stands before it need not be
    /// what it was, nor be right.
    fn read(&self, fingerprint: u128) -> Option<Arc<str>> {
        let file = self.rendering.dir.join(match self.file.as_ref()? {
            File::Own(path) => Path::new(&**path),
            File::Other(file) => file,
        });
        let bytes = read_file(&file, self.rendering.max_file_size)?;
        let text = tidied(std::str::from_utf8(&bytes).ok()?);
        let Split::Front(Front { body, .. }) = front_matter::split(&text) else {
            return None;
        };
        let found = self
            .rendering
            .fingerprint(body, self.is_mdx, &self.permalink);
        (found == fingerprint).then(|| body.into())
    }
}

impl Source for Later {
    fn is_at_hand(&self) -> bool {
        self.file.is_none() || self.kept_text().is_some()
    }

    fn content(&self, fingerprint: u128) -> Result<Content, Lost> {
        let text = self.kept_text().or_else(|| self.read(fingerprint));
        self.render(&text.ok_or(Lost)?)
    }

    fn kept(&self) -> usize {
        match self.file {
            Some(_) => self.kept_text().map_or(0, |text| text.len()),
            None => 0,
        }
    }

    fn forget(&self) {
        if self.file.is_some() {
            *self.text() = None;
        }
    }

    fn keep(&self, fingerprint: u128) {
        if !self.is_at_hand() {
            *self.text() = self.read(fingerprint);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;
    use crate::content::{Depth, Parsed, parse, parse_outline};
    use crate::post::Post;
    use tempfile::TempDir;

    const TEXT: &str =
        "---\r\ntitle: A\r\ndate: 2024-05-01\r\n---\r\nSome *text* and ![a](b.png)\r\n";

    fn config(dir: &Path) -> Config {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\ndir = \"posts\"\nmax_file_size = 10_000\n";
        Config::parse(toml, "config.toml", dir).unwrap()
    }

    fn write(dir: &Path, text: &[u8]) -> std::path::PathBuf {
        let posts = dir.join("posts");
        fs::create_dir_all(&posts).unwrap();
        fs::write(posts.join("a.md"), text).unwrap();
        posts.join("a.md")
    }

    fn post(parsed: Parsed) -> Post {
        match parsed {
            Parsed::Post { post, .. } => Arc::unwrap_or_clone(post),
            other => panic!("{other:?}"),
        }
    }

    fn outlined(dir: &TempDir, text: &str) -> Post {
        let config = config(dir.path());
        let file = write(dir.path(), text.as_bytes());
        let rendering = Arc::new(Rendering::new(&config));
        post(parse_outline(
            text.as_bytes(),
            "a.md",
            &file,
            &config,
            &rendering,
            true,
        ))
    }

    #[test]
    fn what_is_kept_and_what_is_read_again_are_what_is_rendered_at_once() {
        let dir = TempDir::new().unwrap();
        let later = outlined(&dir, TEXT);
        let now = post(parse(
            TEXT.as_bytes(),
            "a.md",
            &config(dir.path()),
            Depth::Publish,
        ));
        assert_eq!(later, now);
        let html = now.body.content().unwrap();
        assert!(html.html.contains("<em>text</em>"), "{html:?}");
        assert!(later.body.kept() > 0);
        assert_eq!(later.body.content(), Ok(html.clone()));
        later.body.forget();
        assert_eq!(later.body.kept(), 0);
        assert_eq!(later.body.content(), Ok(html));
    }

    #[test]
    fn another_version_of_the_file_gives_nothing() {
        for now in [
            TEXT.replace("Some", "Other").as_bytes(),
            b"---\ntitle: A\n",
            b"",
            b"\xff",
            format!("{TEXT}{}", "a".repeat(20_000)).as_bytes(),
        ] {
            let dir = TempDir::new().unwrap();
            let later = outlined(&dir, TEXT);
            let kept = later.body.content();
            assert!(kept.is_ok());
            write(dir.path(), now);
            assert_eq!(later.body.content(), kept);
            later.body.forget();
            assert_eq!(later.body.content(), Err(Lost));
        }
        let dir = TempDir::new().unwrap();
        let later = outlined(&dir, TEXT);
        later.body.forget();
        let file = dir.path().join("posts/a.md");
        fs::remove_file(&file).unwrap();
        assert_eq!(later.body.content(), Err(Lost));
        fs::create_dir(&file).unwrap();
        assert_eq!(later.body.content(), Err(Lost));
    }

    #[test]
    fn a_file_whose_front_matter_alone_changed_still_gives_its_body() {
        let dir = TempDir::new().unwrap();
        let later = outlined(&dir, TEXT);
        later.body.forget();
        write(dir.path(), TEXT.replace("title: A", "title: B").as_bytes());
        assert!(later.body.content().is_ok());
    }

    #[test]
    fn without_a_file_the_text_stays() {
        let dir = TempDir::new().unwrap();
        let later = post(parse(
            TEXT.as_bytes(),
            "a.md",
            &config(dir.path()),
            Depth::Outline,
        ));
        later.body.forget();
        assert!(later.body.content().is_ok());
        assert_eq!(later.body.kept(), 0);
    }

    #[test]
    fn whatever_decides_the_html_is_in_the_name() {
        let config = config(Path::new(""));
        let rendering = Rendering::new(&config);
        let mut titled = config.clone();
        titled.site.title = "F".to_owned();
        let titled = Rendering::new(&titled);
        let name = rendering.fingerprint("a {{ site.title }}", false, "https://e.org/a");
        assert_ne!(
            name,
            titled.fingerprint("a {{ site.title }}", false, "https://e.org/a")
        );
        assert_ne!(
            name,
            rendering.fingerprint("a {{ site.title }}", true, "https://e.org/a")
        );
        assert_ne!(
            name,
            rendering.fingerprint("a {{ site.title }}", false, "https://e.org/b")
        );
        let plain = rendering.fingerprint("a", false, "https://e.org/a");
        assert_eq!(plain, titled.fingerprint("a", false, "https://e.org/a"));
    }
}
