//! Serves one prepared response with plain hyper, to measure the minimum cost of a request.
//!
//! No routing, no conditions, no timers, no limits. The allocator is courant's.
//!
//! `cargo bench --bench bare_hyper -- FILE` reads a response from FILE, as courant sent it, and
//! prints the port of 127.0.0.1 on which it sends that response to every request. hyper adds `Date`
//! and `Content-Length`. `benches/beside-nginx` and `benches/allocations` run it beside courant.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the port is the output")]

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{
    Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file = std::env::args().skip(1).find(|arg| arg != "--bench");
    let answer =
        std::fs::read(file.expect("usage: bare_hyper FILE")).expect("the file can be read");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.expect("the file has a head") + 4);
    let head = std::str::from_utf8(head).expect("the head is text");
    let (line, fields) = head.split_once("\r\n").expect("there is a status line");
    let status = line.split(' ').nth(1).expect("there is a status");
    let status = StatusCode::from_bytes(status.as_bytes()).expect("the status is one");
    let mut headers = HeaderMap::new();
    for (name, value) in fields.lines().filter_map(|field| field.split_once(": ")) {
        if !matches!(&*name.to_ascii_lowercase(), "date" | "content-length") {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("the name is one");
            headers.insert(
                name,
                HeaderValue::from_str(value).expect("the value is one"),
            );
        }
    }
    let body = Bytes::copy_from_slice(body);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a port");
    println!("{}", listener.local_addr().expect("it has a port").port());
    loop {
        let (socket, _) = listener.accept().await.expect("a connection can be taken");
        socket.set_nodelay(true).expect("the socket is TCP");
        let (headers, body) = (headers.clone(), body.clone());
        tokio::spawn(http1::Builder::new().serve_connection(
            TokioIo::new(socket),
            service_fn(move |_: Request<Incoming>| {
                let mut response = Response::new(Full::new(body.clone()));
                *response.status_mut() = status;
                *response.headers_mut() = headers.clone();
                async { Ok::<_, Infallible>(response) }
            }),
        ));
    }
}
