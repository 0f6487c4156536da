//! The bytes of an output that is made, and their forms as they come to be ready.
//!
//! gzip, brotli and zstd are made anew for each edit: at once with little effort, and the latter two with all when
//! there is nothing else to do. Then the form that was made at once is dropped.

use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;

use super::coding::{self, Coding, Form, MAX_BYTES_OF_ALL_FORMS, Tags};
use crate::artifact::{FieldValue, OutputBytes, Payload};

/// Bytes that are made, and their codings as they are ready.
#[derive(Debug)]
pub struct Ready {
    output: Arc<OutputBytes>,
    identity: ArcSwap<Representation>,
    /// Whether its plain bytes are given up once it is in gzip.
    is_packed: bool,
    tags: Tags,
    gzip: OnceLock<Option<Arc<Representation>>>,
    br: ArcSwapOption<Representation>,
    zstd: ArcSwapOption<Representation>,
    /// Whether what there is at once is there.
    hurried: OnceLock<()>,
    /// Whether there is nothing smaller to come.
    refined: OnceLock<()>,
}

/// Bytes in one content coding, with their validator.
#[derive(Debug, Clone)]
pub struct Representation {
    /// What the bytes are.
    pub form: Form,
    /// The bytes that go over the wire.
    pub body: Payload,
    /// A strong entity tag of exactly these bytes, in its quotes (RFC 9110 §8.8.3).
    pub etag: FieldValue,
    /// How many bytes there are, in decimal (RFC 9110 §8.6).
    pub content_length: FieldValue,
}

impl Ready {
    pub(super) fn new(output: Arc<OutputBytes>, packed_above: usize, is_text: bool) -> Ready {
        let forms: &'static [Form] = match () {
            () if !is_text => &Form::AS_IT_IS,
            () if output.len() > packed_above.min(MAX_BYTES_OF_ALL_FORMS) => &Form::OF_LARGE,
            () => &Form::ALL,
        };
        let tags = Tags::new(output.fingerprint(), forms);
        Ready {
            identity: ArcSwap::new(Representation::of(Form::Identity, output.payload(), &tags)),
            is_packed: output.len() > packed_above,
            output,
            tags,
            gzip: OnceLock::new(),
            br: ArcSwapOption::empty(),
            zstd: ArcSwapOption::empty(),
            hurried: OnceLock::new(),
            refined: OnceLock::new(),
        }
    }

    /// The bytes as rendered.
    pub fn identity(&self) -> Arc<Representation> {
        self.identity.load_full()
    }

    /// The bytes in gzip coding, where that is ready and smaller.
    pub fn gzip(&self) -> Option<&Representation> {
        self.gzip.get()?.as_deref()
    }

    /// The smallest that there is in a coding yet.
    pub fn in_coding(&self, coding: Coding) -> Option<Arc<Representation>> {
        match coding {
            Coding::Identity => Some(self.identity()),
            Coding::Gzip => self.gzip.get()?.clone(),
            Coding::Brotli => self.br.load_full(),
            Coding::Zstd => self.zstd.load_full(),
        }
    }

    /// How long that is.
    pub fn len_in(&self, coding: Coding) -> Option<usize> {
        let len = |representation: &Arc<Representation>| representation.body.len();
        match coding {
            Coding::Identity => Some(self.output.len()),
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

    pub(super) fn is(&self, output: &OutputBytes) -> bool {
        *self.output == *output
    }

    /// Makes the gzip form, and keeps no other of what is large.
    pub(super) fn compress(&self) {
        if !self.tags.forms().contains(&Form::Gzip) {
            return;
        }
        self.gzip.get_or_init(|| {
            let coded: Bytes = match self.output.payload() {
                Payload::Gzip { coded, .. } => coded,
                Payload::Plain(plain) => coding::code(&plain, Form::Gzip, &mut || false)?.into(),
            };
            if coded.len() >= self.output.len() {
                return None;
            }
            if self.is_packed {
                self.output.keep_gzip(coded.clone());
                let identity = self.output.payload();
                self.identity
                    .store(Representation::of(Form::Identity, identity, &self.tags));
            }
            Some(Representation::of(Form::Gzip, coded.into(), &self.tags))
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
        // What is kept in gzip only has no other forms.
        let Payload::Plain(plain) = self.output.payload() else {
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
    fn of(form: Form, body: Payload, tags: &Tags) -> Arc<Representation> {
        Arc::new(Representation {
            form,
            content_length: body.len().to_string().into(),
            body,
            etag: tags.get(form),
        })
    }
}
