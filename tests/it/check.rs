//! Checks `courant check`: findings on stdout, counts on stderr, the verdict in the exit code.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};

use courant::check::analysis::ContentAnalysis;
use courant::progress::{Progress, ScanStage};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use crate::support::{TestSite, new_year_2025, plain};

fn courant_command(site: &TestSite, args: &[&str]) -> Command {
    let config = site.write_config();
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    command.args(args).arg("--config").arg(config).env_clear();
    command
}

fn run_courant(site: &TestSite, args: &[&str]) -> Output {
    courant_command(site, args).output().expect("courant runs")
}

fn mask_root(bytes: &[u8], site: &TestSite) -> String {
    String::from_utf8_lossy(bytes).replace(&site.root().display().to_string(), "[site]")
}

/// Returns the output of `check` for a site of one post.
fn check_output(post: impl AsRef<[u8]>) -> String {
    let site = TestSite::new().post("a.md", post);
    mask_root(&run_courant(&site, &["check"]).stdout, &site)
}

fn check_json(site: &TestSite) -> Value {
    let output = run_courant(site, &["check", "--format", "json"]);
    serde_json::from_str(&mask_root(&output.stdout, site)).expect("JSON")
}

/// Returns a post with an additional line of front matter.
fn post_with_line(line: &str) -> String {
    format!("---\ntitle: a\ndate: 2024-01-01\n{line}\n---\n")
}

fn site_with_error_warning_and_public_post() -> TestSite {
    TestSite::new()
        .post("bad.md", post_with_line("hidePost: ture"))
        .post("odd.md", post_with_line("seo: {url: a-word}"))
        .post("good.md", plain("Good", "2024-01-01"))
}

#[test]
fn findings_are_listed_with_location_and_hint() {
    let site = site_with_error_warning_and_public_post();
    let output = run_courant(&site, &["check"]);
    insta::assert_snapshot!(mask_root(&output.stdout, &site), @r#"
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
    insta::assert_snapshot!(mask_root(&output.stderr, &site), @"1 error, 1 warning in 3 posts");
    assert_eq!(output.status.code(), Some(3));
}

/// Returns a site whose seven posts have two spellings of a tag, and one of them an error.
fn site_with_common_findings() -> TestSite {
    let site = TestSite::new().check_all();
    let site = site.post("bad.md", post_with_line("hidePost: ture\ndescription: d"));
    (0..7).fold(site, |site, number| {
        let tag = if number % 3 == 0 { "sea" } else { "Sea" };
        let lines = format!(
            "tags: [{tag}, T{number}]\nurl: /{number}\nimage: /{}.png",
            number % 2
        );
        site.post(&format!("{number}.md"), post_with_line(&lines))
    })
}

#[test]
fn rule_with_many_findings_is_one_entry() {
    let site = site_with_common_findings();
    let output = run_courant(&site, &["check"]);
    insta::assert_snapshot!(mask_root(&output.stdout, &site), @r#"
    error[unreadable-marker]: `hidePost: ture` is neither true nor false, so the post is hidden
     --> [site]/content/bad.md:4:11
      |
    4 | hidePost: ture
      |           ^^^^
      |
      = hint: write `hidePost: true` or `hidePost: false`

    warning[two-spellings]: the tag `sea` is spelled `Sea` in other posts
     --> [site]/content/0.md
      |
      = hint: write `Sea` in all posts

    warning[two-spellings]: the tag `sea` is spelled `Sea` in other posts
     --> [site]/content/3.md
      |
      = hint: write `Sea` in all posts

    warning[two-spellings]: the tag `sea` is spelled `Sea` in other posts
     --> [site]/content/6.md
      |
      = hint: write `Sea` in all posts

    note[missing-description]: 7 × there is no description, so the first paragraph is used, in every post; write `description: …`, a sentence or two; previews and search results show it

    note[missing-alt]: 7 × an image in the body has no text alternative
     --> [site]/content/0.md:6  4 × the image `/0.png` has no alternative text
     ::: [site]/content/1.md:6  3 × the image `/1.png` has no alternative text
     ::: [site]/content/2.md:6  4 × the image `/0.png` has no alternative text
      = hint: describe it in a few words: `image: {src: …, alt: …}`, or `image_alt: …`

    `courant check --all` lists all 18 findings
    "#);
    let count = |format| {
        let output = run_courant(&site, &["check", "--format", format]);
        let text = String::from_utf8(output.stdout).unwrap();
        text.matches("missing-description").count()
    };
    assert_eq!(count("json"), 14, "each has its rule and its URL");
    let all = run_courant(&site, &["check", "--all"]);
    let all = String::from_utf8(all.stdout).unwrap();
    assert!(all.starts_with("error[unreadable-marker]"), "{all}");
    assert_eq!(all.matches("note[missing-description]").count(), 7);
}

#[test]
fn many_errors_show_ten_places() {
    let site = (10..22).fold(TestSite::new(), |site, number| {
        site.post(&format!("{number}.md"), "---\ntitle: a\n---\n")
    });
    let output = run_courant(&site, &["check", "--quiet"]);
    insta::assert_snapshot!(mask_root(&output.stdout, &site), @r#"
    error[missing-date]: 12 × there is no date, so the post is not published
     --> [site]/content/10.md
     ::: [site]/content/11.md
     ::: [site]/content/12.md
     ::: [site]/content/13.md
     ::: [site]/content/14.md
     ::: [site]/content/15.md
     ::: [site]/content/16.md
     ::: [site]/content/17.md
     ::: [site]/content/18.md
     ::: [site]/content/19.md
      = hint: write `date: 2024-05-01T10:00:00Z` in the front matter

    `courant check --all` lists all 12 findings
    "#);
}

#[test]
fn errors_of_the_configuration_are_all_listed() {
    let unknown: String = (0..8).map(|number| format!("k{number} = 1\n")).collect();
    let site = TestSite::new().config(&unknown);
    let output = run_courant(&site, &["check"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("error[config]").count(), 8, "{text}");
}

#[test]
fn caret_marks_the_very_place() {
    let post = "---\ntitle: a\ndate: 2024-01-01\nauthor: \" Ada Quay  \"\ndescription: \" d\"\n---\nA\u{c}b.\n";
    insta::assert_snapshot!(check_output(post), @r#"
    warning[forbidden-character]: the character U+000C is removed, because XML does not allow it
     --> [site]/content/a.md:7:2
      |
    7 | A␌b.
      |  ^
      |
      = hint: delete it; most editors can show invisible characters

    note[trailing-blanks]: `author` has leading or trailing spaces, which are dropped
     --> [site]/content/a.md:4:19
      |
    4 | author: " Ada Quay  "
      |                   ^^
      |
      = hint: delete the spaces

    note[trailing-blanks]: `description` has leading or trailing spaces, which are dropped
     --> [site]/content/a.md:5:15
      |
    5 | description: " d"
      |               ^
      |
      = hint: delete the spaces
    "#);
    let site = TestSite::new().check_all().config(
        "[content]\nexclude = [\n  \"old/**\",\n  \"a[\",\n]\n[check]\nignore = [\"missing-alt\", \"missing-image\"]\n",
    );
    let output = run_courant(&site, &["check"]);
    insta::assert_snapshot!(mask_root(&output.stdout, &site), @r#"
    error[config]: `content.exclude` has an invalid pattern, unclosed character class; missing ']': `a[`
     --> [site]/config.toml:8:3
      |
    8 |   "a[",
      |   ^^^^
      |
      = hint: write patterns such as `news/**/*.md`

    error[config]: `check.ignore` is not a rule: `missing-image`
      --> [site]/config.toml:11:26
       |
    11 | ignore = ["missing-alt", "missing-image"]
       |                          ^^^^^^^^^^^^^^^
       |
       = hint: did you mean `missing-date`? docs/rules.md lists all rules
    "#);
}

/// Returns the files that `check` names, without their directory.
fn checked_files(site: &TestSite, args: &[&str]) -> Vec<String> {
    let args = [&["check", "--format", "json"], args].concat();
    let output = courant_command(site, &args)
        .current_dir(site.root())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output();
    let output = output.expect("courant runs");
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = json["findings"].as_array().expect("findings").iter();
    let names = findings.filter_map(|finding| finding["file"].as_str());
    let mut files: Vec<_> = names.map(|name| name.replace("content/", "")).collect();
    files.dedup();
    files
}

fn site_with_faulty_files() -> TestSite {
    TestSite::new()
        .post("a.md", post_with_line("draft: ture"))
        .post("sub/b.md", post_with_line("draft: ture"))
        .post("sub/new.md", post_with_line("url: /x\ndescription: d"))
        .post("x.md", post_with_line("url: /x\ndescription: d"))
}

#[test]
fn named_paths_limit_the_findings_but_not_the_conflicts() {
    let site = site_with_faulty_files();
    assert_eq!(checked_files(&site, &[]), ["a.md", "sub/b.md", "x.md"]);
    assert_eq!(checked_files(&site, &["content/a.md"]), ["a.md"]);
    assert_eq!(
        checked_files(&site, &["a.md", "sub/b.md"]),
        ["a.md", "sub/b.md"]
    );
    assert_eq!(checked_files(&site, &["content/sub"]), ["sub/b.md", "x.md"]);
    assert_eq!(checked_files(&site, &["sub/new.md"]), ["x.md"]);
    let output = run_courant(&site, &["check", "none.md"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("`none.md` does not exist"), "{text}");
}

#[test]
fn since_limits_the_findings_to_changed_files() {
    let site = site_with_faulty_files();
    site.write_config();
    let git = |args: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(args)
            .current_dir(site.root())
            .env_remove("GIT_DIR")
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("git runs").success(), "{args:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    assert_eq!(checked_files(&site, &["--since", "HEAD"]), [""; 0]);
    let write = |name: &str, text: String| std::fs::write(site.content().join(name), text).unwrap();
    write("a.md", post_with_line("draft: flase"));
    write("c d.md", post_with_line("draft: flase"));
    assert_eq!(
        checked_files(&site, &["--since", "HEAD"]),
        ["a.md", "c d.md"]
    );
    git(&["add", "."]);
    git(&["commit", "-qm", "second"]);
    std::fs::remove_file(site.content().join("a.md")).unwrap();
    assert_eq!(checked_files(&site, &["--since", "HEAD~1"]), ["c d.md"]);
    let error = |revision: &str, path: &str| {
        let mut command = courant_command(&site, &["check", "--since", revision]);
        let output = command.env("PATH", path).output().expect("courant runs");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let path = std::env::var("PATH").unwrap();
    let unknown = error("nonesuch", &path);
    assert!(
        unknown.contains("bad revision") && unknown.contains("hint: name a commit"),
        "{unknown}"
    );
    let missing = error("HEAD", "/nowhere");
    assert!(
        missing.contains("hint: install git, or name the files"),
        "{missing}"
    );
}

#[test]
fn front_matter_error_is_shown_with_its_line() {
    insta::assert_snapshot!(check_output("---\ntitle: One: two\n---\n"), @r#"
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
fn column_is_right_after_tabs_wide_characters_and_emoji() {
    let line = "seo: {x: \t\"日本語 👨\u{200d}👩\u{200d}👧 e\u{301} שלום\", url: a-word}";
    insta::assert_snapshot!(check_output(post_with_line(line)), @r#"
    warning[relative-permalink]: the permalink `a-word` is relative and is read as `https://example.org/a-word`
     --> [site]/content/a.md:4:37
      |
    4 | seo: {x:     "日本語 👨👩👧 é שלום", url: a-word}
      |                                           ^^^^^^
      |
      = hint: write the address of the post, such as `https://example.org/blog/a-post`
    "#);
    // The same with CRLF line ends and a byte order mark.
    let crlf = format!("\u{feff}{}", post_with_line(line)).replace('\n', "\r\n");
    assert_eq!(check_output(crlf), check_output(post_with_line(line)));
}

#[test]
fn value_written_with_escapes_marks_the_whole_line() {
    // The value `ture` is written with a JSON escape, so it is not found in the line.
    let object =
        "{\n  \"title\": \"a\",\n  \"date\": \"2024-01-01\",\n  \"draft\": \"t\\u0075re\"\n}\n";
    insta::assert_snapshot!(check_output(object), @r#"
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
fn post_text_cannot_control_the_terminal() {
    let post = "---\ntitle: \"\u{1b}]0;owned\u{7}\u{9b}2J\"\ndate: \u{1b}[31m2024\u{202e}\n---\n";
    let site = TestSite::new().post("a.md", post).post(
        "\u{1b}[2J\n.md",
        post_with_line("draft: \"\\e[31m\\x9b2J\\u202e\""),
    );
    for format in ["human", "json", "github", "sarif"] {
        let output = run_courant(&site, &["check", "--format", format]);
        let written = [output.stdout, output.stderr].concat();
        let written = String::from_utf8(written).expect("UTF-8");
        let is_control = |c: &char| c.is_control() && *c != '\n';
        assert_eq!(
            written.chars().find(is_control),
            None,
            "{format}: {written:?}"
        );
    }
    insta::assert_snapshot!(mask_root(&run_courant(&site, &["check"]).stdout, &site), @r#"
    error[unreadable-marker]: `draft: [31m�2J�` is neither true nor false, so the post is hidden
     --> [site]/content/␛[2J␊.md:4:1
      |
    4 | draft: "\e[31m\x9b2J\u202e"
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `draft: true` or `draft: false`

    error[front-matter]: the front matter does not parse: while parsing a flow sequence, expected ',' or ']'
     --> [site]/content/a.md:4:1
      |
    4 | ---
      | ^^^
      |
      = hint: the lines between the fences are YAML: `name: value`, lists as `- item`, indented by two spaces

    warning[forbidden-character]: the character U+001B is removed, because XML does not allow it
     --> [site]/content/a.md:2:9
      |
    2 | title: "␛]0;owned␇�2J"
      |         ^
      |
      = hint: delete it; most editors can show invisible characters
    "#);
}

#[test]
fn long_line_is_shown_only_around_the_mark() {
    let long = "x".repeat(300_000);
    let marked = check_output(post_with_line(&format!(
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
    let whole = check_output(format!(
        "{}![a](data:image/png;base64,{long}{long})",
        post_with_line("")
    ));
    insta::assert_snapshot!(whole, @r#"
    warning[inline-image]: an image is inlined as `data:` and left out
     --> [site]/content/a.md:6:1
      |
    6 | ![a](data:image/png;base6...xxxxxxxxxxxxxxxxxxxxxxxx)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^...^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: upload the image and write its path, such as `![…](/img/a.jpg)`
    "#);
    // The message quotes a shortened value.
    let quoted = check_output(post_with_line(&format!("draft: {long}{long}")));
    assert!(quoted.len() < 2000, "{} bytes", quoted.len());
    assert!(quoted.contains("is neither true nor false"), "{quoted}");
}

#[test]
fn non_utf8_line_is_shown_with_replacement_characters() {
    insta::assert_snapshot!(check_output(b"---\ntitle: caf\xe9\n---\n"), @r#"
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
fn finding_without_a_line_names_its_file() {
    insta::assert_snapshot!(check_output("---\ntitle: a\n---\n"), @r#"
    error[missing-date]: there is no date, so the post is not published
     --> [site]/content/a.md
      |
      = hint: write `date: 2024-05-01T10:00:00Z` in the front matter
    "#);
}

#[test]
fn files_outside_the_content_are_named_by_their_path() {
    let site = TestSite::new()
        .post("a.md", plain("A", "2024-01-01"))
        .file("card.html", "<div>\n{{ title </div>\n")
        .cards("template = \"card.html\"\nlogo = \"no/logo.png\"");
    insta::assert_snapshot!(mask_root(&run_courant(&site, &["check"]).stdout, &site), @r#"
    error[card-template]: the template does not parse: unexpected `/`; the built-in theme is used instead
     --> [site]/card.html:2:1
      |
    2 | {{ title </div>
      | ^^^^^^^^^^^^^^^
      |
      = hint: fields are written `{{ title }}`, conditions `{% if category %}…{% endif %}`

    warning[missing-picture]: the logo cannot be read: no such file or directory (os error 2)
     --> [site]/no/logo.png
      |
      = hint: `cards.logo` names it, relative to the configuration file
    "#);
}

#[test]
fn paths_are_relative_to_the_working_directory() {
    let site = TestSite::new().post("sub/a.md", post_with_line("draft: ture"));
    let paths = |dir: &str, config: &str| {
        site.write_config();
        let output = Command::new(env!("CARGO_BIN_EXE_courant"))
            .args(["check", "--format", "github", "--config", config])
            .env_clear()
            .current_dir(site.root().join(dir))
            .output()
            .expect("courant runs");
        let line = mask_root(&output.stdout, &site);
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
fn json_document_has_locations_counts_and_states() {
    let site = site_with_error_warning_and_public_post()
        .post("none.md", "---\ntitle: a\n---\n")
        .post("later.md", plain("Later", "2999-01-01"));
    let output = run_courant(&site, &["check", "--format", "json"]);
    insta::assert_snapshot!(mask_root(&output.stdout, &site), @r#"
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
          "hint": "check the year; to hide the post, write `draft: true`",
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
        .post("b.md", post_with_line("seo: {x: 日本👩, url: a-word}"))
        .post("c.md", "---\ntitle: One: two\n---\n");
    let json = check_json(&site);
    let columns: Vec<_> = json["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            let number = |key: &str| finding[key].as_u64();
            (number("line"), number("column"), number("end_column"))
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
fn github_format_writes_one_command_per_line() {
    let site = site_with_error_warning_and_public_post()
        .post(
            "a,b:50%.md",
            post_with_line("draft: \"50%,\\r\\n::error::x\""),
        )
        .post("none.md", "---\ntitle: a\n---\n");
    let output = run_courant(&site, &["check", "--format", "github"]);
    insta::assert_snapshot!(mask_root(&output.stdout, &site), @r#"
    ::error file=[site]/content/a%2Cb%3A50%25.md,line=4,col=9,endColumn=13,title=unreadable-marker::`draft: 50%25, ::error::x` is neither true nor false, so the post is hidden%0Ahint: write `draft: true` or `draft: false`
    ::error file=[site]/content/bad.md,line=4,col=11,endColumn=15,title=unreadable-marker::`hidePost: ture` is neither true nor false, so the post is hidden%0Ahint: write `hidePost: true` or `hidePost: false`
    ::error file=[site]/content/none.md,title=missing-date::there is no date, so the post is not published%0Ahint: write `date: 2024-05-01T10:00:00Z` in the front matter
    ::warning file=[site]/content/odd.md,line=4,col=12,endColumn=18,title=relative-permalink::the permalink `a-word` is relative and is read as `https://example.org/a-word`%0Ahint: write the address of the post, such as `https://example.org/blog/a-post`
    "#);
}

#[test]
fn sarif_has_rules_results_and_regions() {
    let site = site_with_error_warning_and_public_post()
        .post("a b.md", post_with_line("draft: ture"))
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
    assert_eq!(rules.len(), courant::model::finding::Rule::ALL.len());
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
fn sarif_fingerprint_survives_lines_added_above() {
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
    let before =
        fingerprints(TestSite::new().post("a.md", post_with_line(&format!("author:\n{two}"))));
    let after = fingerprints(
        TestSite::new().post("a.md", post_with_line(&format!("x: y\nauthor:\n{two}"))),
    );
    assert_eq!(before.len(), 3);
    assert_eq!(before, after);
    let distinct: std::collections::BTreeSet<_> = before.iter().collect();
    assert_eq!(distinct.len(), 3, "equal lines are distinct results");
}

#[test]
fn check_finds_the_same_as_the_server() {
    let site = site_with_error_warning_and_public_post()
        .post(
            "twin.md",
            post_with_line("seo: {url: https://example.org/a-word}"),
        )
        .cards("logo = \"no/logo.png\"");
    let progress = Progress::default();
    let now = new_year_2025();
    let inspection = ContentAnalysis::analyze_content(&site.parsed_config(), now, &progress)
        .expect("the content can be read");
    let built = site.build();
    let status = built.status;
    assert_eq!(inspection.findings.len(), 4);
    assert_eq!(inspection.findings, built.findings);
    assert_eq!(inspection.evaluated.post_evaluations, built.verdicts);
    assert_eq!(inspection.library.file_counts(), status.file_counts);
    assert_eq!(progress.current_progress().stage, ScanStage::Preparing);
}

#[test]
fn clean_site_prints_only_the_counts() {
    let site = TestSite::new().post("good.md", plain("Good", "2024-01-01"));
    for format in ["human", "github"] {
        let output = run_courant(&site, &["check", "--format", format]);
        assert_eq!(output.stdout, b"", "{format}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(mask_root(&output.stderr, &site), @"0 errors, 0 warnings in 1 post");
        }
        assert_eq!(output.status.code(), Some(0));
    }
    assert_eq!(check_json(&site)["findings"], Value::Array(Vec::new()));
}

#[test]
fn deny_option_sets_the_failing_severity() {
    let code = |site: &TestSite, args: &[&str]| {
        let args = [&["check"], args].concat();
        run_courant(site, &args).status.code()
    };
    let warning = TestSite::new().post("odd.md", post_with_line("seo: {url: a-word}"));
    assert_eq!(code(&warning, &[]), Some(0));
    assert_eq!(code(&warning, &["--deny", "warnings"]), Some(3));
    assert_eq!(code(&warning, &["--deny", "notes"]), Some(3));
    let error = TestSite::new().post("bad.md", post_with_line("draft: ture"));
    assert_eq!(code(&error, &[]), Some(3));
    assert_eq!(code(&error, &["--deny", "notes"]), Some(3));
    let clean = TestSite::new().post("good.md", plain("Good", "2024-01-01"));
    assert_eq!(code(&clean, &["--deny", "notes"]), Some(0));
    assert_eq!(code(&clean, &["--deny", "everything"]), Some(2));
    assert_eq!(code(&clean, &["--format", "yaml"]), Some(2));
}

#[test]
fn quiet_shows_failing_findings_and_counts_all() {
    let site = site_with_error_warning_and_public_post();
    let output = run_courant(&site, &["check", "--quiet"]);
    let found = mask_root(&output.stdout, &site);
    assert!(
        found.contains("bad.md") && !found.contains("odd.md"),
        "{found}"
    );
    insta::assert_snapshot!(mask_root(&output.stderr, &site), @"1 error, 1 warning in 3 posts");
    let output = run_courant(&site, &["check", "--quiet", "--deny", "warnings"]);
    let found = mask_root(&output.stdout, &site);
    assert!(
        found.contains("bad.md") && found.contains("odd.md"),
        "{found}"
    );
}

#[test]
fn closed_stdout_does_not_change_the_exit_code() {
    let site = (0..2000).fold(TestSite::new(), |site, n| {
        site.post(&format!("{n}.md"), post_with_line("draft: ture"))
    });
    let mut child = courant_command(&site, &["check"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs");
    let mut first = [0; 100];
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut first).expect("the first lines");
    drop(stdout);
    let output = child.wait_with_output().expect("courant ends");
    let stderr = mask_root(&output.stderr, &site);
    assert!(stderr.ends_with("in 2000 posts\n"), "{stderr}");
    assert_eq!(
        output.status.code(),
        Some(3),
        "the same as with a reader that stays"
    );
}

#[test]
fn full_disk_is_reported_with_a_hint() {
    let site = TestSite::new().post("a.md", post_with_line("draft: ture"));
    let full = File::options().write(true).open("/dev/full");
    let output = courant_command(&site, &["check"])
        .stdout(full.expect("a device that is always full"))
        .output()
        .expect("courant runs");
    insta::assert_snapshot!(mask_root(&output.stderr, &site), @r"
    error: cannot write to stdout
      because: No space left on device (os error 28)
      hint: free some disk space, or redirect stdout elsewhere
    ");
    assert_eq!(output.status.code(), Some(1));
}

/// Runs a command with a terminal as stdout and returns its output.
fn run_on_terminal(command: &mut Command) -> String {
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
    // On Linux, reading fails once the other end is closed.
    let _ = File::from(ours).read_to_end(&mut written);
    child.wait().expect("courant ends");
    String::from_utf8(written).expect("UTF-8")
}

#[test]
fn colours_are_only_for_terminals_that_support_them() {
    let site = TestSite::new().post("a.md", post_with_line("draft: \u{1b}[31mture"));
    let coloured = run_on_terminal(courant_command(&site, &["check"]).env("TERM", "xterm"));
    assert!(coloured.contains("\u{1b}[1m"), "{coloured:?}");
    assert!(!coloured.contains("\u{1b}[31m"), "{coloured:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = run_on_terminal(courant_command(&site, &["check"]).env(name, value));
        assert!(
            plain.contains("error[") && !plain.contains('\u{1b}'),
            "{plain:?}"
        );
    }
}

#[test]
fn invalid_configuration_exits_with_code_2() {
    let site = TestSite::new().config("[fedes]");
    let output = run_courant(&site, &["check"]);
    insta::assert_snapshot!(mask_root(&output.stdout, &site), @r#"
    error[config]: unknown key `fedes`
     --> [site]/config.toml:5:1
      |
    5 | [fedes]
      | ^^^^^^^
      |
      = hint: did you mean `feeds`?
    "#);
    insta::assert_snapshot!(mask_root(&output.stderr, &site), @"error: `[site]/config.toml` has 1 error");
    assert_eq!(output.status.code(), Some(2));
    let output = run_courant(&site, &["check", "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["findings"][0]["rule"], "config");
    assert_eq!(json["posts"], Value::Null);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn serve_reports_configuration_faults_in_the_same_format() {
    let site = TestSite::new().config("[fedes]");
    let output = run_courant(&site, &["serve"]);
    assert_eq!(output.stdout, b"");
    insta::assert_snapshot!(mask_root(&output.stderr, &site), @r#"
    error: `[site]/config.toml` has 1 error

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
fn missing_configuration_exits_with_code_2_and_a_hint() {
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
fn missing_content_directory_is_reported_with_a_hint() {
    let site = TestSite::new().config("[content]\ndir = \"nowhere\"");
    let output = run_courant(&site, &["check"]);
    insta::assert_snapshot!(mask_root(&output.stderr, &site), @r#"
    error: cannot read the content directory `[site]/nowhere`
      because: No such file or directory (os error 2)
      hint: `content.dir` in the configuration names it, relative to the configuration file
    "#);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn port_in_use_is_reported_with_a_hint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = TestSite::new();
    let output = run_courant(&site, &["serve", "--listen", &address]);
    let stderr = mask_root(&output.stderr, &site).replace(&address, "[address]");
    insta::assert_snapshot!(stderr, @r#"
    error: cannot listen on `[address]`
      because: Address already in use (os error 98)
      hint: another program uses the port; stop it, or choose another port with `--listen` or `server.listen`
    "#);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn courant_toml_is_preferred_to_config_toml() {
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
