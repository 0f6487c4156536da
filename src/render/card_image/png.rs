//! Pixels into a PNG (W3C PNG, third edition) of at most so many bytes, with a palette.
//!
//! A drawn card has few colours, and is stored as it is where 256 are enough. A card with a
//! photograph in it has many: then those that fill areas stay as they are, the rest is reduced, and
//! reduced further until the bytes fit. The last step, four colours at two bits a pixel, fits by
//! arithmetic. The only file that names the `png`, `libdeflater` and `quantette` crates.

use libdeflater::{CompressionLvl, Compressor};
use quantette::deps::palette::Srgb;
use quantette::dither::FloydSteinberg;
use quantette::{ImageRef, PaletteBuf, PaletteSize, Pipeline, QuantizeMethod};
use rustc_hash::FxHashMap;

/// Beyond it the ratio gains little and the time doubles.
const LEVEL: i32 = 5;
/// A picture with more colours than this is a photograph, or has one in it.
const DRAWN_COLOURS: usize = 8192;
/// A colour of so many pixels in a thousand fills an area, and is kept to the bit.
const AREA_PER_MILLE: usize = 2;
/// How many colours may be kept so.
const MOST_AREAS: usize = 48;

/// Why there is no PNG.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The pixels are not as many as the size says.
    #[error("the picture has {pixels} pixels in rows of {width}")]
    Size {
        /// How many there are.
        pixels: usize,
        /// How long a row is.
        width: usize,
    },
    /// A colour reducer or the PNG writer failed.
    #[error("the PNG cannot be written: {0}")]
    Write(String),
}

type Rgb = [u8; 3];

/// A picture by the places of its colours in a palette of at most 256.
struct Indexed {
    palette: Vec<Rgb>,
    indices: Vec<u8>,
    width: usize,
}

/// Encodes opaque pixels, four bytes each, of which the last is not looked at.
///
/// # Errors
/// See [`PngError`].
pub(super) fn encode(rgba: &[u8], width: usize, most: usize) -> Result<Vec<u8>, PngError> {
    let (pixels, rest) = rgba.as_chunks::<4>();
    if width == 0 || pixels.is_empty() || !rest.is_empty() || !pixels.len().is_multiple_of(width) {
        return Err(PngError::Size {
            pixels: pixels.len(),
            width,
        });
    }
    if let Some(drawn) = Drawn::of(pixels, width) {
        for colours in [256, 128, 64, 16] {
            let png = write(&drawn.reduced(colours))?;
            if png.len() <= most {
                return Ok(png);
            }
        }
    }
    let photo: Vec<Srgb<u8>> = pixels
        .iter()
        .map(|[r, g, b, _]| Srgb::new(*r, *g, *b))
        .collect();
    let mut png = Vec::new();
    for (colours, dithers) in [
        (256, true),
        (256, false),
        (96, false),
        (32, false),
        (16, false),
        (4, false),
    ] {
        png = write(&reduce(&photo, width, colours, dithers)?)?;
        if png.len() <= most {
            break;
        }
    }
    Ok(png)
}

/// A picture of few enough colours to count them all. Most rows of a card are like the one above;
/// such are counted and not kept.
struct Drawn {
    colours: Vec<Rgb>,
    /// The rows that are not like the one above, one after the other.
    indices: Vec<u16>,
    /// How often each of them stands.
    rows: Vec<usize>,
    width: usize,
}

impl Drawn {
    fn of(pixels: &[[u8; 4]], width: usize) -> Option<Drawn> {
        let mut places: FxHashMap<Rgb, u16> = FxHashMap::default();
        let mut drawn = Drawn {
            colours: Vec::new(),
            indices: Vec::with_capacity(pixels.len()),
            rows: Vec::new(),
            width,
        };
        let mut last: Option<([u8; 4], u16)> = None;
        let mut above: Option<&[[u8; 4]]> = None;
        for row in pixels.chunks_exact(width) {
            if above == Some(row)
                && let Some(count) = drawn.rows.last_mut()
            {
                *count += 1;
                continue;
            }
            for pixel in row {
                let place = match last {
                    Some((known, place)) if known == *pixel => place,
                    _ => {
                        let [r, g, b, _] = *pixel;
                        *places.entry([r, g, b]).or_insert_with(|| {
                            drawn.colours.push([r, g, b]);
                            u16::try_from(drawn.colours.len() - 1).unwrap_or(u16::MAX)
                        })
                    }
                };
                last = Some((*pixel, place));
                drawn.indices.push(place);
            }
            if drawn.colours.len() > DRAWN_COLOURS {
                return None;
            }
            drawn.rows.push(1);
            above = Some(row);
        }
        Some(drawn)
    }

    /// The picture in at most so many colours; in its own where they are no more.
    fn reduced(&self, colours: usize) -> Indexed {
        let (palette, map) = if self.colours.len() <= colours {
            let map = (0..=u8::MAX).take(self.colours.len()).collect();
            (self.colours.clone(), map)
        } else {
            let palette = self.palette(colours);
            let map: Vec<u8> = self
                .colours
                .iter()
                .map(|colour| nearest(&palette, *colour))
                .collect();
            (palette, map)
        };
        let height: usize = self.rows.iter().sum();
        let mut indices = Vec::with_capacity(height * self.width);
        for (row, count) in self.indices.chunks_exact(self.width).zip(&self.rows) {
            let start = indices.len();
            indices.extend(
                row.iter()
                    .map(|place| map.get(usize::from(*place)).copied().unwrap_or_default()),
            );
            for _ in 1..*count {
                indices.extend_from_within(start..start + self.width);
            }
        }
        Indexed {
            palette,
            indices,
            width: self.width,
        }
    }

    fn palette(&self, colours: usize) -> Vec<Rgb> {
        let mut counts = vec![0_usize; self.colours.len()];
        let rows = self.indices.chunks_exact(self.width).zip(&self.rows);
        for (place, times) in
            rows.flat_map(|(row, times)| row.iter().map(move |place| (place, times)))
        {
            if let Some(count) = counts.get_mut(usize::from(*place)) {
                *count += times;
            }
        }
        let pixels = self.width * self.rows.iter().sum::<usize>();
        let counted: Vec<(Rgb, usize)> = self.colours.iter().copied().zip(counts).collect();
        let areas = areas(&counted, pixels, colours);
        // A colour counts for more the more there is of it, but an edge of letters counts too.
        let rest: Vec<Srgb<u8>> = counted
            .iter()
            .filter(|(colour, _)| !areas.contains(colour))
            .flat_map(|([r, g, b], count)| {
                std::iter::repeat_n(Srgb::new(*r, *g, *b), count.ilog2().max(1) as usize)
            })
            .collect();
        complete(areas, &rest, colours)
    }
}

/// The colours that fill areas, the larger ones first.
fn areas(counted: &[(Rgb, usize)], pixels: usize, colours: usize) -> Vec<Rgb> {
    let mut large: Vec<&(Rgb, usize)> = counted
        .iter()
        .filter(|(_, count)| count * 1000 >= pixels * AREA_PER_MILLE)
        .collect();
    large.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let most = MOST_AREAS.min(colours / 2);
    large.iter().take(most).map(|(colour, _)| *colour).collect()
}

/// A palette of the areas' colours and of what Wu's quantizer makes of the rest.
fn complete(areas: Vec<Rgb>, rest: &[Srgb<u8>], colours: usize) -> Vec<Rgb> {
    let size = PaletteSize::from_usize_clamped(colours.saturating_sub(areas.len()).max(1));
    let made = Pipeline::new()
        .palette_size(size)
        .input_slice(rest)
        .ok()
        .map(|input| input.output_srgb8_palette())
        .map(PaletteBuf::into_vec)
        .unwrap_or_default();
    let mut palette = areas;
    palette.extend(
        made.into_iter()
            .map(|colour| [colour.red, colour.green, colour.blue]),
    );
    palette
}

fn nearest(palette: &[Rgb], colour: Rgb) -> u8 {
    let distance = |other: &Rgb| -> u32 {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        let [r, g, b] = *other;
        // Green counts most to the eye, blue least.
        3 * square(colour[0], r) + 6 * square(colour[1], g) + square(colour[2], b)
    };
    let found = (0..=u8::MAX)
        .zip(palette)
        .min_by_key(|(_, other)| distance(other));
    found.map_or(0, |(place, _)| place)
}

/// A photograph in so many colours. Areas of one colour keep it.
fn reduce(
    photo: &[Srgb<u8>],
    width: usize,
    colours: usize,
    dithers: bool,
) -> Result<Indexed, PngError> {
    let failed = |what: String| PngError::Write(what);
    let mut counts: FxHashMap<Rgb, usize> = FxHashMap::default();
    for colour in photo {
        *counts
            .entry([colour.red, colour.green, colour.blue])
            .or_default() += 1;
    }
    let mut counted: Vec<(Rgb, usize)> = counts.into_iter().collect();
    counted.sort_unstable();
    let areas = areas(&counted, photo.len(), colours);
    let rest: Vec<Srgb<u8>> = photo
        .iter()
        .filter(|colour| !areas.contains(&[colour.red, colour.green, colour.blue]))
        .copied()
        .collect();
    let palette: Vec<Srgb<u8>> = complete(areas, &rest, colours)
        .into_iter()
        .map(|[r, g, b]| Srgb::new(r, g, b))
        .collect();
    let method = QuantizeMethod::try_from(palette).map_err(|error| failed(error.to_string()))?;
    let (columns, rows) = (u32::try_from(width), u32::try_from(photo.len() / width));
    let (Ok(columns), Ok(rows)) = (columns, rows) else {
        return Err(PngError::Size {
            pixels: photo.len(),
            width,
        });
    };
    let image = ImageRef::new(columns, rows, photo).map_err(|error| failed(error.to_string()))?;
    let (palette, indices) = Pipeline::new()
        .quantize_method(method)
        .ditherer(dithers.then(FloydSteinberg::new))
        .input_image(image)
        .output_srgb8_indexed_image()
        .into_parts();
    Ok(Indexed {
        palette: palette
            .into_iter()
            .map(|colour| [colour.red, colour.green, colour.blue])
            .collect(),
        indices,
        width,
    })
}

fn write(image: &Indexed) -> Result<Vec<u8>, PngError> {
    let failed = |error: png::EncodingError| PngError::Write(error.to_string());
    let (depth, bits) = match image.palette.len() {
        0..=2 => (png::BitDepth::One, 1),
        3..=4 => (png::BitDepth::Two, 2),
        5..=16 => (png::BitDepth::Four, 4),
        _ => (png::BitDepth::Eight, 8),
    };
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let rows = image.indices.len() / image.width;
    let data = deflate(&scanlines(image, bits))?;
    let mut bytes = Vec::with_capacity(data.len() + 1024);
    let mut encoder = png::Encoder::new(&mut bytes, size(image.width), size(rows));
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(depth);
    encoder.set_palette(image.palette.concat());
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer
        .write_chunk(png::chunk::IDAT, &data)
        .map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// The rows with their filter type, which is none: indices have no slope to predict.
fn scanlines(image: &Indexed, bits: usize) -> Vec<u8> {
    let mut lines =
        Vec::with_capacity(image.indices.len() * bits / 8 + image.indices.len() / image.width + 1);
    for row in image.indices.chunks(image.width) {
        lines.push(0);
        if bits == 8 {
            lines.extend_from_slice(row);
            continue;
        }
        for group in row.chunks(8 / bits) {
            let packed = (0..8 / bits).fold(0, |byte, place| {
                (byte << bits) | group.get(place).copied().unwrap_or_default()
            });
            lines.push(packed);
        }
    }
    lines
}

fn deflate(lines: &[u8]) -> Result<Vec<u8>, PngError> {
    let failed = |error: &dyn std::fmt::Debug| PngError::Write(format!("{error:?}"));
    let level = CompressionLvl::new(LEVEL).map_err(|error| failed(&error))?;
    let mut compressor = Compressor::new(level);
    let mut data = vec![0; compressor.zlib_compress_bound(lines.len())];
    let length = compressor
        .zlib_compress(lines, &mut data)
        .map_err(|error| failed(&error))?;
    data.truncate(length);
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 120;

    fn picture(rows: usize, colour: impl Fn(usize, usize) -> Rgb) -> Vec<u8> {
        (0..rows)
            .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                let [r, g, b] = colour(x, y);
                [r, g, b, 255]
            })
            .collect()
    }

    fn decode(png: &[u8]) -> Vec<u8> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("pixels");
        pixels
    }

    /// A mean of the differences of all bytes.
    fn difference(a: &[u8], b: &[u8]) -> f64 {
        assert_eq!(a.len(), b.len());
        let sum: u64 = a
            .iter()
            .zip(b)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        sum as f64 / a.len() as f64
    }

    /// Noise that is the same each time.
    fn noise(x: usize, y: usize) -> Rgb {
        let mut n = (x * 7919 + y * 104_729 + 1) as u32;
        let mut next = || {
            n ^= n << 13;
            n ^= n >> 17;
            n ^= n << 5;
            (n >> 8) as u8
        };
        [next(), next(), next()]
    }

    #[test]
    fn up_to_256_colours_come_back_as_they_were_at_every_depth() {
        for colours in [1, 2, 3, 4, 5, 16, 17, 200, 256] {
            let pixels = picture(70, |x, y| {
                let place = ((x + y * WIDTH) % colours) as u8;
                [place, 255 - place, place / 2]
            });
            let png = encode(&pixels, WIDTH, 300_000).expect("encoded");
            assert!(decode(&png) == pixels, "{colours} colours");
        }
    }

    #[test]
    fn areas_keep_their_colour_to_the_bit_among_thousands_of_others() {
        for blend in [1000, 60_000] {
            let pixels = picture(400, |x, y| match (x, y) {
                (..40, _) => [251, 250, 248],
                (40..60, _) => [15, 118, 110],
                _ => {
                    let step = (x * 400 + y) % blend;
                    [(step % 251) as u8, (step / 251) as u8, (x * 2) as u8]
                }
            });
            let back = decode(&encode(&pixels, WIDTH, 300_000).expect("encoded"));
            for at in [0, 50] {
                assert_eq!(
                    back[at * 4..at * 4 + 3],
                    pixels[at * 4..at * 4 + 3],
                    "{blend} at {at}"
                );
            }
            let off = difference(&back, &pixels);
            assert!(off < 6.0, "{blend}: {off}");
        }
    }

    #[test]
    fn bytes_never_exceed_the_bound_and_the_picture_is_still_the_one_meant() {
        // What a palette does worst: noise. 1,200 × 630 in the shape of the tests.
        let pixels = picture(6300, noise);
        let png = encode(&pixels, WIDTH, 300_000).expect("encoded");
        assert!(png.len() <= 300_000, "{} bytes", png.len());
        let grey = vec![128; pixels.len()];
        assert!(difference(&decode(&png), &pixels) < difference(&grey, &pixels));
    }

    #[test]
    fn the_same_pixels_are_the_same_bytes() {
        let pixels = picture(200, noise);
        let encoded = || encode(&pixels, WIDTH, 300_000).expect("encoded");
        assert!(encoded() == encoded());
    }

    #[test]
    fn a_size_that_does_not_fit_is_an_error() {
        for (bytes, width) in [(0, 10), (40, 0), (40, 3), (41, 10)] {
            assert!(
                encode(&vec![0; bytes], width, 1000).is_err(),
                "{bytes} {width}"
            );
        }
    }
}
