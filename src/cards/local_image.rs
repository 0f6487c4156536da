//! Resolves image URLs to local files, and reads their format, size and fingerprint; of other media only the length.
//!
//! A file is read on first use, and again when its [`FileStamp`] changed. Only this module uses the
//! `imagesize` and `exif` crates.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use imagesize::{Compression, ImageType};
use rayon::prelude::*;
use url::Url;

use crate::file_stamp::FileStamp;
use crate::hash;
use crate::model::post::image::is_other_media_url;
use crate::persistent::PersistentMap;
use crate::url_path;

/// Maximum bytes of an image file.
const MAX_IMAGE_FILE_BYTES: u64 = 32 * 1024 * 1024;
/// Maximum pixels of an image in a card: each takes four bytes while it is drawn.
const MAX_DRAWABLE_PIXELS: usize = 25_000_000;
/// Maximum width or height of an image in a card, in pixels: the renderer's limit.
const MAX_DRAWABLE_SIDE_PX: usize = 8192;
const SVG_MEDIA_TYPE: &str = "image/svg+xml";
/// Bytes to read for format and size: some cameras put thumbnails before the size.
const HEADER_BYTES: u64 = 256 * 1024;

/// Image file on disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalImage {
    /// Path of the file.
    pub file: PathBuf,
    /// Path below the static directory, for messages: the same on every machine.
    pub name: String,
    /// Hash of the bytes; `None` if only the header was read.
    pub fingerprint: Option<String>,
    /// Size of the file in bytes.
    pub file_bytes: u64,
    /// Width in pixels as displayed; 0 for SVG.
    pub width: usize,
    /// Height in pixels as displayed; 0 for SVG.
    pub height: usize,
    /// Media type, such as `image/png`.
    pub mime_type: &'static str,
    /// Reason why the image cannot be drawn on a card; `None` if it can.
    pub undrawable: Option<&'static str>,
}

impl LocalImage {
    /// Returns true for SVG, which has to be rendered: even a small file can take very long.
    pub fn is_svg(&self) -> bool {
        self.mime_type == SVG_MEDIA_TYPE
    }
}

/// Result of looking up an image URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImageLookup {
    /// The URL is not on this site.
    External,
    /// The file does not exist: its name.
    Missing(String),
    /// The file is not a usable image: its name, and the reason.
    Unusable(String, String),
    /// The file is audio, video or a document: its size in bytes.
    OtherMedia(u64),
    /// The file is an image.
    Found(Arc<LocalImage>),
}

/// Amount of an image file to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageReadMode {
    /// Only the header, for format and size.
    Header,
    /// All bytes, for a fingerprint.
    FullContent,
}

/// Images of a site by URL, with their file stamps.
#[derive(Debug)]
pub struct LocalImages {
    dir: Option<PathBuf>,
    base_urls: Vec<Url>,
    read_mode: ImageReadMode,
    lookups: PersistentMap<String, ImageLookup>,
    stamps: HashMap<String, Option<FileStamp>>,
}

/// Lookup of one URL, with the stamp of the file it was made from.
#[derive(Debug)]
struct LookupRecord {
    stamp: Option<FileStamp>,
    lookup: ImageLookup,
}

impl LocalImages {
    /// Creates an empty set. The file of `/a.jpg` below any of `base_urls` is `a.jpg` in `dir`.
    pub fn new(dir: Option<PathBuf>, base_urls: Vec<Url>, read_mode: ImageReadMode) -> LocalImages {
        LocalImages {
            dir,
            base_urls,
            read_mode,
            lookups: PersistentMap::default(),
            stamps: HashMap::new(),
        }
    }

    /// Reads the new and changed images among these URLs, and returns true if a result changed.
    /// `now` is only used to find stamps that are too recent to be trusted.
    pub fn scan_urls<'a>(&mut self, urls: impl Iterator<Item = &'a str>, now: SystemTime) -> bool {
        if self.dir.is_none() {
            return false;
        }
        let urls: HashSet<&str> = urls.collect();
        if urls.is_empty() {
            return false;
        }
        let dir = self.dir.as_ref().and_then(|dir| fs::canonicalize(dir).ok());
        let records: Vec<(String, LookupRecord)> = urls
            .par_iter()
            .filter_map(|url| {
                let record = self.scan_url(url, dir.as_deref(), now)?;
                Some(((*url).to_owned(), record))
            })
            .collect();
        let mut changed = false;
        for (url, record) in records {
            if self.lookups.get(&url) != Some(&record.lookup) {
                self.lookups.insert(url.clone(), record.lookup);
                changed = true;
            }
            self.stamps.insert(url, record.stamp);
        }
        changed
    }

    /// Reads known images again if they changed: images at or below `paths`, or all images if it is `None`.
    /// Returns true if a result changed.
    pub fn rescan_known(&mut self, paths: Option<&BTreeSet<PathBuf>>, now: SystemTime) -> bool {
        if paths.is_some_and(|paths| !self.can_affect(paths)) {
            return false;
        }
        let urls: Vec<String> = self
            .lookups
            .keys()
            .filter(|url| paths.is_none_or(|paths| self.is_at_or_below(url, paths)))
            .cloned()
            .collect();
        self.scan_urls(urls.iter().map(String::as_str), now)
    }

    /// Returns true if the file of a URL, or the target of its symlinks, is at or below one of the
    /// paths.
    fn is_at_or_below(&self, url: &str, paths: &BTreeSet<PathBuf>) -> bool {
        self.resolve_url(url).is_some_and(|(_, file)| {
            let real = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
            [&file, &real]
                .iter()
                .any(|file| file.ancestors().any(|above| paths.contains(above)))
        })
    }

    /// Returns true if any of the paths is inside the directory, or above it.
    fn can_affect(&self, paths: &BTreeSet<PathBuf>) -> bool {
        let Some(dir) = &self.dir else { return false };
        let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        let real = fs::canonicalize(dir).unwrap_or_else(|_| dir.clone());
        paths.iter().any(|path| {
            [dir, &absolute, &real]
                .iter()
                .any(|dir| path.starts_with(dir) || dir.starts_with(path))
        })
    }

    /// Removes all images except those at these URLs.
    pub fn retain_urls<'a>(&mut self, urls: impl Iterator<Item = &'a str>) {
        if self.lookups.is_empty() {
            return;
        }
        let urls: HashSet<&str> = urls.collect();
        self.lookups.retain(|url, _| urls.contains(url.as_str()));
        self.stamps.retain(|url, _| urls.contains(url.as_str()));
    }

    /// Returns the results by URL.
    pub fn lookups(&self) -> PersistentMap<String, ImageLookup> {
        self.lookups.clone()
    }

    /// Looks up a URL; returns `None` if its file did not change since the last lookup.
    fn scan_url(&self, url: &str, dir: Option<&Path>, now: SystemTime) -> Option<LookupRecord> {
        let Some((name, file)) = self.resolve_url(url) else {
            let found = ImageLookup::External;
            return Some(LookupRecord {
                stamp: None,
                lookup: found,
            });
        };
        let (stamp, file_bytes) = match stamp_within(&file, dir) {
            Ok(found) => found,
            Err(_) => {
                return Some(LookupRecord {
                    stamp: None,
                    lookup: ImageLookup::Missing(name),
                });
            }
        };
        let is_known = self
            .stamps
            .get(url)
            .is_some_and(|known| known.as_ref() == Some(&stamp));
        (!is_known).then(|| {
            let found = if is_other_media_url(&name) {
                ImageLookup::OtherMedia(file_bytes)
            } else {
                match read_image(&file, &name, self.read_mode) {
                    Ok(image) => ImageLookup::Found(Arc::new(image)),
                    Err(reason) => ImageLookup::Unusable(name, reason),
                }
            };
            LookupRecord {
                stamp: Some(stamp).filter(|stamp| !stamp.is_too_recent(now)),
                lookup: found,
            }
        })
    }

    /// Resolves a URL to the file's name below the directory, and its path. Returns `None` if the URL
    /// names no file of the site.
    fn resolve_url(&self, url: &str) -> Option<(String, PathBuf)> {
        let url = Url::parse(url).ok()?;
        let relative_path = self.base_urls.iter().find_map(|base| {
            let same = base.origin() == url.origin();
            same.then(|| url.path().strip_prefix(base.path())).flatten()
        })?;
        let name = url_path::decode_path(relative_path)?;
        let is_valid_name = !name.is_empty()
            && name
                .split('/')
                .all(|part| !part.is_empty() && !part.contains('\\'));
        Some((name.clone(), self.dir.as_ref()?.join(name))).filter(|_| is_valid_name)
    }
}

/// Returns the stamp of a file, and its size in bytes. Fails if the file, with symlinks resolved, is not in the directory.
fn stamp_within(file: &Path, dir: Option<&Path>) -> io::Result<(FileStamp, u64)> {
    let real = fs::canonicalize(file)?;
    let metadata = fs::metadata(&real)?;
    if !dir.is_some_and(|dir| real.starts_with(dir)) || !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok((FileStamp::from_metadata(&metadata), metadata.len()))
}

/// Reads an image file.
///
/// # Errors
/// Returns the reason why it is not a usable image, to follow the name in a message.
pub fn read_image(file: &Path, name: &str, mode: ImageReadMode) -> Result<LocalImage, String> {
    let failed = |error: io::Error| format!("cannot be read: {error}").to_lowercase();
    let metadata = fs::metadata(file).map_err(failed)?;
    // Reading a pipe or a device may block, or never end.
    if !metadata.is_file() {
        return Err("is not a regular file".to_owned());
    }
    if metadata.len() > MAX_IMAGE_FILE_BYTES {
        let (size, limit) = (metadata.len(), MAX_IMAGE_FILE_BYTES);
        return Err(format!("has {size} bytes; the limit is {limit}"));
    }
    let max_bytes = match mode {
        ImageReadMode::Header => HEADER_BYTES,
        ImageReadMode::FullContent => MAX_IMAGE_FILE_BYTES,
    };
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(max_bytes).read_to_end(&mut bytes))
        .map_err(failed)?;
    let (mime_type, undrawable) =
        detect_format(&bytes).ok_or("is not in a supported image format")?;
    let (mut width, mut height) = if mime_type == SVG_MEDIA_TYPE {
        // SVG scales to any size.
        (0, 0)
    } else {
        imagesize::blob_size(&bytes)
            .map(|size| (size.width, size.height))
            .map_err(|_| "is corrupt: its dimensions cannot be read")?
    };
    let orientation = exif_orientation(&bytes);
    if orientation >= 5 {
        (width, height) = (height, width);
    }
    let undrawable = if width.saturating_mul(height) > MAX_DRAWABLE_PIXELS {
        Some("has more than 25 million pixels")
    } else if width.max(height) > MAX_DRAWABLE_SIDE_PX {
        Some("has a side of more than 8,192 pixels")
    } else if orientation > 1 {
        Some("is stored rotated, and only its EXIF orientation corrects it")
    } else {
        undrawable
    };
    Ok(LocalImage {
        file: file.to_owned(),
        name: name.to_owned(),
        fingerprint: (mode == ImageReadMode::FullContent).then(|| hash::blake3_hex(&bytes)),
        file_bytes: metadata.len(),
        width,
        height,
        mime_type,
        undrawable,
    })
}

/// Reads the bytes of an image; returns `None` if they no longer match its fingerprint.
pub fn read_unchanged_bytes(image: &LocalImage) -> Option<Vec<u8>> {
    // The file may have been replaced by a pipe, and opening one blocks.
    fs::metadata(&image.file)
        .ok()
        .filter(fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    File::open(&image.file)
        .and_then(|file| file.take(MAX_IMAGE_FILE_BYTES).read_to_end(&mut bytes))
        .ok()?;
    (image.fingerprint.as_deref() == Some(&hash::blake3_hex(&bytes))).then_some(bytes)
}

/// Returns the EXIF orientation (EXIF 2.32 §4.6.5): 1 is upright, and the default.
fn exif_orientation(bytes: &[u8]) -> u32 {
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

/// Returns the media type, and the reason why the image cannot be drawn on a card, if there is one.
/// Returns `None` for an unsupported format.
fn detect_format(bytes: &[u8]) -> Option<(&'static str, Option<&'static str>)> {
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
            head.contains("<svg").then_some((SVG_MEDIA_TYPE, None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the header of a PNG of this size; nothing else is read.
    fn png_header(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x06\0\0\0");
        bytes
    }

    fn test_images(dir: &Path) -> LocalImages {
        let base_urls = ["https://e.org/blog/", "https://old.example/"];
        let base_urls = base_urls
            .iter()
            .map(|base| Url::parse(base).expect("a URL"))
            .collect();
        LocalImages::new(Some(dir.to_owned()), base_urls, ImageReadMode::FullContent)
    }

    fn lookup_url(images: &mut LocalImages, url: &str) -> ImageLookup {
        images.scan_urls([url].into_iter(), SystemTime::UNIX_EPOCH);
        images
            .lookups()
            .get(url)
            .cloned()
            .unwrap_or(ImageLookup::External)
    }

    #[test]
    fn site_urls_resolve_only_to_files_below_the_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("static");
        fs::create_dir_all(root.join("img")).expect("a directory");
        fs::write(root.join("img/a b.png"), png_header(1200, 630)).expect("written");
        fs::write(dir.path().join("secret.png"), png_header(1, 1)).expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("secret.png"), root.join("link.png"))
            .expect("a link");
        let mut images = test_images(&root);
        for url in [
            "https://e.org/blog/img/a%20b.png",
            "https://old.example/img/a%20b.png?x=1",
        ] {
            let ImageLookup::Found(image) = lookup_url(&mut images, url) else {
                panic!("{url}")
            };
            assert_eq!(
                (image.width, image.height, image.mime_type),
                (1200, 630, "image/png")
            );
            assert_eq!(image.name, "img/a b.png");
            assert_eq!(read_unchanged_bytes(&image), Some(png_header(1200, 630)));
        }
        for url in [
            "https://e.org/img/a%20b.png",
            "https://other.example/img/a%20b.png",
            "https://e.org/blog/img%2Fa%20b.png",
            "nonsense",
        ] {
            assert_eq!(lookup_url(&mut images, url), ImageLookup::External, "{url}");
        }
        for url in [
            "https://e.org/blog/link.png",
            "https://e.org/blog/img",
            "https://e.org/blog/nothing.png",
        ] {
            assert!(
                matches!(lookup_url(&mut images, url), ImageLookup::Missing(_)),
                "{url}"
            );
        }
    }

    #[test]
    fn changed_image_is_noticed_and_old_bytes_never_used() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("a.png");
        fs::write(&file, png_header(10, 10)).expect("written");
        let mut images = test_images(dir.path());
        let url = "https://old.example/a.png";
        let ImageLookup::Found(before) = lookup_url(&mut images, url) else {
            panic!("a picture")
        };
        fs::write(&file, png_header(20, 20)).expect("written");
        assert_eq!(read_unchanged_bytes(&before), None);
        assert!(images.rescan_known(None, SystemTime::UNIX_EPOCH));
        let Some(ImageLookup::Found(after)) = images.lookups().get(url).cloned() else {
            panic!("a picture")
        };
        assert_ne!(before.fingerprint, after.fingerprint);
        assert!(!images.rescan_known(None, SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn rotated_image_has_its_displayed_size() {
        // Start of a JPEG of 3 × 2 pixels: EXIF with only the orientation, then the size.
        let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let size = b"\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01\x01\x11\x00\xff\xd9";
        let jpeg = [b"\xff\xd8".as_slice(), exif, size].concat();
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("a.jpg");
        fs::write(&file, jpeg).expect("written");
        let image = read_image(&file, "a.jpg", ImageReadMode::FullContent).expect("a picture");
        assert_eq!((image.width, image.height), (2, 3));
        assert!(
            image
                .undrawable
                .is_some_and(|reason| reason.contains("EXIF"))
        );
    }

    #[test]
    fn unusable_images_have_a_reason() {
        let dir = tempfile::tempdir().expect("a directory");
        let text = dir.path().join("text.png");
        fs::write(&text, "hello").expect("written");
        let reason = read_image(&text, "text.png", ImageReadMode::Header).expect_err("no picture");
        assert_eq!(reason, "is not in a supported image format");
        let huge = dir.path().join("huge.png");
        fs::write(&huge, png_header(60_000, 60_000)).expect("written");
        let huge = read_image(&huge, "huge.png", ImageReadMode::Header).expect("a picture");
        assert!(huge.undrawable.is_some(), "{huge:?}");
        let svg = dir.path().join("a.svg");
        fs::write(
            &svg,
            "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        )
        .expect("written");
        assert_eq!(
            read_image(&svg, "a.svg", ImageReadMode::Header).map(|image| image.mime_type),
            Ok(SVG_MEDIA_TYPE)
        );
    }
}
