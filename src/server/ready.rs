//! A reply whose head, where that is told again and again, is still as it is kept: written without hyper as it is, and
//! copied into a response for hyper.

use std::sync::Arc;

use hyper::{Response, StatusCode};

use super::heads::Told;
use super::respond::{Awaiting, Reply};
use crate::artifact::Pieces;

/// What a request leads to.
pub(super) enum Ready {
    Told(Arc<Told>, Pieces),
    Whole(Response<Pieces>),
    Awaits(Awaiting),
}

impl Ready {
    /// The status that it has, should the body be drawn.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Ready::Told(told, _) => told.status,
            Ready::Whole(response) => response.status(),
            Ready::Awaits(awaiting) => awaiting.status(),
        }
    }
}

impl From<Ready> for Reply {
    fn from(ready: Ready) -> Reply {
        match ready {
            Ready::Told(told, body) => {
                let mut response = Response::new(body);
                *response.status_mut() = told.status;
                response.headers_mut().clone_from(&told.headers);
                Reply::Whole(response)
            }
            Ready::Whole(response) => Reply::Whole(response),
            Ready::Awaits(awaiting) => Reply::Awaits(awaiting),
        }
    }
}
