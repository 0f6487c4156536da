//! `courant check`: the findings on stdout, the count on stderr, the verdict as exit code.

use std::process::{Command, Output};

use crate::support::{TestSite, plain};

fn courant(site: &TestSite, args: &[&str]) -> Output {
    let config = site.write_config();
    Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(args)
        .arg("--config")
        .arg(config)
        .env_clear()
        .output()
        .expect("courant runs")
}

fn text(bytes: &[u8], site: &TestSite) -> String {
    String::from_utf8_lossy(bytes).replace(&site.root().display().to_string(), "[site]")
}

#[test]
fn findings_are_listed_with_place_and_remedy() {
    let site = TestSite::new()
        .post("bad.md", "---\ntitle: One: two\n---\n")
        .post(
            "odd.md",
            "---\ntitle: a\ndate: 2024-01-01\nseo: {url: a-word}\n---\n",
        )
        .post("good.md", plain("Good", "2024-01-01"));
    let output = courant(&site, &["check"]);
    insta::assert_snapshot!(text(&output.stdout, &site), @r#"
    error: the front matter does not parse: mapping values are not allowed in this context [front-matter]
      --> bad.md:2
      hint: quote a value that holds `: `, such as `title: "One: two"`

    warning: the permalink `a-word` is relative and is read as `https://example.org/a-word` [relative-permalink]
      --> odd.md:4
      hint: write the address of the post, such as `https://example.org/blog/a-post`
    "#);
    insta::assert_snapshot!(text(&output.stderr, &site), @"1 error, 1 warning in 3 posts");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn warnings_alone_are_no_failure_and_nothing_is_said_of_nothing() {
    let site = TestSite::new().post("good.md", plain("Good", "2024-01-01"));
    let output = courant(&site, &["check"]);
    assert_eq!(output.stdout, b"");
    assert_eq!(output.status.code(), Some(0));
    let site = TestSite::new().post(
        "odd.md",
        "---\ntitle: a\ndate: 2024-01-01\nseo: {url: a-word}\n---\n",
    );
    assert_eq!(courant(&site, &["check"]).status.code(), Some(0));
}

#[test]
fn a_configuration_with_faults_is_exit_code_2() {
    let site = TestSite::new().config("[fedes]");
    let output = courant(&site, &["check"]);
    insta::assert_snapshot!(text(&output.stderr, &site), @r#"
    error: `[site]/config.toml` has 1 fault

    error: unknown key `fedes` [config]
      --> [site]/config.toml:5
      hint: did you mean `feeds`?
    "#);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_missing_configuration_is_exit_code_2_with_a_remedy() {
    let output = Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["check", "--config", "/nowhere/config.toml"])
        .env_clear()
        .output()
        .unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr), @r#"
    error: cannot read `/nowhere/config.toml`
      because: No such file or directory (os error 2)
      hint: name the file with `--config FILE`
    "#);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_missing_content_directory_is_named_with_a_remedy() {
    let site = TestSite::new().config("[content]\ndir = \"nowhere\"");
    let output = courant(&site, &["check"]);
    insta::assert_snapshot!(text(&output.stderr, &site), @r#"
    error: cannot read the content directory `[site]/nowhere`
      because: No such file or directory (os error 2)
      hint: `content.dir` in the configuration names it, relative to the configuration file
    "#);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_port_in_use_is_named_with_a_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = TestSite::new();
    let output = courant(&site, &["serve", "--listen", &address]);
    let said = text(&output.stderr, &site).replace(&address, "[address]");
    insta::assert_snapshot!(said, @r#"
    error: cannot listen on `[address]`
      because: Address already in use (os error 98)
      hint: another program has the port; stop it, or choose another with `--listen` or `server.listen`
    "#);
    assert_eq!(output.status.code(), Some(1));
}
