//! Posts as they were read into a file, and back after a restart, so that files that are as they were need
//! not be read.
//!
//! A post is taken from it only if its file has the very stamp that it had. The file has blocks of some hundred
//! posts in the order of their paths, an index of them, and where that is. Whatever is not as it was
//! written, by the very same program and for the same configuration, is as if it were not there.

mod file;
mod ground;
mod record;

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::Rendering;
use super::parse::Parsed;
use super::read::Reading;
use super::scan::Candidate;
use crate::config::{Config, Content};
use crate::finding::Finding;
use crate::fingerprint::Quick;
use crate::post::Post;
use crate::stamp::Seal;
use file::Draft;
use ground::Grounds;
use record::Record;

/// How the file begins. The last digit counts up with the form.
const MAGIC: &[u8; 16] = b"courant posts 1\n";
/// So many posts are checked and unpacked as one.
const BLOCK: usize = 256;
/// Where the index is, how long it is, and its checksum: what the file ends with.
const TAIL: usize = 8 + 8 + 16;
/// No index is longer, in bytes.
const MOST_INDEX: u64 = 64 * 1024 * 1024;
/// No block is, as no post is.
const MOST_BLOCK: u64 = 1024 * 1024 * 1024;

/// A file that posts can be taken from.
#[derive(Debug)]
pub(super) struct Cache {
    file: File,
    blocks: Vec<Place>,
    /// How many posts there are.
    pub(super) posts: usize,
    grounds: Grounds,
}

/// Where a block is.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// The path of its first post.
    first: String,
    offset: u64,
    length: u64,
    sum: u128,
}

#[derive(Debug, Serialize, Deserialize)]
struct Index {
    identity: u128,
    posts: usize,
    blocks: Vec<Place>,
}

/// Why nothing can be taken from a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// It is not there yet.
    #[error("there is none yet")]
    Missing,
    /// It was written by another program, or for another configuration.
    #[error("it is of another version or configuration")]
    Foreign,
    /// It is not one that courant wrote, or others may have written to it.
    #[error("it is no file of courant's own")]
    Another,
    /// It is not what was written.
    #[error("it is damaged")]
    Damaged,
    /// The system does not give it.
    #[error(transparent)]
    Io(io::Error),
}

/// A post that was read.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) seal: Seal,
    pub(super) post: Arc<Post>,
    pub(super) findings: Box<[Finding]>,
    /// Whether its body was looked at for them.
    pub(super) is_deep: bool,
}

impl Known {
    /// Whether it may be kept: not if it says anything against its being seen.
    pub(super) fn may_be_of(post: &Post) -> bool {
        Record::may_be_of(post)
    }
}

/// The name of all that decides what is made of a file: the program itself, and the configuration.
///
/// # Errors
/// The program's own file cannot be read.
pub(super) fn identity(config: &Config) -> io::Result<u128> {
    let Content {
        dir,
        // Which files are looked at is asked anew each time.
        include: _,
        exclude: _,
        require,
        fields,
        z_is_local,
        numbered_names,
        public_states,
        shortcodes,
        static_dir: _,
        max_file_size,
        cache: _,
    } = &config.content;
    let content = (
        dir,
        require,
        fields,
        z_is_local,
        numbered_names,
        public_states,
        shortcodes,
        max_file_size,
    );
    let mut name = Quick::default();
    name.add(&program()?.to_le_bytes());
    name.add(format!("{:?}{content:?}", config.site).as_bytes());
    Ok(name.finish())
}

/// The name of the program, by its bytes, of which there are tens of megabytes. It is made once.
///
/// # Errors
/// The program's own file cannot be read.
pub(super) fn program() -> io::Result<u128> {
    static NAME: OnceLock<Result<u128, io::ErrorKind>> = OnceLock::new();
    let name = NAME.get_or_init(|| name_program().map_err(|error| error.kind()));
    (*name).map_err(io::Error::from)
}

fn name_program() -> io::Result<u128> {
    // By its name it would be another one when it was replaced while it runs.
    #[cfg(target_os = "linux")]
    let program = PathBuf::from("/proc/self/exe");
    #[cfg(not(target_os = "linux"))]
    let program = std::env::current_exe()?;
    let mut program = File::open(program)?;
    let mut name = Quick::default();
    let mut part = vec![0; 256 * 1024];
    loop {
        match program.read(&mut part)? {
            0 => return Ok(name.finish()),
            length => name.add(part.get(..length).unwrap_or_default()),
        }
    }
}

impl Cache {
    /// Opens a file that was written by [`write()`] with the same `identity`.
    ///
    /// # Errors
    /// Nothing can be taken from it.
    pub(super) fn open(path: &Path, identity: u128) -> Result<Cache, Unusable> {
        let file = file::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unusable::Missing,
            _ => Unusable::Io(error),
        })?;
        let file = file.ok_or(Unusable::Another)?;
        let length = file.metadata().map_err(Unusable::Io)?.len();
        let before_tail = length.checked_sub(TAIL as u64).ok_or(Unusable::Damaged)?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact_at(&mut magic, 0).map_err(damaged)?;
        if magic != *MAGIC {
            return Err(Unusable::Foreign);
        }
        let mut tail = [0; TAIL];
        file.read_exact_at(&mut tail, before_tail)
            .map_err(damaged)?;
        let (offset, size, sum): (u64, u64, u128) = unpack(&tail)?;
        let ends = offset.checked_add(size) == Some(before_tail);
        if !ends || size > MOST_INDEX {
            return Err(Unusable::Damaged);
        }
        let index = read_at(&file, offset, size, sum).map_err(damaged)?;
        let index: Index = postcard::from_bytes(&index).map_err(|_| Unusable::Damaged)?;
        if index.identity != identity {
            return Err(Unusable::Foreign);
        }
        Ok(Cache {
            file,
            blocks: index.blocks,
            posts: index.posts,
            grounds: Grounds::default(),
        })
    }

    /// The number of the block that holds a path, if any does.
    pub(super) fn block_of(&self, path: &str) -> Option<usize> {
        self.blocks
            .partition_point(|block| *block.first <= *path)
            .checked_sub(1)
    }

    /// The bytes of a block; `None` where they are not those that were written.
    pub(super) fn block(&self, number: usize) -> Option<Vec<u8>> {
        let Place {
            offset,
            length,
            sum,
            ..
        } = self.blocks.get(number)?;
        if *length > MOST_BLOCK {
            return None;
        }
        read_at(&self.file, *offset, *length, *sum).ok()
    }

    /// Whether the stamp of a file can be believed, whatever happened since the last run.
    pub(super) fn believes(&self, candidate: &Candidate) -> bool {
        self.grounds.bears(&candidate.stamp, &candidate.file)
    }
}

/// The posts of a block.
pub(super) struct Block<'a>(Vec<Record<'a>>);

impl<'a> Block<'a> {
    /// Those that the bytes of a block hold.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Block<'a>> {
        postcard::from_bytes(bytes).ok().map(Block)
    }

    /// What reading a file would give, if it is as it was when it was read.
    pub(super) fn reading(
        &self,
        path: &str,
        candidate: &Candidate,
        rendering: &Arc<Rendering>,
    ) -> Option<Reading> {
        let at = self
            .0
            .binary_search_by(|record| record.path.cmp(path))
            .ok()?;
        let record = self.0.get(at)?;
        let seal = candidate.stamp.seal();
        if record.seal != seal.number().get() {
            return None;
        }
        let is_deep = record.is_deep;
        let (post, findings) = record.post(&candidate.file, rendering)?;
        Some(Reading {
            stamp: Some(seal),
            parsed: Parsed::Post {
                post: Arc::new(post),
                findings,
            },
            is_deep,
        })
    }
}

/// Writes posts, which are in the order of their paths, into a file that takes the place of the one that is there
/// when it is whole. Nobody but its owner may read it.
///
/// # Errors
/// It cannot be written, another program is writing it, or a file is there that courant did not write.
pub(super) fn write(path: &Path, identity: u128, posts: &[Known]) -> io::Result<()> {
    let draft = Draft::begin(path)?;
    let mut out = BufWriter::new(draft.file());
    out.write_all(MAGIC)?;
    let mut offset = MAGIC.len() as u64;
    let mut blocks = Vec::with_capacity(posts.len() / BLOCK + 1);
    for posts in posts.chunks(BLOCK) {
        let records = posts.iter().map(Record::of);
        let bytes = packed(&records.collect::<Vec<_>>())?;
        out.write_all(&bytes)?;
        let length = bytes.len() as u64;
        blocks.push(Place {
            first: posts
                .first()
                .map(|known| known.post.path.to_string())
                .unwrap_or_default(),
            offset,
            length,
            sum: sum(&bytes),
        });
        offset += length;
    }
    let index = packed(&Index {
        identity,
        posts: posts.len(),
        blocks,
    })?;
    out.write_all(&index)?;
    for part in [offset.to_le_bytes(), (index.len() as u64).to_le_bytes()] {
        out.write_all(&part)?;
    }
    out.write_all(&sum(&index).to_le_bytes())?;
    out.flush()?;
    drop(out);
    draft.finish()
}

fn packed(value: &impl Serialize) -> io::Result<Vec<u8>> {
    postcard::to_allocvec(value).map_err(io::Error::other)
}

fn unpack(tail: &[u8; TAIL]) -> Result<(u64, u64, u128), Unusable> {
    let (offset, rest) = tail.split_first_chunk().ok_or(Unusable::Damaged)?;
    let (size, rest) = rest.split_first_chunk().ok_or(Unusable::Damaged)?;
    let sum = rest.first_chunk().ok_or(Unusable::Damaged)?;
    Ok((
        u64::from_le_bytes(*offset),
        u64::from_le_bytes(*size),
        u128::from_le_bytes(*sum),
    ))
}

/// Bytes of a file that have this checksum.
fn read_at(file: &File, offset: u64, length: u64, expected: u128) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    match sum(&bytes) == expected {
        true => Ok(bytes),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn sum(bytes: &[u8]) -> u128 {
    let mut sum = Quick::default();
    sum.add(bytes);
    sum.finish()
}

fn damaged(error: io::Error) -> Unusable {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Unusable::Damaged,
        _ => Unusable::Io(error),
    }
}
