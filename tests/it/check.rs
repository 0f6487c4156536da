//! `courant check`: the findings on stdout, the count on stderr, the verdict as exit code.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};

use courant::inspection::Inspection;
use courant::progress::{Progress, Stage};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use crate::support::{TestSite, new_year_2025, plain};

fn command(site: &TestSite, args: &[&str]) -> Command {
    let config = site.write_config();
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    command.args(args).arg("--config").arg(config).env_clear();
    command
}

fn courant(site: &TestSite, args: &[&str]) -> Output {
    command(site, args).output().expect("courant runs")
}

fn text(bytes: &[u8], site: &TestSite) -> String {
    String::from_utf8_lossy(bytes).replace(&site.root().display().to_string(), "[site]")
}

/// What `check` writes about a post.
fn checked(post: impl AsRef<[u8]>) -> String {
    let site = TestSite::new().post("a.md", post);
    text(&courant(&site, &["check"]).stdout, &site)
}

fn json(site: &TestSite) -> Value {
    let output = courant(site, &["check", "--format", "json"]);
    serde_json::from_str(&text(&output.stdout, site)).expect("JSON")
}

/// A post with a marker that nobody can read; whatever else is in its front matter.
fn doubtful(line: &str) -> String {
    format!("---\ntitle: a\ndate: 2024-01-01\n{line}\n---\n")
}

fn with_an_error_a_warning_and_a_public_post() -> TestSite {
    TestSite::new()
        .post("bad.md", doubtful("hidePost: ture"))
        .post("odd.md", doubtful("seo: {url: a-word}"))
        .post("good.md", plain("Good", "2024-01-01"))
}

#[test]
fn findings_are_listed_with_place_and_remedy() {
    let site = with_an_error_a_warning_and_a_public_post();
    let output = courant(&site, &["check"]);
    insta::assert_snapshot!(text(&output.stdout, &site), @r#"
    error[unreadable-marker]: `hidePost: ture` is neither true nor false, so the post is hidden
     --> [site]/content/bad.md:4:11
      |
    4 | hidePost: ture
      |           ^^^^
      |
      = hint: write `hidePost: true` or `hidePost: false`

    warning[relative-permalink]: the permalink `a-word` is relative and is read as `https://example.org/a-word`
     --> [site]/content/odd.md:4:12
      |
    4 | seo: {url: a-word}
      |            ^^^^^^
      |
      = hint: write the address of the post, such as `https://example.org/blog/a-post`
    "#);
    insta::assert_snapshot!(text(&output.stderr, &site), @"1 error, 1 warning in 3 posts");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_fault_of_the_front_matter_is_shown_with_its_line() {
    insta::assert_snapshot!(checked("---\ntitle: One: two\n---\n"), @r#"
    error[front-matter]: the front matter does not parse: mapping values are not allowed in this context
     --> [site]/content/a.md:2:1
      |
    2 | title: One: two
      | ^^^^^^^^^^^^^^^
      |
      = hint: quote a value that holds `: `, such as `title: "One: two"`
    "#);
}

#[test]
fn the_column_is_right_after_tabs_wide_characters_and_emoji() {
    let line = "seo: {x: \t\"日本語 👨\u{200d}👩\u{200d}👧 e\u{301} שלום\", url: a-word}";
    insta::assert_snapshot!(checked(doubtful(line)), @r#"
    warning[relative-permalink]: the permalink `a-word` is relative and is read as `https://example.org/a-word`
     --> [site]/content/a.md:4:37
      |
    4 | seo: {x:     "日本語 👨👩👧 é שלום", url: a-word}
      |                                           ^^^^^^
      |
      = hint: write the address of the post, such as `https://example.org/blog/a-post`
    "#);
    // The same line ends with CR and LF, and the file begins with a byte order mark.
    let crlf = format!("\u{feff}{}", doubtful(line)).replace('\n', "\r\n");
    assert_eq!(checked(crlf), checked(doubtful(line)));
}

#[test]
fn what_is_not_in_its_line_as_it_was_read_is_the_whole_line() {
    // A JSON escape: what was read is `ture`.
    let object =
        "{\n  \"title\": \"a\",\n  \"date\": \"2024-01-01\",\n  \"draft\": \"t\\u0075re\"\n}\n";
    insta::assert_snapshot!(checked(object), @r#"
    error[unreadable-marker]: `draft: ture` is neither true nor false, so the post is hidden
     --> [site]/content/a.md:4:3
      |
    4 |   "draft": "t\u0075re"
      |   ^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `draft: true` or `draft: false`
    "#);
}

#[test]
fn no_character_of_a_post_steers_the_terminal() {
    let post = "---\ntitle: \"\u{1b}]0;owned\u{7}\u{9b}2J\"\ndate: \u{1b}[31m2024\u{202e}\n---\n";
    let site = TestSite::new().post("a.md", post).post(
        "\u{1b}[2J\n.md",
        doubtful("draft: \"\\e[31m\\x9b2J\\u202e\""),
    );
    for format in ["human", "json", "github", "sarif"] {
        let output = courant(&site, &["check", "--format", format]);
        let written = [output.stdout, output.stderr].concat();
        let written = String::from_utf8(written).expect("UTF-8");
        let steers = |c: &char| c.is_control() && *c != '\n';
        assert_eq!(written.chars().find(steers), None, "{format}: {written:?}");
    }
    insta::assert_snapshot!(text(&courant(&site, &["check"]).stdout, &site), @r#"
    error[unreadable-marker]: `draft: [31m�2J�` is neither true nor false, so the post is hidden
     --> [site]/content/␛[2J␊.md:4:1
      |
    4 | draft: "\e[31m\x9b2J\u202e"
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `draft: true` or `draft: false`

    warning[forbidden-character]: the character U+001B is dropped, as no feed can hold it
     --> [site]/content/a.md:2:1
      |
    2 | title: "␛]0;owned␇�2J"
      | ^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: delete it; most editors can show invisible characters

    error[front-matter]: the front matter does not parse: while parsing a flow sequence, expected ',' or ']'
     --> [site]/content/a.md:4:1
      |
    4 | ---
      | ^^^
      |
      = hint: the lines between the fences are YAML: `name: value`, lists as `- item`, two blanks deeper
    "#);
}

#[test]
fn of_a_very_long_line_only_what_is_around_the_mark_is_shown() {
    let long = "x".repeat(300_000);
    let marked = checked(doubtful(&format!(
        "seo: {{a: {long}, url: a-word, b: {long}}}"
    )));
    insta::assert_snapshot!(marked, @r#"
    warning[relative-permalink]: the permalink `a-word` is relative and is read as `https://example.org/a-word`
     --> [site]/content/a.md:4:300017
      |
    4 | ...xxxxxxxxxxxxxxxxxxxxxxxxx, url: a-word, b: xxxxxxxxxxxxxxxxxxxxxxxxxxx...
      |                                    ^^^^^^
      |
      = hint: write the address of the post, such as `https://example.org/blog/a-post`
    "#);
    let whole = checked(format!(
        "{}![a](data:image/png;base64,{long}{long})",
        doubtful("")
    ));
    insta::assert_snapshot!(whole, @r#"
    warning[inline-image]: a picture is inlined as `data:` and left out
     --> [site]/content/a.md:6:1
      |
    6 | ![a](data:image/png;base6...xxxxxxxxxxxxxxxxxxxxxxxx)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^...^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: upload the picture and write its path, such as `![…](/img/a.jpg)`
    "#);
    // The message quotes what was written.
    let quoted = checked(doubtful(&format!("draft: {long}{long}")));
    assert!(quoted.len() < 2000, "{} bytes", quoted.len());
    assert!(quoted.contains("is neither true nor false"), "{quoted}");
}

#[test]
fn a_file_that_is_not_utf_8_is_shown_as_far_as_it_is_text() {
    insta::assert_snapshot!(checked(b"---\ntitle: caf\xe9\n---\n"), @r#"
    error[not-utf8]: the file is not UTF-8: byte 0xE9
     --> [site]/content/a.md:2:1
      |
    2 | title: caf�
      | ^^^^^^^^^^^
      |
      = hint: save the file as UTF-8
    "#);
}

#[test]
fn a_finding_without_a_line_names_its_file() {
    insta::assert_snapshot!(checked("---\ntitle: a\n---\n"), @r#"
    error[missing-date]: there is no date, so the post is not published
     --> [site]/content/a.md
      |
      = hint: write `date: 2024-05-01T10:00:00Z` in the front matter
    "#);
}

#[test]
fn files_beside_the_content_are_named_by_their_own_path() {
    let site = TestSite::new()
        .post("a.md", plain("A", "2024-01-01"))
        .file("card.html", "<div>\n{{ title </div>\n")
        .cards("template = \"card.html\"\nlogo = \"no/logo.png\"");
    insta::assert_snapshot!(text(&courant(&site, &["check"]).stdout, &site), @r#"
    error[card-template]: the template does not parse: unexpected `/`; the built-in theme draws meanwhile
     --> [site]/card.html:2:1
      |
    2 | {{ title </div>
      | ^^^^^^^^^^^^^^^
      |
      = hint: places are `{{ title }}`, conditions `{% if category %}…{% endif %}`

    warning[missing-picture]: the logo cannot be read: no such file or directory (os error 2)
     --> [site]/no/logo.png
      |
      = hint: `cards.logo` names it, relative to the configuration file
    "#);
}

#[test]
fn paths_are_relative_to_the_working_directory() {
    let site = TestSite::new().post("sub/a.md", doubtful("draft: ture"));
    let paths = |dir: &str, config: &str| {
        site.write_config();
        let output = Command::new(env!("CARGO_BIN_EXE_courant"))
            .args(["check", "--format", "github", "--config", config])
            .env_clear()
            .current_dir(site.root().join(dir))
            .output()
            .expect("courant runs");
        let line = text(&output.stdout, &site);
        line.split_once(',').expect("a property").0.to_owned()
    };
    let absolute = site.root().join("config.toml").display().to_string();
    assert_eq!(paths("", "config.toml"), "::error file=content/sub/a.md");
    assert_eq!(paths("", "./config.toml"), "::error file=content/sub/a.md");
    assert_eq!(paths("", &absolute), "::error file=content/sub/a.md");
    assert_eq!(paths("content", &absolute), "::error file=sub/a.md");
    assert_eq!(
        paths("content/sub", "../../config.toml"),
        "::error file=../../content/sub/a.md"
    );
}

#[test]
fn json_is_one_document_with_places_counts_and_states() {
    let site = with_an_error_a_warning_and_a_public_post()
        .post("none.md", "---\ntitle: a\n---\n")
        .post("later.md", plain("Later", "2999-01-01"));
    let output = courant(&site, &["check", "--format", "json"]);
    insta::assert_snapshot!(text(&output.stdout, &site), @r#"
    {
      "version": 1,
      "findings": [
        {
          "rule": "unreadable-marker",
          "severity": "error",
          "message": "`hidePost: ture` is neither true nor false, so the post is hidden",
          "hint": "write `hidePost: true` or `hidePost: false`",
          "file": "[site]/content/bad.md",
          "line": 4,
          "column": 11,
          "end_column": 15,
          "url": "docs/rules.md#unreadable-marker"
        },
        {
          "rule": "far-future-date",
          "severity": "warning",
          "message": "the post is scheduled for 2999-01-01, more than a year ahead",
          "hint": "look at the year; if the post is not to be seen, write `draft: true`",
          "file": "[site]/content/later.md",
          "line": null,
          "column": null,
          "end_column": null,
          "url": "docs/rules.md#far-future-date"
        },
        {
          "rule": "missing-date",
          "severity": "error",
          "message": "there is no date, so the post is not published",
          "hint": "write `date: 2024-05-01T10:00:00Z` in the front matter",
          "file": "[site]/content/none.md",
          "line": null,
          "column": null,
          "end_column": null,
          "url": "docs/rules.md#missing-date"
        },
        {
          "rule": "relative-permalink",
          "severity": "warning",
          "message": "the permalink `a-word` is relative and is read as `https://example.org/a-word`",
          "hint": "write the address of the post, such as `https://example.org/blog/a-post`",
          "file": "[site]/content/odd.md",
          "line": 4,
          "column": 12,
          "end_column": 18,
          "url": "docs/rules.md#relative-permalink"
        }
      ],
      "counts": {
        "errors": 2,
        "warnings": 2,
        "notes": 0
      },
      "posts": {
        "public": 2,
        "hidden": 1,
        "scheduled": 1,
        "expired": 0,
        "unlisted": 0,
        "shadowed": 0,
        "broken": 1
      }
    }
    "#);
}

#[test]
fn json_columns_are_characters_and_null_where_nothing_is_marked() {
    let site = TestSite::new()
        .post("a.md", "---\ntitle: a\n---\n")
        .post("b.md", doubtful("seo: {x: 日本👩, url: a-word}"))
        .post("c.md", "---\ntitle: One: two\n---\n");
    let json = json(&site);
    let columns: Vec<_> = json["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            let of = |key: &str| finding[key].as_u64();
            (of("line"), of("column"), of("end_column"))
        })
        .collect();
    assert_eq!(
        columns,
        [
            (None, None, None),
            (Some(4), Some(20), Some(26)),
            (Some(2), None, None),
        ]
    );
}

#[test]
fn github_gets_a_command_a_line() {
    let site = with_an_error_a_warning_and_a_public_post()
        .post("a,b:50%.md", doubtful("draft: \"50%,\\r\\n::error::x\""))
        .post("none.md", "---\ntitle: a\n---\n");
    let output = courant(&site, &["check", "--format", "github"]);
    insta::assert_snapshot!(text(&output.stdout, &site), @r#"
    ::error file=[site]/content/a%2Cb%3A50%25.md,line=4,col=9,endColumn=13,title=unreadable-marker::`draft: 50%25, ::error::x` is neither true nor false, so the post is hidden%0Ahint: write `draft: true` or `draft: false`
    ::error file=[site]/content/bad.md,line=4,col=11,endColumn=15,title=unreadable-marker::`hidePost: ture` is neither true nor false, so the post is hidden%0Ahint: write `hidePost: true` or `hidePost: false`
    ::error file=[site]/content/none.md,title=missing-date::there is no date, so the post is not published%0Ahint: write `date: 2024-05-01T10:00:00Z` in the front matter
    ::warning file=[site]/content/odd.md,line=4,col=12,endColumn=18,title=relative-permalink::the permalink `a-word` is relative and is read as `https://example.org/a-word`%0Ahint: write the address of the post, such as `https://example.org/blog/a-post`
    "#);
}

#[test]
fn sarif_has_rules_results_and_regions() {
    let site = with_an_error_a_warning_and_a_public_post()
        .post("a b.md", doubtful("draft: ture"))
        .post("none.md", "---\ntitle: a\n---\n");
    site.write_config();
    let output = Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["check", "--format", "sarif"])
        .env_clear()
        .current_dir(site.root())
        .output()
        .expect("courant runs");
    let mut log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &mut log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = run["tool"]["driver"].take();
    assert_eq!(driver["name"], "courant");
    let rules = driver["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), courant::finding::Rule::ALL.len());
    for result in run["results"].as_array().expect("results") {
        let index = result["ruleIndex"].as_u64().expect("an index");
        let rule = &rules[usize::try_from(index).expect("small")];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().expect("help").len() > 100);
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&run["results"]).expect("JSON"), @r#"
    [
      {
        "level": "error",
        "locations": [
          {
            "physicalLocation": {
              "artifactLocation": {
                "uri": "content/a%20b.md",
                "uriBaseId": "%SRCROOT%"
              },
              "region": {
                "endColumn": 12,
                "startColumn": 8,
                "startLine": 4
              }
            }
          }
        ],
        "message": {
          "text": "`draft: ture` is neither true nor false, so the post is hidden\nhint: write `draft: true` or `draft: false`"
        },
        "partialFingerprints": {
          "courantFinding/v1": "4198b136c6a7c4b01373a991b327b7f1:1"
        },
        "ruleId": "unreadable-marker",
        "ruleIndex": 14
      },
      {
        "level": "error",
        "locations": [
          {
            "physicalLocation": {
              "artifactLocation": {
                "uri": "content/bad.md",
                "uriBaseId": "%SRCROOT%"
              },
              "region": {
                "endColumn": 15,
                "startColumn": 11,
                "startLine": 4
              }
            }
          }
        ],
        "message": {
          "text": "`hidePost: ture` is neither true nor false, so the post is hidden\nhint: write `hidePost: true` or `hidePost: false`"
        },
        "partialFingerprints": {
          "courantFinding/v1": "29578570bb437580cb882033c64a5328:1"
        },
        "ruleId": "unreadable-marker",
        "ruleIndex": 14
      },
      {
        "level": "error",
        "locations": [
          {
            "physicalLocation": {
              "artifactLocation": {
                "uri": "content/none.md",
                "uriBaseId": "%SRCROOT%"
              }
            }
          }
        ],
        "message": {
          "text": "there is no date, so the post is not published\nhint: write `date: 2024-05-01T10:00:00Z` in the front matter"
        },
        "partialFingerprints": {
          "courantFinding/v1": "7daf731e2a01c86318178c37d5ae90f6:1"
        },
        "ruleId": "missing-date",
        "ruleIndex": 11
      },
      {
        "level": "warning",
        "locations": [
          {
            "physicalLocation": {
              "artifactLocation": {
                "uri": "content/odd.md",
                "uriBaseId": "%SRCROOT%"
              },
              "region": {
                "endColumn": 18,
                "startColumn": 12,
                "startLine": 4
              }
            }
          }
        ],
        "message": {
          "text": "the permalink `a-word` is relative and is read as `https://example.org/a-word`\nhint: write the address of the post, such as `https://example.org/blog/a-post`"
        },
        "partialFingerprints": {
          "courantFinding/v1": "1984efe0c0c279c18e11b6e95841a2cf:1"
        },
        "ruleId": "relative-permalink",
        "ruleIndex": 16
      }
    ]
    "#);
}

#[test]
fn sarif_knows_a_result_again_after_lines_were_added_above_it() {
    let fingerprints = |site: TestSite| -> Vec<String> {
        site.write_config();
        let output = Command::new(env!("CARGO_BIN_EXE_courant"))
            .args(["check", "--format", "sarif"])
            .env_clear()
            .current_dir(site.root())
            .output()
            .expect("courant runs");
        let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let results = log["runs"][0]["results"]
            .as_array()
            .expect("results")
            .iter();
        results
            .map(|result| result["partialFingerprints"]["courantFinding/v1"].to_string())
            .collect()
    };
    let two = "- {email: a}\n- {email: b}\n- {email: a}";
    let before = fingerprints(TestSite::new().post("a.md", doubtful(&format!("author:\n{two}"))));
    let after =
        fingerprints(TestSite::new().post("a.md", doubtful(&format!("x: y\nauthor:\n{two}"))));
    assert_eq!(before.len(), 3);
    assert_eq!(before, after);
    let distinct: std::collections::BTreeSet<_> = before.iter().collect();
    assert_eq!(distinct.len(), 3, "two alike lines are two results");
}

#[test]
fn what_is_found_is_what_a_server_would_find() {
    let site = with_an_error_a_warning_and_a_public_post()
        .post(
            "twin.md",
            doubtful("seo: {url: https://example.org/a-word}"),
        )
        .cards("logo = \"no/logo.png\"");
    let progress = Progress::default();
    let now = new_year_2025();
    let inspection = Inspection::of(&site.parsed_config(), now, &progress).expect("looked");
    let built = site.build();
    let status = built.status;
    assert_eq!(inspection.findings.len(), 4);
    assert_eq!(inspection.findings, built.findings);
    assert_eq!(inspection.judged.verdicts, built.verdicts);
    assert_eq!(inspection.library.tally(), status.tally);
    assert_eq!(progress.reached().stage, Stage::Preparing);
}

#[test]
fn nothing_is_said_of_nothing_but_that_it_is_nothing() {
    let site = TestSite::new().post("good.md", plain("Good", "2024-01-01"));
    for format in ["human", "github"] {
        let output = courant(&site, &["check", "--format", format]);
        assert_eq!(output.stdout, b"", "{format}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(text(&output.stderr, &site), @"0 errors, 0 warnings in 1 post");
        }
        assert_eq!(output.status.code(), Some(0));
    }
    assert_eq!(json(&site)["findings"], Value::Array(Vec::new()));
}

#[test]
fn what_fails_the_check_can_be_chosen() {
    let code = |site: &TestSite, args: &[&str]| {
        let args = [&["check"], args].concat();
        courant(site, &args).status.code()
    };
    let warning = TestSite::new().post("odd.md", doubtful("seo: {url: a-word}"));
    assert_eq!(code(&warning, &[]), Some(0));
    assert_eq!(code(&warning, &["--deny", "warnings"]), Some(3));
    assert_eq!(code(&warning, &["--deny", "notes"]), Some(3));
    let error = TestSite::new().post("bad.md", doubtful("draft: ture"));
    assert_eq!(code(&error, &[]), Some(3));
    assert_eq!(code(&error, &["--deny", "notes"]), Some(3));
    let clean = TestSite::new().post("good.md", plain("Good", "2024-01-01"));
    assert_eq!(code(&clean, &["--deny", "notes"]), Some(0));
    assert_eq!(code(&clean, &["--deny", "everything"]), Some(2));
    assert_eq!(code(&clean, &["--format", "yaml"]), Some(2));
}

#[test]
fn quiet_leaves_what_fails_the_check_and_counts_all() {
    let site = with_an_error_a_warning_and_a_public_post();
    let output = courant(&site, &["check", "--quiet"]);
    let found = text(&output.stdout, &site);
    assert!(
        found.contains("bad.md") && !found.contains("odd.md"),
        "{found}"
    );
    insta::assert_snapshot!(text(&output.stderr, &site), @"1 error, 1 warning in 3 posts");
    let output = courant(&site, &["check", "--quiet", "--deny", "warnings"]);
    let found = text(&output.stdout, &site);
    assert!(
        found.contains("bad.md") && found.contains("odd.md"),
        "{found}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let site = (0..2000).fold(TestSite::new(), |site, n| {
        site.post(&format!("{n}.md"), doubtful("draft: ture"))
    });
    let mut child = command(&site, &["check"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs");
    let mut first = [0; 100];
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut first).expect("the first lines");
    drop(stdout);
    let output = child.wait_with_output().expect("courant ends");
    let said = text(&output.stderr, &site);
    assert!(said.ends_with("in 2000 posts\n"), "{said}");
    assert_eq!(output.status.code(), Some(3), "as if all had been read");
}

#[test]
fn a_full_disk_is_named_with_a_remedy() {
    let site = TestSite::new().post("a.md", doubtful("draft: ture"));
    let full = File::options().write(true).open("/dev/full");
    let output = command(&site, &["check"])
        .stdout(full.expect("a device that is always full"))
        .output()
        .expect("courant runs");
    insta::assert_snapshot!(text(&output.stderr, &site), @r"
    error: cannot write to stdout
      because: No space left on device (os error 28)
      hint: make room where it goes, or send it elsewhere
    ");
    assert_eq!(output.status.code(), Some(1));
}

/// What a command writes to stdout where that is a terminal.
fn on_a_terminal(command: &mut Command) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("a name");
    let theirs = File::options()
        .read(true)
        .write(true)
        .open(std::ffi::OsStr::from_bytes(name.as_bytes()))
        .expect("opened");
    let mut child = command
        .stdout(theirs.try_clone().expect("cloned"))
        .stderr(Stdio::null())
        .spawn()
        .expect("courant runs");
    drop(theirs);
    command.stdout(Stdio::null());
    let mut written = Vec::new();
    // When nobody has the other end any more, reading is an error.
    let _ = File::from(ours).read_to_end(&mut written);
    child.wait().expect("courant ends");
    String::from_utf8(written).expect("UTF-8")
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let site = TestSite::new().post("a.md", doubtful("draft: \u{1b}[31mture"));
    let coloured = on_a_terminal(command(&site, &["check"]).env("TERM", "xterm"));
    assert!(coloured.contains("\u{1b}[1m"), "{coloured:?}");
    assert!(!coloured.contains("\u{1b}[31m"), "{coloured:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = on_a_terminal(command(&site, &["check"]).env(name, value));
        assert!(
            plain.contains("error[") && !plain.contains('\u{1b}'),
            "{plain:?}"
        );
    }
}

#[test]
fn a_configuration_with_faults_is_exit_code_2() {
    let site = TestSite::new().config("[fedes]");
    let output = courant(&site, &["check"]);
    insta::assert_snapshot!(text(&output.stdout, &site), @r#"
    error[config]: unknown key `fedes`
     --> [site]/config.toml:5:1
      |
    5 | [fedes]
      | ^^^^^^^
      |
      = hint: did you mean `feeds`?
    "#);
    insta::assert_snapshot!(text(&output.stderr, &site), @"error: `[site]/config.toml` has 1 fault");
    assert_eq!(output.status.code(), Some(2));
    let output = courant(&site, &["check", "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["findings"][0]["rule"], "config");
    assert_eq!(json["posts"], Value::Null);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn other_commands_show_faults_of_the_configuration_in_the_same_form() {
    let site = TestSite::new().config("[fedes]");
    let output = courant(&site, &["serve"]);
    assert_eq!(output.stdout, b"");
    insta::assert_snapshot!(text(&output.stderr, &site), @r#"
    error: `[site]/config.toml` has 1 fault

    error[config]: unknown key `fedes`
     --> [site]/config.toml:5:1
      |
    5 | [fedes]
      | ^^^^^^^
      |
      = hint: did you mean `feeds`?
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

#[test]
fn a_configuration_of_our_own_name_goes_before_a_generators() {
    let site = TestSite::new().post("a.md", plain("a", "2024-01-01"));
    std::fs::rename(site.write_config(), site.root().join("courant.toml")).unwrap();
    std::fs::write(site.root().join("config.toml"), "baseURL = 1\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("check")
        .current_dir(site.root())
        .env_clear()
        .output()
        .expect("courant runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
