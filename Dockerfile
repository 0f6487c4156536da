# Two stages: the first builds the binary, the second contains only what runs.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The image has a linker and a C compiler; jemalloc also needs `make`.
RUN apt-get update \
 && apt-get install -y --no-install-recommends make \
 && rm -rf /var/lib/apt/lists/*
# Compiles the dependencies before the sources are copied, so that Docker can cache that layer.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests/it \
 && echo 'fn main() {}' > src/main.rs \
 && touch src/lib.rs tests/it/main.rs \
 && for bench in $(sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/\1/p' Cargo.toml); do \
        echo 'fn main() {}' > "benches/$bench.rs"; \
    done \
 && cargo build --release --locked --bin courant
COPY assets assets
COPY config.toml config.toml
COPY docs/rules.md docs/rules.md
COPY src src
# Updates the times: the copied files may be older than the placeholders that were just built.
RUN touch src/main.rs src/lib.rs \
 && cargo build --release --locked --bin courant

FROM debian:bookworm-slim
# Fonts for cards in scripts that the built-in fonts lack.
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-noto-core fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/release/courant /usr/local/bin/courant
# User `nobody`: courant needs no account and no write access.
USER 65534:65534
# Mount `config.toml` and the content here. Read-only is enough.
WORKDIR /site
EXPOSE 8080
STOPSIGNAL SIGTERM
# The image has no HTTP client, so bash opens the socket.
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'HEAD /robots.txt HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
# Listens on all addresses, because clients are outside the container.
ENTRYPOINT ["courant"]
CMD ["serve", "--config", "/site/config.toml", "--listen", "0.0.0.0:8080"]
