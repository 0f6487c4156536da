//! Holds a rendered output and its encodings, which are added as they are finished.
//!
//! gzip, brotli and zstd are made again after each edit, first with little effort. When idle, brotli and zstd are made
//! at their best level and replace the first ones.

use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;

use super::content_coding::{self, ContentCoding, Encoding, EntityTags};
use crate::model::artifact::{OutputBytes, Payload, SharedHeaderValue};

/// Rendered output with the encodings that are finished.
#[derive(Debug)]
pub struct EncodedBody {
    output: Arc<OutputBytes>,
    identity: ArcSwap<Representation>,
    /// True if the plain bytes are dropped once gzip is finished.
    is_gzip_only: bool,
    tags: EntityTags,
    gzip: OnceLock<Option<Arc<Representation>>>,
    br: ArcSwapOption<Representation>,
    zstd: ArcSwapOption<Representation>,
    /// Set when the fast encodings are finished.
    fast_done: OnceLock<()>,
    /// Set when the smallest encodings are finished.
    best_done: OnceLock<()>,
}

/// Encoded bytes with their validator.
#[derive(Debug, Clone)]
pub struct Representation {
    /// Encoding of the bytes.
    pub encoding: Encoding,
    /// Bytes that are sent.
    pub payload: Payload,
    /// Strong entity tag of exactly these bytes, with quotes (RFC 9110 §8.8.3).
    pub etag: SharedHeaderValue,
    /// Number of bytes in decimal (RFC 9110 §8.6).
    pub content_length: SharedHeaderValue,
}

impl EncodedBody {
    pub(super) fn new(output: Arc<OutputBytes>, packed_above: usize, is_text: bool) -> EncodedBody {
        let forms = Encoding::possible_for_eager(output.len(), packed_above, is_text);
        let tags = EntityTags::new(output.fingerprint(), forms);
        EncodedBody {
            identity: ArcSwap::new(Representation::new_shared(
                Encoding::Identity,
                output.stored_payload(),
                &tags,
            )),
            is_gzip_only: output.len() > packed_above,
            output,
            tags,
            gzip: OnceLock::new(),
            br: ArcSwapOption::empty(),
            zstd: ArcSwapOption::empty(),
            fast_done: OnceLock::new(),
            best_done: OnceLock::new(),
        }
    }

    /// Returns the bytes without content coding.
    pub fn identity_encoding(&self) -> Arc<Representation> {
        self.identity.load_full()
    }

    /// Returns the gzip encoding; `None` if it is unfinished or not smaller.
    pub fn gzip_encoding(&self) -> Option<&Representation> {
        self.gzip.get()?.as_deref()
    }

    /// Returns the smallest finished encoding of a content coding.
    pub fn smallest_in_coding(&self, coding: ContentCoding) -> Option<Arc<Representation>> {
        match coding {
            ContentCoding::Identity => Some(self.identity_encoding()),
            ContentCoding::Gzip => self.gzip.get()?.clone(),
            ContentCoding::Brotli => self.br.load_full(),
            ContentCoding::Zstd => self.zstd.load_full(),
        }
    }

    /// Returns the length of the smallest finished encoding of a content coding.
    pub fn len_in_coding(&self, coding: ContentCoding) -> Option<usize> {
        let len = |representation: &Arc<Representation>| representation.payload.len();
        match coding {
            ContentCoding::Identity => Some(self.output.len()),
            ContentCoding::Gzip => self.gzip.get()?.as_ref().map(len),
            ContentCoding::Brotli => self.br.load().as_ref().map(len),
            ContentCoding::Zstd => self.zstd.load().as_ref().map(len),
        }
    }

    /// Returns the entity tags of all possible encodings.
    pub fn entity_tags(&self) -> &EntityTags {
        &self.tags
    }

    /// Returns true if it has, or may get, more than one encoding.
    pub fn has_encodings(&self) -> bool {
        let may_come = match self.tags.possible_encodings() {
            forms if forms.contains(&Encoding::Br11) => self.best_done.get().is_none(),
            forms => forms.contains(&Encoding::Gzip) && self.gzip.get().is_none(),
        };
        let coded = [
            ContentCoding::Gzip,
            ContentCoding::Brotli,
            ContentCoding::Zstd,
        ];
        may_come
            || coded
                .iter()
                .any(|&coding| self.len_in_coding(coding).is_some())
    }

    pub(super) fn is_same_output(&self, output: &OutputBytes) -> bool {
        *self.output == *output
    }

    /// Makes the gzip encoding. For a large output, gzip then replaces the plain bytes.
    pub(super) fn encode_gzip(&self) {
        if !self.tags.possible_encodings().contains(&Encoding::Gzip) {
            return;
        }
        self.gzip.get_or_init(|| {
            let coded: Bytes = match self.output.stored_payload() {
                Payload::Gzip { coded, .. } => coded,
                Payload::Plain(plain) => {
                    content_coding::encode_bytes(&plain, Encoding::Gzip, &mut || false)?.into()
                }
            };
            if coded.len() >= self.output.len() {
                return None;
            }
            if self.is_gzip_only {
                self.output.replace_with_gzip(coded.clone());
                let identity = self.output.stored_payload();
                self.identity.store(Representation::new_shared(
                    Encoding::Identity,
                    identity,
                    &self.tags,
                ));
            }
            Some(Representation::new_shared(
                Encoding::Gzip,
                coded.into(),
                &self.tags,
            ))
        });
    }

    /// Makes brotli and zstd with little effort.
    pub(super) fn encode_fast(&self) {
        self.fast_done.get_or_init(|| {
            self.make_encodings([Encoding::Zstd3, Encoding::Br5], &mut || false);
        });
    }

    /// Makes brotli and zstd at their best level. Returns false if it was interrupted.
    pub(super) fn encode_best(&self, is_interrupted: &mut dyn FnMut() -> bool) -> bool {
        if self.best_done.get().is_none()
            && self.make_encodings([Encoding::Zstd19, Encoding::Br11], is_interrupted)
        {
            self.best_done.get_or_init(|| ());
        }
        self.best_done.get().is_some()
    }

    /// Makes the encodings that are possible, and keeps those that are smaller than the existing one of their coding.
    /// Returns false if any was interrupted.
    fn make_encodings(
        &self,
        encodings: [Encoding; 2],
        is_interrupted: &mut dyn FnMut() -> bool,
    ) -> bool {
        let possible = self.tags.possible_encodings();
        if !encodings.iter().any(|form| possible.contains(form)) {
            return true;
        }
        // An output that is stored only as gzip has no other encodings.
        let Payload::Plain(plain) = self.output.stored_payload() else {
            return true;
        };
        let mut is_complete = true;
        for form in encodings {
            let Some(coded) = content_coding::encode_bytes(&plain, form, is_interrupted) else {
                is_complete = false;
                continue;
            };
            let coding = form.content_coding();
            let slot = match coding {
                ContentCoding::Brotli => &self.br,
                ContentCoding::Zstd => &self.zstd,
                ContentCoding::Identity | ContentCoding::Gzip => continue,
            };
            if coded.len() < self.len_in_coding(coding).unwrap_or(plain.len()) {
                let body = Bytes::from(coded).into();
                slot.store(Some(Representation::new_shared(form, body, &self.tags)));
            }
        }
        is_complete
    }
}

impl Representation {
    fn new_shared(form: Encoding, body: Payload, tags: &EntityTags) -> Arc<Representation> {
        Arc::new(Representation {
            encoding: form,
            content_length: body.len().to_string().into(),
            payload: body,
            etag: tags.get(form),
        })
    }
}
