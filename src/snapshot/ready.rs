//! The bytes of an output that is made, and their forms as they come to be ready.
//!
//! Each piece of the gzip form is coded once, for all generations. brotli and zstd are better for seeing
//! all of an output at once, and so are made anew for each edit: at once with little effort, and with all
//! when there is nothing else to do. Then the form that was made at once is dropped.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use bytes::Bytes;

use super::coding::{self, Coding, Form, Tags};
use super::delta::Past;
use crate::artifact::{Chunk, FieldValue, Pieces};
use crate::fingerprint;

/// An output that is longer, in bytes, is coded in pieces only: nobody compresses megabytes anew for one
/// edit. The best efforts of brotli and zstd take some thirty times its length in memory, which the allocator
/// keeps, and what is longer than this is read by crawlers, which take gzip.
const CODED_WHOLE: usize = 512 * 1024;

/// A coded form that is no longer, in bytes, is held in one piece too: what is polled all day is sent by fewer
/// steps.
const IN_ONE: usize = 256 * 1024;

/// Bytes that are made, and their codings as they are ready.
#[derive(Debug)]
pub struct Ready {
    identity: Arc<Representation>,
    chunks: Vec<Chunk>,
    tags: Tags,
    gzip: OnceLock<Option<Arc<Representation>>>,
    br: ArcSwapOption<Representation>,
    zstd: ArcSwapOption<Representation>,
    /// Whether what there is at once is there.
    hurried: OnceLock<()>,
    /// Whether there is nothing smaller to come.
    refined: OnceLock<()>,
    past: Past,
}

/// Bytes in one content coding, with their validator.
#[derive(Debug, Clone)]
pub struct Representation {
    /// What the bytes are.
    pub form: Form,
    /// The bytes that go over the wire.
    pub body: Pieces,
    /// A strong entity tag of exactly these bytes, in its quotes (RFC 9110 §8.8.3).
    pub etag: FieldValue,
    /// How many bytes there are, in decimal (RFC 9110 §8.6).
    pub content_length: FieldValue,
}

impl Ready {
    pub(super) fn new(chunks: Vec<Chunk>, packed_above: usize, is_text: bool) -> Ready {
        let names: Vec<u8> = chunks
            .iter()
            .flat_map(|chunk| chunk.fingerprint().to_le_bytes())
            .collect();
        let length: usize = chunks.iter().map(Chunk::len).sum();
        // What has shrunk to be small has its pieces unpacked here, once. Should one be damaged, it is for
        // the answer to say so.
        let plain = || {
            chunks
                .iter()
                .map(Chunk::bytes)
                .collect::<Result<Vec<_>, _>>()
        };
        let plain = (length <= packed_above).then(plain).and_then(Result::ok);
        let forms: &'static [Form] = match () {
            () if !is_text => &Form::AS_IT_IS,
            () if length > packed_above.min(CODED_WHOLE) => &Form::IN_PIECES,
            () => &Form::ALL,
        };
        let tags = Tags::new(&fingerprint::hex(&names), forms);
        let body = match plain {
            Some(plain) => Pieces::new(plain),
            None => Pieces::packed(&chunks),
        };
        Ready {
            identity: Representation::of(Form::Identity, body, &tags),
            chunks,
            tags,
            gzip: OnceLock::new(),
            br: ArcSwapOption::empty(),
            zstd: ArcSwapOption::empty(),
            hurried: OnceLock::new(),
            refined: OnceLock::new(),
            past: Past::default(),
        }
    }

    /// The same, which knows that it was this before.
    pub(super) fn after(self, before: &Ready) -> Ready {
        Ready {
            past: before.past.and(&before.tags, &before.chunks),
            ..self
        }
    }

    /// What is new since the generation of an entity tag, in its quotes, where that is known and is not all:
    /// a whole document. In gzip, where that is taken and at hand.
    pub fn new_since(&self, tag: &[u8], takes_gzip: bool) -> Option<(Form, Pieces)> {
        let new = self.past.new_since(tag, &self.chunks)?;
        let coded = (takes_gzip && new.iter().all(Chunk::is_deflated))
            .then(|| coding::in_pieces(&new))
            .flatten();
        Some(match coded {
            Some(coded) => (Form::Gzip, coded),
            None => (Form::Identity, Pieces::packed(&new)),
        })
    }

    /// The bytes as rendered.
    pub fn identity(&self) -> &Representation {
        &self.identity
    }

    /// The bytes in gzip coding, where that is ready and smaller.
    pub fn gzip(&self) -> Option<&Representation> {
        self.gzip.get()?.as_deref()
    }

    /// The smallest that there is in a coding yet.
    pub fn in_coding(&self, coding: Coding) -> Option<Arc<Representation>> {
        match coding {
            Coding::Identity => Some(Arc::clone(&self.identity)),
            Coding::Gzip => self.gzip.get()?.clone(),
            Coding::Brotli => self.br.load_full(),
            Coding::Zstd => self.zstd.load_full(),
        }
    }

    /// How long that is.
    pub fn len_in(&self, coding: Coding) -> Option<usize> {
        let len = |representation: &Arc<Representation>| representation.body.len();
        match coding {
            Coding::Identity => Some(len(&self.identity)),
            Coding::Gzip => self.gzip.get()?.as_ref().map(len),
            Coding::Brotli => self.br.load().as_ref().map(len),
            Coding::Zstd => self.zstd.load().as_ref().map(len),
        }
    }

    /// The entity tags of all that there is or may come to be.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Whether it is, or may come to be, in several codings.
    pub fn is_coded(&self) -> bool {
        let may_come = match self.tags.forms() {
            forms if forms.contains(&Form::Br11) => self.refined.get().is_none(),
            forms => forms.contains(&Form::Gzip) && self.gzip.get().is_none(),
        };
        let coded = [Coding::Gzip, Coding::Brotli, Coding::Zstd];
        may_come || coded.iter().any(|&coding| self.len_in(coding).is_some())
    }

    pub(super) fn is(&self, chunks: &[Chunk]) -> bool {
        self.chunks == chunks
    }

    /// Makes the gzip form, and lets go of what it is made of where that is large.
    pub(super) fn compress(&self) {
        if !self.tags.forms().contains(&Form::Gzip) {
            return;
        }
        self.gzip.get_or_init(|| {
            let body = coding::in_pieces(&self.chunks);
            self.identity.body.let_go();
            Some(Representation::of(Form::Gzip, body?, &self.tags))
        });
    }

    /// Makes the other forms that there are at once.
    pub(super) fn hurry(&self) {
        self.hurried.get_or_init(|| {
            self.make([Form::Zstd3, Form::Br5], &mut || false);
        });
    }

    /// Makes the other forms as small as can be; whether it was not given up.
    pub(super) fn refine(&self, is_given_up: &mut dyn FnMut() -> bool) -> bool {
        if self.refined.get().is_none() && self.make([Form::Zstd19, Form::Br11], is_given_up) {
            self.refined.get_or_init(|| ());
        }
        self.refined.get().is_some()
    }

    /// Makes forms of those that it may have, and keeps those that are smaller than what there is in
    /// their coding; whether none was given up.
    fn make(&self, forms: [Form; 2], is_given_up: &mut dyn FnMut() -> bool) -> bool {
        if !forms.iter().any(|form| self.tags.forms().contains(form)) {
            return true;
        }
        // Where it cannot be had, there is nothing to code, and the answers say so.
        let Ok(plain) = self.identity.body.to_vec() else {
            return true;
        };
        let mut are_all_made = true;
        for form in forms {
            let Some(coded) = coding::code(&plain, form, is_given_up) else {
                are_all_made = false;
                continue;
            };
            let coding = form.coding();
            let slot = match coding {
                Coding::Brotli => &self.br,
                Coding::Zstd => &self.zstd,
                Coding::Identity | Coding::Gzip => continue,
            };
            if coded.len() < self.len_in(coding).unwrap_or(plain.len()) {
                let body = Bytes::from(coded).into();
                slot.store(Some(Representation::of(form, body, &self.tags)));
            }
        }
        are_all_made
    }
}

impl Representation {
    fn of(form: Form, body: Pieces, tags: &Tags) -> Arc<Representation> {
        let body = if form == Form::Gzip && body.len() <= IN_ONE {
            body.in_one()
        } else {
            body
        };
        Arc::new(Representation {
            form,
            content_length: body.len().to_string().into(),
            body,
            etag: tags.get(form),
        })
    }
}
