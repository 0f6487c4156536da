//! Encodes pixels as a PNG with a palette (W3C PNG, third edition), within a maximum size.
//!
//! A card without a photograph has few colours, and is stored without loss if 256 are enough. With a
//! photograph it has many. Then colours that fill areas are kept, and the rest is reduced until the
//! file is small enough. The last step, four colours at two bits a pixel, always is. The only file
//! that names the `png`, `libdeflater` and `quantette` crates.

use libdeflater::{CompressionLvl, Compressor};
use quantette::deps::palette::Srgb;
use quantette::dither::FloydSteinberg;
use quantette::{ImageRef, PaletteBuf, PaletteSize, Pipeline, QuantizeMethod};
use rustc_hash::FxHashMap;

/// Compression level of deflate: higher ones double the time and gain little.
const DEFLATE_LEVEL: i32 = 5;
/// Maximum colours of a card without a photograph.
const MAX_DRAWN_COLORS: usize = 8192;
/// Minimum share, in pixels per thousand, of a colour that fills an area. Such a colour is kept exactly.
const MIN_AREA_PER_MILLE: usize = 2;
/// Maximum colours kept exactly because they fill areas.
const MAX_AREA_COLORS: usize = 48;

/// Error of the PNG encoder.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The pixels do not fill whole rows.
    #[error("{pixels} pixels do not fill rows of {width}")]
    Size {
        /// Number of pixels.
        pixels: usize,
        /// Width of a row in pixels.
        width: usize,
    },
    /// A colour reducer or the PNG writer failed.
    #[error("the PNG cannot be written: {0}")]
    Write(String),
}

type Rgb = [u8; 3];

/// Picture as indexes into a palette of at most 256 colours.
struct IndexedImage {
    palette: Vec<Rgb>,
    indices: Vec<u8>,
    width: usize,
}

/// Encodes opaque pixels of four bytes; the alpha byte is ignored.
///
/// # Errors
/// See [`PngError`].
pub(super) fn encode_png(rgba: &[u8], width: usize, max_bytes: usize) -> Result<Vec<u8>, PngError> {
    let (pixels, rest) = rgba.as_chunks::<4>();
    if width == 0 || pixels.is_empty() || !rest.is_empty() || !pixels.len().is_multiple_of(width) {
        return Err(PngError::Size {
            pixels: pixels.len(),
            width,
        });
    }
    if let Some(drawn) = CountedImage::from_pixels(pixels, width) {
        for colours in [256, 128, 64, 16] {
            let png = write_png(&drawn.to_indexed(colours))?;
            if png.len() <= max_bytes {
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
        png = write_png(&quantize_photo(&photo, width, colours, dithers)?)?;
        if png.len() <= max_bytes {
            break;
        }
    }
    Ok(png)
}

/// Picture with few enough colours to count them all. Most rows of a card equal the row above, so
/// repeated rows are counted and not stored.
struct CountedImage {
    colours: Vec<Rgb>,
    /// Indexes into `colours` of each row that differs from the row above.
    indices: Vec<u16>,
    /// Number of repetitions of each of these rows.
    row_counts: Vec<usize>,
    width: usize,
}

impl CountedImage {
    /// Counts the colours; returns `None` if there are too many.
    fn from_pixels(pixels: &[[u8; 4]], width: usize) -> Option<CountedImage> {
        let mut places: FxHashMap<Rgb, u16> = FxHashMap::default();
        let mut drawn = CountedImage {
            colours: Vec::new(),
            indices: Vec::with_capacity(pixels.len()),
            row_counts: Vec::new(),
            width,
        };
        let mut last: Option<([u8; 4], u16)> = None;
        let mut above: Option<&[[u8; 4]]> = None;
        for row in pixels.chunks_exact(width) {
            if above == Some(row)
                && let Some(count) = drawn.row_counts.last_mut()
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
            if drawn.colours.len() > MAX_DRAWN_COLORS {
                return None;
            }
            drawn.row_counts.push(1);
            above = Some(row);
        }
        Some(drawn)
    }

    /// Reduces the picture to at most `colours` colours; without loss if it has no more.
    fn to_indexed(&self, colours: usize) -> IndexedImage {
        let (palette, map) = if self.colours.len() <= colours {
            let map = (0..=u8::MAX).take(self.colours.len()).collect();
            (self.colours.clone(), map)
        } else {
            let palette = self.build_palette(colours);
            let map: Vec<u8> = self
                .colours
                .iter()
                .map(|colour| nearest_index(&palette, *colour))
                .collect();
            (palette, map)
        };
        let height: usize = self.row_counts.iter().sum();
        let mut indices = Vec::with_capacity(height * self.width);
        for (row, count) in self.indices.chunks_exact(self.width).zip(&self.row_counts) {
            let start = indices.len();
            indices.extend(
                row.iter()
                    .map(|place| map.get(usize::from(*place)).copied().unwrap_or_default()),
            );
            for _ in 1..*count {
                indices.extend_from_within(start..start + self.width);
            }
        }
        IndexedImage {
            palette,
            indices,
            width: self.width,
        }
    }

    /// Builds a palette of `colours` colours.
    fn build_palette(&self, colours: usize) -> Vec<Rgb> {
        let mut counts = vec![0_usize; self.colours.len()];
        let rows = self.indices.chunks_exact(self.width).zip(&self.row_counts);
        for (place, times) in
            rows.flat_map(|(row, times)| row.iter().map(move |place| (place, times)))
        {
            if let Some(count) = counts.get_mut(usize::from(*place)) {
                *count += times;
            }
        }
        let pixels = self.width * self.row_counts.iter().sum::<usize>();
        let counted: Vec<(Rgb, usize)> = self.colours.iter().copied().zip(counts).collect();
        let areas = area_colors(&counted, pixels, colours);
        // Frequent colours weigh more, but only logarithmically, so that edges of letters count too.
        let rest: Vec<Srgb<u8>> = counted
            .iter()
            .filter(|(colour, _)| !areas.contains(colour))
            .flat_map(|([r, g, b], count)| {
                std::iter::repeat_n(Srgb::new(*r, *g, *b), count.ilog2().max(1) as usize)
            })
            .collect();
        complete_palette(areas, &rest, colours)
    }
}

/// Returns the colours that fill areas, the most frequent first.
fn area_colors(counted: &[(Rgb, usize)], pixels: usize, colours: usize) -> Vec<Rgb> {
    let mut large: Vec<&(Rgb, usize)> = counted
        .iter()
        .filter(|(_, count)| count * 1000 >= pixels * MIN_AREA_PER_MILLE)
        .collect();
    large.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let most = MAX_AREA_COLORS.min(colours / 2);
    large.iter().take(most).map(|(colour, _)| *colour).collect()
}

/// Completes a palette of area colours with colours that Wu's quantizer picks for the rest.
fn complete_palette(areas: Vec<Rgb>, rest: &[Srgb<u8>], colours: usize) -> Vec<Rgb> {
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

/// Returns the index of the palette's nearest colour.
fn nearest_index(palette: &[Rgb], colour: Rgb) -> u8 {
    let nearest = (0..=u8::MAX)
        .zip(palette)
        .min_by_key(|(_, candidate)| color_distance(colour, **candidate));
    nearest.map_or(0, |(index, _)| index)
}

/// Computes the squared distance of two colours. The eye is most sensitive to green, and least to
/// blue.
fn color_distance(a: Rgb, b: Rgb) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    3 * square(a[0], b[0]) + 6 * square(a[1], b[1]) + square(a[2], b[2])
}

/// Reduces a photograph to `colours` colours; those that fill areas are kept exactly.
fn quantize_photo(
    photo: &[Srgb<u8>],
    width: usize,
    colours: usize,
    dithers: bool,
) -> Result<IndexedImage, PngError> {
    let failed = |what: String| PngError::Write(what);
    let mut counts: FxHashMap<Rgb, usize> = FxHashMap::default();
    for colour in photo {
        *counts
            .entry([colour.red, colour.green, colour.blue])
            .or_default() += 1;
    }
    let mut counted: Vec<(Rgb, usize)> = counts.into_iter().collect();
    counted.sort_unstable();
    let areas = area_colors(&counted, photo.len(), colours);
    let rest: Vec<Srgb<u8>> = photo
        .iter()
        .filter(|colour| !areas.contains(&[colour.red, colour.green, colour.blue]))
        .copied()
        .collect();
    let palette: Vec<Srgb<u8>> = complete_palette(areas, &rest, colours)
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
    Ok(IndexedImage {
        palette: palette
            .into_iter()
            .map(|colour| [colour.red, colour.green, colour.blue])
            .collect(),
        indices,
        width,
    })
}

fn write_png(image: &IndexedImage) -> Result<Vec<u8>, PngError> {
    let failed = |error: png::EncodingError| PngError::Write(error.to_string());
    let (depth, bits) = match image.palette.len() {
        0..=2 => (png::BitDepth::One, 1),
        3..=4 => (png::BitDepth::Two, 2),
        5..=16 => (png::BitDepth::Four, 4),
        _ => (png::BitDepth::Eight, 8),
    };
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let rows = image.indices.len() / image.width;
    let data = deflate_scanlines(&pack_scanlines(image, bits))?;
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

/// Packs rows of indexes to `bits` a pixel. The filter type is "none", as indexes cannot be predicted from neighbours.
fn pack_scanlines(image: &IndexedImage, bits: usize) -> Vec<u8> {
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

fn deflate_scanlines(lines: &[u8]) -> Result<Vec<u8>, PngError> {
    let failed = |error: &dyn std::fmt::Debug| PngError::Write(format!("{error:?}"));
    let level = CompressionLvl::new(DEFLATE_LEVEL).map_err(|error| failed(&error))?;
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

    fn test_image(rows: usize, colour: impl Fn(usize, usize) -> Rgb) -> Vec<u8> {
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

    /// Returns the mean difference of all bytes.
    fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
        assert_eq!(a.len(), b.len());
        let sum: u64 = a
            .iter()
            .zip(b)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        sum as f64 / a.len() as f64
    }

    /// Returns reproducible noise.
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
    fn up_to_256_colours_are_lossless() {
        for colours in [1, 2, 3, 4, 5, 16, 17, 200, 256] {
            let pixels = test_image(70, |x, y| {
                let place = ((x + y * WIDTH) % colours) as u8;
                [place, 255 - place, place / 2]
            });
            let png = encode_png(&pixels, WIDTH, 300_000).expect("encoded");
            assert!(decode(&png) == pixels, "{colours} colours");
        }
    }

    #[test]
    fn areas_keep_their_exact_colour() {
        for blend in [1000, 60_000] {
            let pixels = test_image(400, |x, y| match (x, y) {
                (..40, _) => [251, 250, 248],
                (40..60, _) => [15, 118, 110],
                _ => {
                    let step = (x * 400 + y) % blend;
                    [(step % 251) as u8, (step / 251) as u8, (x * 2) as u8]
                }
            });
            let back = decode(&encode_png(&pixels, WIDTH, 300_000).expect("encoded"));
            for at in [0, 50] {
                assert_eq!(
                    back[at * 4..at * 4 + 3],
                    pixels[at * 4..at * 4 + 3],
                    "{blend} at {at}"
                );
            }
            let off = mean_difference(&back, &pixels);
            assert!(off < 6.0, "{blend}: {off}");
        }
    }

    #[test]
    fn file_never_exceeds_the_maximum_size() {
        // Noise is the worst case for a palette. As many pixels as a card of 1,200 × 630 has.
        let pixels = test_image(6300, noise);
        let png = encode_png(&pixels, WIDTH, 300_000).expect("encoded");
        assert!(png.len() <= 300_000, "{} bytes", png.len());
        let grey = vec![128; pixels.len()];
        assert!(mean_difference(&decode(&png), &pixels) < mean_difference(&grey, &pixels));
    }

    #[test]
    fn same_pixels_give_same_bytes() {
        let pixels = test_image(200, noise);
        let encoded = || encode_png(&pixels, WIDTH, 300_000).expect("encoded");
        assert!(encoded() == encoded());
    }

    #[test]
    fn incomplete_rows_are_an_error() {
        for (bytes, width) in [(0, 10), (40, 0), (40, 3), (41, 10)] {
            assert!(
                encode_png(&vec![0; bytes], width, 1000).is_err(),
                "{bytes} {width}"
            );
        }
    }
}
