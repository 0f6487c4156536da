//! Decodes card images and compares them with the approved ones.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use courant::publish::snapshot::{ResourceContent, Snapshot};

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

    pub fn pixel_at(&self, x: usize, y: usize) -> [u8; 3] {
        self.rgb[y * self.width + x]
    }

    /// Returns the points within a box, `[left, top, right, bottom]`, for which `is` holds.
    fn matching_points(
        &self,
        [left, top, right, bottom]: [usize; 4],
        is: impl Fn(usize, usize) -> bool,
    ) -> Vec<(usize, usize)> {
        (top..bottom)
            .flat_map(|y| (left..right).map(move |x| (x, y)))
            .filter(|(x, y)| is(*x, *y))
            .collect()
    }

    /// Counts the pixels within a box whose colour differs from its top left corner.
    pub fn count_ink(&self, bounds: [usize; 4]) -> usize {
        let ground = self.pixel_at(bounds[0], bounds[1]);
        self.matching_points(bounds, |x, y| self.pixel_at(x, y) != ground)
            .len()
    }

    /// Counts the pixels within a box that differ between two pictures.
    pub fn count_differing(&self, other: &Pixels, bounds: [usize; 4]) -> usize {
        self.matching_points(bounds, |x, y| self.pixel_at(x, y) != other.pixel_at(x, y))
            .len()
    }

    /// Counts the pixels within a box that are clearly coloured, not grey.
    pub fn count_colourful(&self, bounds: [usize; 4]) -> usize {
        self.matching_points(bounds, |x, y| {
            let pixel = self.pixel_at(x, y);
            pixel.iter().max().unwrap() - pixel.iter().min().unwrap() > 60
        })
        .len()
    }
}

/// Draws the card image at a path of a snapshot.
pub fn draw_card_image(snapshot: &Snapshot, path: &str) -> Vec<u8> {
    let resource = snapshot
        .get(path)
        .unwrap_or_else(|| panic!("nothing at {path}"));
    match &resource.content {
        ResourceContent::Lazy { body: deferred, .. } => {
            deferred.renderer.render_body().expect("drawn")
        }
        _ => panic!("{path} is not a card image"),
    }
}

/// Fails if a picture differs from the approved one, and says where. `UPDATE_CARDS=1` approves the
/// new pictures instead.
pub fn assert_matches_approved(name: &str, png: &[u8]) {
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
    let mut report = format!("the card `{name}` has changed\n");
    if (before.width, before.height) == (after.width, after.height) {
        let all = [0, 0, before.width, before.height];
        let places =
            before.matching_points(all, |x, y| before.pixel_at(x, y) != after.pixel_at(x, y));
        // A strong ETag covers the bytes, even if the pixels are equal.
        assert!(
            !places.is_empty(),
            "the card `{name}` has the same pixels but different bytes: raise `OUTPUT_VERSION` in \
             src/model/artifact.rs and run `UPDATE_CARDS=1 cargo test cards`"
        );
        let (x, y) = places[0];
        let bounds = |of: fn(&(usize, usize)) -> usize| {
            let values = || places.iter().map(of);
            (values().min().unwrap(), values().max().unwrap())
        };
        let ((left, right), (top, bottom)) = (bounds(|place| place.0), bounds(|place| place.1));
        let _ = writeln!(
            report,
            "  {} pixels, from {left},{top} to {right},{bottom}; the first at {x},{y}: {} was {}",
            places.len(),
            format_hex(after.pixel_at(x, y)),
            format_hex(before.pixel_at(x, y))
        );
    } else {
        let _ = writeln!(
            report,
            "  {} × {} was {} × {}",
            after.width, after.height, before.width, before.height
        );
    }
    let _ = writeln!(
        report,
        "  good: {}\n  now:  {}",
        good.display(),
        now.display()
    );
    let _ = writeln!(
        report,
        "  look at both; if it is meant, raise `OUTPUT_VERSION` in src/model/artifact.rs"
    );
    let _ = writeln!(report, "  and run `UPDATE_CARDS=1 cargo test cards`");
    panic!("{report}");
}

fn format_hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Encodes a PNG of one colour.
pub fn solid_colour_png(rgb: [u8; 3]) -> Vec<u8> {
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
