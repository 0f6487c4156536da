# Run all checks of CI.
ci:
    .ci/run

# Run the tests.
test:
    cargo test

# Format the code and apply automatic lint fixes.
fix:
    cargo fmt --all
    cargo clippy --all-targets --fix --allow-dirty

# Serve the sample site.
serve:
    cargo run --release

# Run the benchmarks; see docs/performance.md.
bench:
    cargo bench

# Check advisories, licences and sources of the dependencies (needs cargo-deny).
deny:
    cargo deny check
