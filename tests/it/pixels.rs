//! Card images as pixels, and how they are compared with those that were looked at and found good.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use courant::snapshot::{Content, Snapshot};

/// A decoded picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    pub width: usize,
    pub height: usize,
    rgb: Vec<[u8; 3]>,
}

impl Pixels {
    /// Decodes a PNG.
    pub fn decode(png: &[u8]) -> Pixels {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut bytes).expect("pixels");
        assert_eq!(info.color_type, png::ColorType::Rgb, "opaque colours");
        Pixels {
            width: info.width as usize,
            height: info.height as usize,
            rgb: bytes.as_chunks::<3>().0.to_vec(),
        }
    }

    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.rgb[y * self.width + x]
    }

    /// The places within a box, `[left, top, right, bottom]`, at which the colour is another.
    fn places(
        &self,
        [left, top, right, bottom]: [usize; 4],
        is: impl Fn(usize, usize) -> bool,
    ) -> Vec<(usize, usize)> {
        (top..bottom)
            .flat_map(|y| (left..right).map(move |x| (x, y)))
            .filter(|(x, y)| is(*x, *y))
            .collect()
    }

    /// How many pixels within a box are of another colour than its corner.
    pub fn ink(&self, bounds: [usize; 4]) -> usize {
        let ground = self.at(bounds[0], bounds[1]);
        self.places(bounds, |x, y| self.at(x, y) != ground).len()
    }

    /// How many pixels within a box differ.
    pub fn differing(&self, other: &Pixels, bounds: [usize; 4]) -> usize {
        self.places(bounds, |x, y| self.at(x, y) != other.at(x, y))
            .len()
    }

    /// How many pixels within a box are of a colour, and not grey or nearly so.
    pub fn colourful(&self, bounds: [usize; 4]) -> usize {
        self.places(bounds, |x, y| {
            let pixel = self.at(x, y);
            pixel.iter().max().unwrap() - pixel.iter().min().unwrap() > 60
        })
        .len()
    }
}

/// The PNG at a path of a snapshot, drawn.
pub fn drawn(snapshot: &Snapshot, path: &str) -> Vec<u8> {
    let resource = snapshot
        .get(path)
        .unwrap_or_else(|| panic!("nothing at {path}"));
    match &resource.content {
        Content::Deferred { deferred, .. } => deferred.draw.draw().expect("drawn"),
        _ => panic!("{path} is no picture"),
    }
}

/// Fails where a picture has another pixel than the one that was looked at and found good, and says
/// where to look. `UPDATE_CARDS=1` takes the new ones for good.
pub fn assert_looks_as_before(name: &str, png: &[u8]) {
    let good =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/snapshots/cards/{name}.png"));
    if std::env::var_os("UPDATE_CARDS").is_some() {
        std::fs::create_dir_all(good.parent().unwrap()).expect("a directory");
        std::fs::write(&good, png).expect("written");
        return;
    }
    let now = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    std::fs::write(&now, png).expect("written");
    let Ok(before) = std::fs::read(&good) else {
        panic!(
            "no picture to compare with: look at {}, then run `UPDATE_CARDS=1 cargo test cards`",
            now.display()
        );
    };
    if before == png {
        return;
    }
    let (before, after) = (Pixels::decode(&before), Pixels::decode(png));
    let mut told = format!("the card `{name}` has changed\n");
    if (before.width, before.height) == (after.width, after.height) {
        let all = [0, 0, before.width, before.height];
        let places = before.places(all, |x, y| before.at(x, y) != after.at(x, y));
        // The bytes are what a strong ETag is of, whatever they look like.
        assert!(
            !places.is_empty(),
            "the card `{name}` has the same pixels and other bytes: raise `EDITION` in \
             src/render/card_image.rs and run `UPDATE_CARDS=1 cargo test cards`"
        );
        let (x, y) = places[0];
        let bounds = |of: fn(&(usize, usize)) -> usize| {
            let values = || places.iter().map(of);
            (values().min().unwrap(), values().max().unwrap())
        };
        let ((left, right), (top, bottom)) = (bounds(|place| place.0), bounds(|place| place.1));
        let _ = writeln!(
            told,
            "  {} pixels, from {left},{top} to {right},{bottom}; the first at {x},{y}: {} was {}",
            places.len(),
            hex(after.at(x, y)),
            hex(before.at(x, y))
        );
    } else {
        let _ = writeln!(
            told,
            "  {} × {} was {} × {}",
            after.width, after.height, before.width, before.height
        );
    }
    let _ = writeln!(
        told,
        "  good: {}\n  now:  {}",
        good.display(),
        now.display()
    );
    let _ = writeln!(
        told,
        "  look at both; if it is meant, raise `EDITION` in src/render/card_image.rs"
    );
    let _ = writeln!(told, "  and run `UPDATE_CARDS=1 cargo test cards`");
    panic!("{told}");
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A picture of one colour, as bytes of a PNG.
pub fn one_colour(rgb: [u8; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 30, 20);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a header");
    writer
        .write_image_data(&rgb.repeat(30 * 20))
        .expect("pixels");
    writer.finish().expect("an end");
    bytes
}
