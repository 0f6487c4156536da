# Two stages: the first builds the binary, the second holds it and nothing that built it.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The linker and the C compiler come with the image; the allocator is made with `make`.
RUN apt-get update \
 && apt-get install -y --no-install-recommends make \
 && rm -rf /var/lib/apt/lists/*
# Dependencies are compiled before the sources are copied, so that an edit of ours does not compile them again.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests/it \
 && echo 'fn main() {}' > src/main.rs \
 && touch src/lib.rs tests/it/main.rs \
 && for bench in $(sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/\1/p' Cargo.toml); do \
        echo 'fn main() {}' > "benches/$bench.rs"; \
    done \
 && cargo build --release --locked --bin courant
COPY assets assets
COPY docs/rules.md docs/rules.md
COPY src src
# The copied files may be older than the stand-ins that were just built.
RUN touch src/main.rs src/lib.rs \
 && cargo build --release --locked --bin courant

FROM debian:bookworm-slim
# Cards in scripts that the binary carries no font for: these make the chain whole.
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-noto-core fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/release/courant /usr/local/bin/courant
# Nobody: the image needs no account of its own, and no right to write.
USER 65534:65534
# The site's `config.toml` and content are mounted here, read-only if you like.
WORKDIR /site
EXPOSE 8080
STOPSIGNAL SIGTERM
# The image has no HTTP client but the shell's own sockets.
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'HEAD /robots.txt HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
# Inside a container, the outside is another host.
ENTRYPOINT ["courant"]
CMD ["serve", "--config", "/site/config.toml", "--listen", "0.0.0.0:8080"]
