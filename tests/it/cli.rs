//! Checks the command line: completions, manual pages, addresses, and hints for mistakes.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use courant::config::Config;
use serde_json::{Value, json};

use crate::support::{TestSite, plain};

/// Runs the command in a directory.
fn run_in(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("COLUMNS", "80")
        .output()
        .expect("courant runs")
}

fn stdout_of(args: &[&str]) -> String {
    let output = run_in(&std::env::temp_dir(), args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn completions_of_each_shell_name_commands_and_options() {
    for (shell, begin) in [
        ("bash", "_courant()"),
        ("zsh", "#compdef courant"),
        ("fish", "complete -c courant"),
    ] {
        let script = stdout_of(&["completions", shell]);
        for part in [begin, "import-ids", "admin-listen"] {
            assert!(script.contains(part), "{shell}: {part}");
        }
    }
}

#[test]
fn manual_page_describes_the_program_or_a_command() {
    let page = stdout_of(&["man"]);
    assert!(page.contains(".TH courant 1"), "{page}");
    assert!(page.contains("courant\\-import\\-ids(1)"), "{page}");
    let page = stdout_of(&["man", "serve"]);
    assert!(page.contains(".TH courant-serve 1"), "{page}");
    assert!(page.contains("\\-\\-admin\\-listen"), "{page}");
    let output = run_in(&std::env::temp_dir(), &["man", "sevre"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn help_of_every_command_fits_80_columns() {
    let help = stdout_of(&["--help"]);
    let commands = help.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?.split("  ").next()?;
        (!name.is_empty() && !name.starts_with(['-', ' ', '['])).then_some(name)
    });
    let commands: Vec<&str> = commands
        .filter(|name| !name.contains(" ") && *name != "help")
        .collect();
    assert!(commands.contains(&"import-ids"), "{commands:?}");
    for name in commands {
        for option in ["-h", "--help"] {
            let text = stdout_of(&[name, option]);
            let long = text.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "courant {name} {option}");
        }
    }
}

#[test]
fn mistyped_commands_and_options_get_the_nearest_name() {
    let dir = std::env::temp_dir();
    for (args, near) in [
        (&["sevre"][..], "'serve'"),
        (&["serve", "--listn", "127.0.0.1:0"], "'--listen'"),
        (&["build", "--dryrun"], "'--dry-run'"),
        (&["completions", "bahs"], "'bash'"),
    ] {
        let output = run_in(&dir, args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            stderr.contains("tip: ") && stderr.contains(near),
            "{stderr}"
        );
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn missing_default_configuration_leads_to_init() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    for args in [&[][..], &["check"], &["build"]] {
        let output = run_in(site.root(), args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains("cannot read `config.toml`"), "{stderr}");
        assert!(stderr.contains("hint: run `courant init` here"), "{stderr}");
        assert!(stderr.contains("`--config FILE`"), "{stderr}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn init_without_posts_exits_with_code_1() {
    let site = TestSite::new().file("hugo.toml", "baseURL = 'https://pier.example/'\n");
    let output = run_in(site.root(), &["init"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let advice = "no posts were found: set `content.dir` in `courant.toml`";
    assert!(stderr.contains(advice), "{stderr}");
    assert!(site.root().join("courant.toml").exists());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn port_excludes_listen() {
    let output = run_in(
        &std::env::temp_dir(),
        &["serve", "--port", "0", "--listen", "127.0.0.1:0"],
    );
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("cannot be used with"), "{stderr}");
    assert_eq!(output.status.code(), Some(2));
}

/// Returns what `courant config` prints of a configuration.
fn print_config(toml: &str, args: &[&str]) -> String {
    let site = TestSite::new().file("config.toml", toml);
    let output = run_in(site.root(), &[&["config"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn printed_configuration_is_the_one_in_force() {
    let reference = include_str!("../../config.toml");
    let minimal = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n";
    let tables = "[site.permalinks]\n\"\" = \"/:path/\"\nblog = \"/:slug/\"\n[server.tls]\ncertificate = \"a\"\nkey = \"b\"\n\
        [content.fields]\ndate = [\"when\", \"meta.date\"]\n[[feeds]]\npath = \"/a.xml\"\n[[feeds]]\npath = \"/b.xml\"\ntag = \"b\"\n";
    for toml in [reference, minimal, &format!("{minimal}{tables}")] {
        let printed = print_config(toml, &[]);
        let read = |text: &str| {
            let config = Config::parse(text, "config.toml", Path::new(""));
            let mut config = config.unwrap_or_else(|found| panic!("{found:#?}\n{text}"));
            // The printed file sets it, as all keys with a default.
            config.site.timezone_is_set = true;
            format!("{config:?}")
        };
        assert_eq!(read(&printed), read(toml), "{printed}");
    }
}

#[test]
fn printed_values_name_their_source() {
    let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n\n[feed]\nlimit = 7\n[[feeds]]\npath = \"/a.xml\"\n[[feeds]]\npath = \"/b.xml\"\n";
    let printed = print_config(toml, &["--port", "8123", "--admin-listen", "off"]);
    for line in [
        "url = \"https://e.org\"  # config.toml:2",
        "limit = 7  # config.toml:6",
        "path = \"/a.xml\"  # config.toml:8",
        "path = \"/b.xml\"  # config.toml:10",
        "content = \"full\"  # default",
        "language = \"en\"  # default",
        "# icon: none  (default)",
        "# [[robots]]: none  (default)",
        "listen = [\"127.0.0.1:8123\"]  # command line, --port",
        "listen = \"\"  # command line, --admin-listen",
    ] {
        assert!(
            printed.lines().any(|printed| printed == line),
            "{line}: {printed}"
        );
    }
}

#[test]
fn printed_configuration_masks_secrets() {
    let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[admin]\ntoken = \"s3cr3t-0123456789\"\n\
        [websub]\nhubs = [\"https://hub.example/@me\"]\n\
        [export]\nto = \"s3://bucket\"\nendpoint = \"https://minio.example\"\n\
        [export.purge]\nurl = \"http://cache.example{path}\"\nheaders = { Authorization = \"Bearer s3cr3t\" }\n";
    let printed = print_config(toml, &[]);
    assert!(!printed.contains("s3cr3t"), "{printed}");
    for line in [
        "token = \"…\"  # config.toml:5",
        "hubs = [\"https://hub.example/@me\"]  # config.toml:7",
        "headers = { Authorization = \"…\" }  # config.toml:13",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
}

#[test]
fn reference_is_printed_as_the_default_configuration() {
    let printed = stdout_of(&["config", "--default"]);
    assert_eq!(printed, include_str!("../../config.toml"));
}

#[test]
fn invalid_configuration_is_not_printed() {
    let site = TestSite::new().file("config.toml", "[site]\nurl = \"https://e.org\"\n");
    let output = run_in(site.root(), &["config"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

/// Lists the keys that a table may have, as the error for an unknown key names them.
fn known_keys(table: &str) -> BTreeSet<String> {
    let site = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n";
    let unknown = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz = 1\n";
    let toml = match table {
        "" => format!("{unknown}{site}"),
        "site" => format!("{site}{unknown}"),
        "feeds" | "robots" | "authors" => format!("{site}[[{table}]]\n{unknown}"),
        _ => format!("{site}[{table}]\n{unknown}"),
    };
    let findings = Config::parse(&toml, "config.toml", Path::new("")).expect_err("unknown");
    let finding = findings.iter().find(|found| found.message.contains("zzzz"));
    let hint = &finding.expect("the key is unknown").hint;
    let names = hint
        .strip_prefix("known here: ")
        .expect("a list")
        .split(", ");
    names
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn schema_has_exactly_the_known_keys() {
    fn compare(path: &str, schema: &Value) -> usize {
        let table = schema.get("items").unwrap_or(schema);
        assert_eq!(table["additionalProperties"], false, "{path}");
        let properties = table["properties"].as_object().expect("properties");
        let names: BTreeSet<String> = properties.keys().cloned().collect();
        assert_eq!(names, known_keys(path), "[{path}]");
        let children = properties.iter().filter_map(|(name, child)| {
            let path = format!("{path}.{name}");
            let is_table = child
                .pointer("/items/properties")
                .or(child.get("properties"));
            is_table.map(|_| compare(path.trim_start_matches('.'), child))
        });
        names.len() + children.sum::<usize>()
    }
    let schema: Value = serde_json::from_str(&stdout_of(&["schema"])).unwrap();
    assert!(compare("", &schema) > 150);
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["required"], json!(["site"]));
    let property = |path: &str| schema.pointer(path).cloned().unwrap_or_default();
    let site = property("/properties/site");
    assert_eq!(site["required"], json!(["url", "title"]));
    let limit = json!({ "type": "integer", "minimum": 0, "default": 20 });
    let found = property("/properties/feed/properties/limit");
    for key in ["type", "minimum", "default"] {
        assert_eq!(found[key], limit[key]);
    }
    assert!(
        found["description"]
            .as_str()
            .unwrap()
            .starts_with("Maximum entries of a feed")
    );
    let picture = property("/properties/cards/properties/picture/enum");
    assert_eq!(picture, json!(["own", "drawn", "framed"]));
}

/// Returns an error for each part of a value that the schema does not allow.
fn schema_errors(schema: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any
            .iter()
            .any(|one| schema_errors(one, value, path).is_empty());
        return if fits {
            Vec::new()
        } else {
            vec![format!("{path}: {value}")]
        };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let name = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        _ => "string",
    };
    let in_enum = schema["enum"]
        .as_array()
        .is_none_or(|words| words.contains(value));
    if !types.contains(&json!(name)) || !in_enum {
        return vec![format!("{path}: {value}")];
    }
    match value {
        Value::Object(table) => {
            let errors = table.iter().flat_map(|(name, value)| {
                let property = schema["properties"].get(name);
                let property = property.unwrap_or(&schema["additionalProperties"]);
                schema_errors(property, value, &format!("{path}.{name}"))
            });
            errors.collect()
        }
        Value::Array(items) => {
            let errors = items
                .iter()
                .flat_map(|item| schema_errors(&schema["items"], item, path));
            errors.collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn schema_accepts_the_reference_with_all_keys() {
    let schema: Value = serde_json::from_str(&stdout_of(&["schema"])).unwrap();
    let lines = include_str!("../../config.toml").lines().map(|line| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let name = bare.split_once(" = ").map(|(name, _)| name);
        let is_key = name.is_some_and(|name| !name.contains(' ')) || bare.starts_with("[[");
        if is_key { bare } else { line }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let config: Value = toml::from_str(&text).unwrap();
    assert_eq!(schema_errors(&schema, &config, ""), Vec::<String>::new());
    let wrong: Value =
        toml::from_str("[feed]\nlimit = \"20\"\ncontent = \"all\"\nlimits = 1\n").unwrap();
    assert_eq!(schema_errors(&schema, &wrong, "").len(), 3);
}
