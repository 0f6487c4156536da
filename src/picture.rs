//! The addresses of pictures into their files, where those are on disk: what they are, how large,
//! and under which name they are known.
//!
//! Looked at when they are first wanted, and again when their stamp is another. The only file that
//! names the `imagesize` and `exif` crates.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use imagesize::{Compression, ImageType};
use rayon::prelude::*;
use url::Url;

use crate::collection::Map;
use crate::fingerprint;
use crate::percent;
use crate::stamp::Stamp;

/// A larger file is no picture of a page.
const MAX_FILE: u64 = 32 * 1024 * 1024;
/// More pixels take more memory than a drawing may: four bytes each.
const MAX_PIXELS: usize = 25_000_000;
/// The renderer takes no longer side.
const MAX_SIDE: usize = 8192;
const SVG: &str = "image/svg+xml";
/// Enough of a file to tell its kind and size: some cameras put thumbnails before it.
const HEAD: u64 = 256 * 1024;

/// A picture on disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Picture {
    /// Its file.
    pub file: PathBuf,
    /// What it is called in messages, and where it is below its directory: the same on every machine.
    pub name: String,
    /// A hash of its bytes, where it was asked for.
    pub fingerprint: Option<String>,
    /// Its size on disk.
    pub bytes: u64,
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Its media type.
    pub mime_type: &'static str,
    /// Why cards cannot be drawn with it, where they cannot.
    pub undrawable: Option<&'static str>,
}

impl Picture {
    /// Whether it is a drawing, which has to be computed: a small one can take for ever.
    pub fn is_drawing(&self) -> bool {
        self.mime_type == SVG
    }
}

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Found {
    /// It leads to no file of ours.
    Elsewhere,
    /// It leads to a file that is not there: its name.
    Missing(String),
    /// It leads to a file that is no picture: its name, and why.
    Unusable(String, String),
    /// It leads to a picture.
    Picture(Arc<Picture>),
}

/// How closely pictures are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// For their kind and size, which their beginning tells.
    Size,
    /// For all their bytes.
    Bytes,
}

/// The pictures that are wanted.
#[derive(Debug)]
pub struct Pictures {
    dir: Option<PathBuf>,
    homes: Vec<Url>,
    depth: Depth,
    found: Map<String, Found>,
    stamps: HashMap<String, Option<Stamp>>,
}

#[derive(Debug)]
struct Known {
    stamp: Option<Stamp>,
    found: Found,
}

impl Pictures {
    /// Pictures of a site: what is at `/a.jpg` of any of its `homes` is `a.jpg` in the directory.
    pub fn new(dir: Option<PathBuf>, homes: Vec<Url>, depth: Depth) -> Pictures {
        Pictures {
            dir,
            homes,
            depth,
            found: Map::default(),
            stamps: HashMap::new(),
        }
    }

    /// Looks at the pictures of these addresses, those that are new or have changed. Returns whether
    /// anything of them is other than it was. `now` tells only which stamps are too fresh to be
    /// trusted.
    pub fn look<'a>(&mut self, urls: impl Iterator<Item = &'a str>, now: SystemTime) -> bool {
        if self.dir.is_none() {
            return false;
        }
        let urls: HashSet<&str> = urls.collect();
        if urls.is_empty() {
            return false;
        }
        let dir = self.dir.as_ref().and_then(|dir| fs::canonicalize(dir).ok());
        let looked: Vec<(String, Known)> = urls
            .par_iter()
            .filter_map(|url| {
                let known = self.look_at(url, dir.as_deref(), now)?;
                Some(((*url).to_owned(), known))
            })
            .collect();
        let mut changed = false;
        for (url, known) in looked {
            if self.found.get(&url) != Some(&known.found) {
                self.found.insert(url.clone(), known.found);
                changed = true;
            }
            self.stamps.insert(url, known.stamp);
        }
        changed
    }

    /// Looks again at what is known: at all of it, or at what is at or below these paths.
    pub fn look_again(&mut self, paths: Option<&BTreeSet<PathBuf>>, now: SystemTime) -> bool {
        let concerns = |url: &&String| {
            let Some(paths) = paths else { return true };
            let file = self.file(url);
            // What a link leads to has another name.
            file.is_some_and(|(_, file)| {
                let real = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
                [&file, &real]
                    .iter()
                    .any(|file| file.ancestors().any(|above| paths.contains(above)))
            })
        };
        if paths.is_some_and(|paths| !self.may_concern(paths)) {
            return false;
        }
        let urls: Vec<String> = self.found.keys().filter(concerns).cloned().collect();
        self.look(urls.iter().map(String::as_str), now)
    }

    /// Whether any of the paths is in the directory, or above it.
    fn may_concern(&self, paths: &BTreeSet<PathBuf>) -> bool {
        let Some(dir) = &self.dir else { return false };
        let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        let real = fs::canonicalize(dir).unwrap_or_else(|_| dir.clone());
        paths.iter().any(|path| {
            [dir, &absolute, &real]
                .iter()
                .any(|dir| path.starts_with(dir) || dir.starts_with(path))
        })
    }

    /// Forgets all but the pictures of these addresses.
    pub fn keep<'a>(&mut self, urls: impl Iterator<Item = &'a str>) {
        if self.found.is_empty() {
            return;
        }
        let urls: HashSet<&str> = urls.collect();
        self.found.retain(|url, _| urls.contains(url.as_str()));
        self.stamps.retain(|url, _| urls.contains(url.as_str()));
    }

    /// What is known of the addresses that were looked at.
    pub fn found(&self) -> Map<String, Found> {
        self.found.clone()
    }

    /// What is at an address now, if that is not known already.
    fn look_at(&self, url: &str, dir: Option<&Path>, now: SystemTime) -> Option<Known> {
        let Some((name, file)) = self.file(url) else {
            let found = Found::Elsewhere;
            return Some(Known { stamp: None, found });
        };
        let stamp = match within(&file, dir) {
            Ok(stamp) => stamp,
            Err(_) => {
                return Some(Known {
                    stamp: None,
                    found: Found::Missing(name),
                });
            }
        };
        let is_known = self
            .stamps
            .get(url)
            .is_some_and(|known| known.as_ref() == Some(&stamp));
        (!is_known).then(|| {
            let found = match read(&file, &name, self.depth) {
                Ok(picture) => Found::Picture(Arc::new(picture)),
                Err(reason) => Found::Unusable(name, reason),
            };
            Known {
                stamp: Some(stamp).filter(|stamp| !stamp.is_too_fresh(now)),
                found,
            }
        })
    }

    /// The file of an address, and its name below the directory.
    fn file(&self, url: &str) -> Option<(String, PathBuf)> {
        let url = Url::parse(url).ok()?;
        let below = self.homes.iter().find_map(|home| {
            let same = home.origin() == url.origin();
            same.then(|| url.path().strip_prefix(home.path())).flatten()
        })?;
        let name = percent::decode(below)?;
        let plain = !name.is_empty()
            && name
                .split('/')
                .all(|part| !part.is_empty() && !part.contains('\\'));
        Some((name.clone(), self.dir.as_ref()?.join(name))).filter(|_| plain)
    }
}

/// The stamp of a file that is in the directory, also after its links were followed.
fn within(file: &Path, dir: Option<&Path>) -> io::Result<Stamp> {
    let real = fs::canonicalize(file)?;
    let metadata = fs::metadata(&real)?;
    if !dir.is_some_and(|dir| real.starts_with(dir)) || !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(Stamp::of(&metadata))
}

/// Looks at one picture.
///
/// # Errors
/// Why it is none, in words.
pub fn read(file: &Path, name: &str, depth: Depth) -> Result<Picture, String> {
    let failed = |error: io::Error| format!("cannot be read: {error}").to_lowercase();
    let metadata = fs::metadata(file).map_err(failed)?;
    // A pipe or a device has no end, and may have no beginning.
    if !metadata.is_file() {
        return Err("is no file".to_owned());
    }
    if metadata.len() > MAX_FILE {
        let size = metadata.len();
        return Err(format!(
            "has {size} bytes, and a picture at most {MAX_FILE}"
        ));
    }
    let most = match depth {
        Depth::Size => HEAD,
        Depth::Bytes => MAX_FILE,
    };
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(failed)?;
    let (mime_type, undrawable) = kind(&bytes).ok_or("is of no kind that is known")?;
    let (mut width, mut height) = if mime_type == SVG {
        // It has what size it is given.
        (0, 0)
    } else {
        imagesize::blob_size(&bytes)
            .map(|size| (size.width, size.height))
            .map_err(|_| "is broken: it does not say how large it is")?
    };
    let orientation = orientation(&bytes);
    if orientation >= 5 {
        (width, height) = (height, width);
    }
    let undrawable = if width.saturating_mul(height) > MAX_PIXELS {
        Some("has more than 25 million pixels")
    } else if width.max(height) > MAX_SIDE {
        Some("has a side of more than 8,192 pixels")
    } else if orientation > 1 {
        Some("lies on its side or its head, and only its EXIF orientation says so")
    } else {
        undrawable
    };
    Ok(Picture {
        file: file.to_owned(),
        name: name.to_owned(),
        fingerprint: (depth == Depth::Bytes).then(|| fingerprint::hex(&bytes)),
        bytes: metadata.len(),
        width,
        height,
        mime_type,
        undrawable,
    })
}

/// The bytes of a picture, if they are still those that its fingerprint was taken of.
pub fn bytes(picture: &Picture) -> Option<Vec<u8>> {
    // What has come in its place may be a pipe, which is opened for ever.
    fs::metadata(&picture.file)
        .ok()
        .filter(fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    File::open(&picture.file)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
        .ok()?;
    (picture.fingerprint.as_deref() == Some(&fingerprint::hex(&bytes))).then_some(bytes)
}

/// How a camera says that the picture is turned, EXIF 2.32 §4.6.5: 1 is upright.
fn orientation(bytes: &[u8]) -> u32 {
    exif::Reader::new()
        .read_from_container(&mut io::Cursor::new(bytes))
        .ok()
        .and_then(|tags| {
            tags.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?
                .value
                .get_uint(0)
        })
        .filter(|orientation| (1..=8).contains(orientation))
        .unwrap_or(1)
}

/// The media type, and why a card cannot be drawn with it, if it cannot.
fn kind(bytes: &[u8]) -> Option<(&'static str, Option<&'static str>)> {
    match imagesize::image_type(bytes) {
        Ok(ImageType::Jpeg) => Some(("image/jpeg", None)),
        Ok(ImageType::Png) => Some(("image/png", None)),
        Ok(ImageType::Gif) => Some(("image/gif", None)),
        Ok(ImageType::Webp) => Some(("image/webp", None)),
        Ok(ImageType::Heif(Compression::Av1)) => {
            Some(("image/avif", Some("is AVIF, which cannot be drawn")))
        }
        Ok(_) => None,
        Err(_) => {
            let head =
                String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes)).to_ascii_lowercase();
            head.contains("<svg").then_some((SVG, None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of so many pixels: its header is all that is looked at.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x06\0\0\0");
        bytes
    }

    fn pictures(dir: &Path) -> Pictures {
        let homes = ["https://e.org/blog/", "https://old.example/"];
        let homes = homes
            .iter()
            .map(|home| Url::parse(home).expect("a URL"))
            .collect();
        Pictures::new(Some(dir.to_owned()), homes, Depth::Bytes)
    }

    fn at(pictures: &mut Pictures, url: &str) -> Found {
        pictures.look([url].into_iter(), SystemTime::UNIX_EPOCH);
        pictures
            .found()
            .get(url)
            .cloned()
            .unwrap_or(Found::Elsewhere)
    }

    #[test]
    fn an_address_of_the_site_leads_to_its_file_and_no_further() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("static");
        fs::create_dir_all(root.join("img")).expect("a directory");
        fs::write(root.join("img/a b.png"), png(1200, 630)).expect("written");
        fs::write(dir.path().join("secret.png"), png(1, 1)).expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("secret.png"), root.join("link.png"))
            .expect("a link");
        let mut pictures = pictures(&root);
        for url in [
            "https://e.org/blog/img/a%20b.png",
            "https://old.example/img/a%20b.png?x=1",
        ] {
            let Found::Picture(picture) = at(&mut pictures, url) else {
                panic!("{url}")
            };
            assert_eq!(
                (picture.width, picture.height, picture.mime_type),
                (1200, 630, "image/png")
            );
            assert_eq!(picture.name, "img/a b.png");
            assert_eq!(bytes(&picture), Some(png(1200, 630)));
        }
        for url in [
            "https://e.org/img/a%20b.png",
            "https://other.example/img/a%20b.png",
            "https://e.org/blog/img%2Fa%20b.png",
            "nonsense",
        ] {
            assert_eq!(at(&mut pictures, url), Found::Elsewhere, "{url}");
        }
        for url in [
            "https://e.org/blog/link.png",
            "https://e.org/blog/img",
            "https://e.org/blog/nothing.png",
        ] {
            assert!(matches!(at(&mut pictures, url), Found::Missing(_)), "{url}");
        }
    }

    #[test]
    fn a_picture_that_changes_is_seen_to_and_its_bytes_are_never_those_of_another() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("a.png");
        fs::write(&file, png(10, 10)).expect("written");
        let mut pictures = pictures(dir.path());
        let url = "https://old.example/a.png";
        let Found::Picture(before) = at(&mut pictures, url) else {
            panic!("a picture")
        };
        fs::write(&file, png(20, 20)).expect("written");
        assert_eq!(bytes(&before), None);
        assert!(pictures.look_again(None, SystemTime::UNIX_EPOCH));
        let Some(Found::Picture(after)) = pictures.found().get(url).cloned() else {
            panic!("a picture")
        };
        assert_ne!(before.fingerprint, after.fingerprint);
        assert!(!pictures.look_again(None, SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn a_picture_that_lies_on_its_side_is_as_wide_as_it_is_seen_to_be() {
        // A JPEG of 3 × 2 pixels as cameras begin it: EXIF with the orientation alone, then its size.
        let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let size = b"\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01\x01\x11\x00\xff\xd9";
        let jpeg = [b"\xff\xd8".as_slice(), exif, size].concat();
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("a.jpg");
        fs::write(&file, jpeg).expect("written");
        let picture = read(&file, "a.jpg", Depth::Bytes).expect("a picture");
        assert_eq!((picture.width, picture.height), (2, 3));
        assert!(picture.undrawable.is_some_and(|why| why.contains("EXIF")));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let text = dir.path().join("text.png");
        fs::write(&text, "hello").expect("written");
        let told = read(&text, "text.png", Depth::Size).expect_err("no picture");
        assert_eq!(told, "is of no kind that is known");
        let huge = dir.path().join("huge.png");
        fs::write(&huge, png(60_000, 60_000)).expect("written");
        let huge = read(&huge, "huge.png", Depth::Size).expect("a picture");
        assert!(huge.undrawable.is_some(), "{huge:?}");
        let svg = dir.path().join("a.svg");
        fs::write(
            &svg,
            "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        )
        .expect("written");
        assert_eq!(
            read(&svg, "a.svg", Depth::Size).map(|picture| picture.mime_type),
            Ok(SVG)
        );
    }
}
