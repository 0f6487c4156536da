# What CI runs, from the first check to the last.
ci:
    .ci/run

# The tests alone.
test:
    cargo test

# Format and lints, mended where a machine can.
fix:
    cargo fmt --all
    cargo clippy --all-targets --fix --allow-dirty

# The sample site, served.
serve:
    cargo run --release

# The benchmarks; see docs/performance.md.
bench:
    cargo bench

# Advisories, licences and sources of the dependencies (needs cargo-deny).
deny:
    cargo deny check
