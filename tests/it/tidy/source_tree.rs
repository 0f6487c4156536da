//! Reads the modules, items and imports of `src`, and resolves which file imports from which.
//!
//! Tests are left out. A parent that declares a module or re-exports from it does not import from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The path of a module, from `crate`.
type ModulePath = Vec<String>;

/// All modules of the crate.
pub(super) struct SourceTree {
    modules: BTreeMap<ModulePath, Module>,
}

#[derive(Default)]
struct Module {
    file: String,
    items: BTreeMap<String, Item>,
    uses: Vec<Use>,
    paths: Vec<Vec<String>>,
    impls: BTreeSet<String>,
}

struct Item {
    is_type: bool,
    is_public: bool,
}

/// One name of a `use`.
struct Use {
    name: String,
    path: Vec<String>,
    is_re_export: bool,
}

/// What a path leads to.
#[derive(Clone)]
enum Target {
    Module(ModulePath),
    Item(ModulePath, String),
}

impl SourceTree {
    /// Reads the sources below `src`, beginning with `lib.rs`.
    pub(super) fn read(root: &Path) -> SourceTree {
        let mut tree = SourceTree {
            modules: BTreeMap::new(),
        };
        tree.read_file(root, "src/lib.rs", vec!["crate".to_owned()]);
        tree
    }

    /// The files that each file imports from.
    pub(super) fn imports(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (path, module) in &self.modules {
            let file = module.file.as_str();
            let targets = imports.entry(file).or_default();
            let names = module
                .uses
                .iter()
                .filter(|import| !import.is_re_export || module.names(&import.name))
                .map(|import| &import.path);
            let inline = module.paths.iter().filter(|path| path.len() > 1);
            for name in names.chain(inline) {
                if let Some(Target::Item(from, _)) = self.resolve(path, name, &mut Vec::new()) {
                    let other = self.modules[&from].file.as_str();
                    if other != file {
                        targets.insert(other);
                    }
                }
            }
        }
        imports
    }

    /// The files with inherent `impl` blocks of each type, by the type's module and name.
    pub(super) fn impls(&self) -> BTreeMap<String, BTreeSet<&str>> {
        let mut impls: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (path, module) in &self.modules {
            for name in &module.impls {
                let of = std::slice::from_ref(name);
                let key = match self.resolve(path, of, &mut Vec::new()) {
                    Some(Target::Item(from, name)) => format!("{}::{name}", from.join("::")),
                    _ => format!("{}::{name}", path.join("::")),
                };
                impls.entry(key).or_default().insert(&module.file);
            }
        }
        impls
    }

    /// The files that define a public type of each name.
    pub(super) fn public_types(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut types: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for module in self.modules.values() {
            for (name, item) in &module.items {
                if item.is_type && item.is_public {
                    types.entry(name).or_default().insert(&module.file);
                }
            }
        }
        types
    }

    fn read_file(&mut self, root: &Path, file: &str, path: ModulePath) {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let tokens = tokens(&text);
        let mut children = Vec::new();
        let module = Module {
            file: file.to_owned(),
            ..Module::default()
        };
        self.modules.insert(path.clone(), module);
        self.read_items(&tokens, &path, &mut children);
        for child in children {
            let dir = file.trim_end_matches(".rs").trim_end_matches("/lib");
            let child_file = format!("{dir}/{child}.rs");
            let mut child_path = path.clone();
            child_path.push(child);
            self.read_file(root, &child_file, child_path);
        }
    }

    /// Reads the items between tokens; modules in files of their own go to `children`.
    fn read_items(&mut self, tokens: &[String], path: &ModulePath, children: &mut Vec<String>) {
        let mut at = 0;
        while at < tokens.len() {
            let mut is_test = false;
            while tokens.get(at).is_some_and(|token| token == "#") {
                let open = at + if tokens[at + 1] == "!" { 2 } else { 1 };
                let close = closing(tokens, open);
                is_test |= tokens[open..close].concat().contains("cfg(test");
                at = close + 1;
            }
            let begin = at;
            let mut is_public = false;
            if tokens.get(at).is_some_and(|token| token == "pub") {
                at += 1;
                if tokens[at] == "("
                    && ["crate", "self", "super", "in"].contains(&tokens[at + 1].as_str())
                {
                    at = closing(tokens, at) + 1;
                } else {
                    is_public = true;
                }
            }
            let is_restricted = at > begin && !is_public;
            while tokens.get(at).is_some_and(|token| {
                ["async", "unsafe"].contains(&token.as_str())
                    || token == "const" && tokens[at + 1] == "fn"
            }) {
                at += 1;
            }
            let Some(kind) = tokens.get(at) else { break };
            let end = end_of_item(tokens, at);
            let item = &tokens[at..=end];
            at = end + 1;
            if is_test {
                continue;
            }
            match kind.as_str() {
                "mod" if item.last().is_some_and(|token| token == ";") => {
                    children.push(item[1].clone());
                }
                "mod" => {
                    let mut inner = path.clone();
                    inner.push(item[1].clone());
                    let module = Module {
                        file: self.modules[path].file.clone(),
                        ..Module::default()
                    };
                    self.modules.insert(inner.clone(), module);
                    self.read_items(&item[3..item.len() - 1], &inner, &mut Vec::new());
                }
                _ => {
                    let module = self.modules.get_mut(path).unwrap();
                    module.add(kind, item, is_public, is_public || is_restricted);
                }
            }
        }
    }

    /// What a path in a module leads to, if it is ours. `seen` are the names that led to it.
    fn resolve(
        &self,
        module: &ModulePath,
        path: &[String],
        seen: &mut Vec<(ModulePath, String)>,
    ) -> Option<Target> {
        let mut here = module.clone();
        for (index, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" if index == 0 => here.truncate(1),
                "self" if index == 0 => {}
                "super" => {
                    here.pop();
                }
                _ => match self.find(&here, name, index + 1 < path.len(), seen)? {
                    Target::Module(next) => here = next,
                    item @ Target::Item(..) => return Some(item),
                },
            }
        }
        Some(Target::Module(here))
    }

    /// What a name in a module stands for. What goes on after it is a module or a type.
    fn find(
        &self,
        module: &ModulePath,
        name: &str,
        goes_on: bool,
        seen: &mut Vec<(ModulePath, String)>,
    ) -> Option<Target> {
        let mut child = module.clone();
        child.push(name.to_owned());
        let child = self
            .modules
            .contains_key(&child)
            .then_some(Target::Module(child));
        if goes_on && child.is_some() {
            return child;
        }
        let this = self.modules.get(module)?;
        if this
            .items
            .get(name)
            .is_some_and(|item| !goes_on || item.is_type)
        {
            return Some(Target::Item(module.clone(), name.to_owned()));
        }
        let key = (module.clone(), name.to_owned());
        if seen.contains(&key) {
            return child;
        }
        seen.push(key);
        for import in this.uses.iter().filter(|import| import.name == name) {
            let target = self.resolve(module, &import.path, seen);
            if matches!(&target, Some(Target::Item(from, name))
                if goes_on && !self.modules[from].items[name].is_type)
            {
                continue;
            }
            if target.is_some() {
                return target;
            }
        }
        for import in this.uses.iter().filter(|import| import.name == "*") {
            if let Some(Target::Module(from)) = self.resolve(module, &import.path, seen)
                && from != *module
                && let Some(target) = self.find(&from, name, goes_on, seen)
            {
                return Some(target);
            }
        }
        child
    }
}

impl Module {
    /// Whether its own code names something that it re-exports.
    fn names(&self, name: &str) -> bool {
        self.paths.iter().any(|path| path[0] == name)
    }

    fn add(&mut self, kind: &str, item: &[String], is_public: bool, is_re_export: bool) {
        match kind {
            "use" => read_use(&item[1..item.len() - 1], &[], is_re_export, &mut self.uses),
            "impl" => self.impls.extend(inherent_type(item)),
            // What a macro of ours makes.
            "macro_rules" => {
                for pair in item.windows(2) {
                    if pair[0] == "enum" && pair[1] != "$" {
                        let made = Item {
                            is_type: true,
                            is_public: true,
                        };
                        self.items.insert(pair[1].clone(), made);
                    }
                }
            }
            "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static" => {
                let is_type = !["fn", "const", "static"].contains(&kind);
                let made = Item { is_type, is_public };
                self.items.insert(item[1].clone(), made);
            }
            _ => {}
        }
        if kind != "use" {
            self.read_paths(&item[1..]);
        }
    }

    fn read_paths(&mut self, tokens: &[String]) {
        let mut at = 0;
        while at < tokens.len() {
            let before = at.checked_sub(1).map(|before| tokens[before].as_str());
            if tokens[at] == "use" && matches!(before, Some("{" | "}" | ";" | "]")) {
                let end = at + tokens[at..].iter().position(|token| token == ";").unwrap();
                read_use(&tokens[at + 1..end], &[], false, &mut self.uses);
                at = end;
            } else if tokens[at] == "pub" && tokens.get(at + 1).is_some_and(|next| next == "(") {
                at = closing(tokens, at + 1);
            } else if is_name(&tokens[at]) && !matches!(before, Some("." | "::" | "$")) {
                let mut path = vec![tokens[at].clone()];
                while tokens.get(at + 1).is_some_and(|token| token == "::")
                    && tokens.get(at + 2).is_some_and(|token| is_name(token))
                {
                    at += 2;
                    path.push(tokens[at].clone());
                }
                self.paths.push(path);
            }
            at += 1;
        }
    }
}

/// The words and signs of a source, without comments; literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &text[at..];
        let word = rest.bytes().take_while(|byte| is_word(*byte)).count();
        let quote = rest[word..].trim_start_matches('#');
        let is_prefix = matches!(&rest[..word], "r" | "b" | "c" | "br" | "cr");
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if is_prefix && rest[..word].contains('r') && quote.starts_with('"') {
            let hashes = rest.len() - word - quote.len();
            let end = format!("\"{}", "#".repeat(hashes));
            at += word + hashes + 1;
            at += text[at..].find(&end).unwrap() + end.len();
        } else if rest.starts_with('"') || is_prefix && rest[word..].starts_with('"') {
            at = end_of_text(bytes, at + if rest.starts_with('"') { 0 } else { word });
        } else if let Some(length) = character(rest) {
            at += length;
        } else if word > 0 {
            tokens.push(rest[..word].to_owned());
            at += word;
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            let sign = rest.chars().next().unwrap();
            if !sign.is_whitespace() {
                tokens.push(sign.to_string());
            }
            at += sign.len_utf8();
        }
    }
    tokens
}

/// Where the text that begins with a quotation mark at `at` is over.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of the character literal, or of the lifetime, that a text begins with.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let mut characters = inner.chars();
    let first = characters.next()?;
    if first == '\\' {
        let end = inner[2..].find('\'')?;
        return Some(1 + 2 + end + 1);
    }
    if characters.next() == Some('\'') {
        return Some(1 + first.len_utf8() + 1);
    }
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    Some(
        1 + inner
            .find(|character| !is_word(character))
            .unwrap_or(inner.len()),
    )
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Where the bracket that opens at `open` closes.
fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    panic!("a bracket is not closed")
}

/// The last token of the item whose keyword is at `at`.
fn end_of_item(tokens: &[String], mut at: usize) -> usize {
    let kind = tokens[at].clone();
    let ends_in_braces = [
        "fn",
        "struct",
        "enum",
        "union",
        "trait",
        "impl",
        "mod",
        "macro_rules",
    ]
    .contains(&kind.as_str());
    loop {
        match tokens[at].as_str() {
            ";" => return at,
            "(" | "[" | "{" => {
                let close = closing(tokens, at);
                let is_macro = at > 0 && tokens[at - 1] == "!";
                if tokens[at] == "{" && (ends_in_braces || is_macro) && kind != "use" {
                    return close;
                }
                at = close + 1;
            }
            _ => at += 1,
        }
    }
}

/// Adds the names of a tree of `use`.
fn read_use(tokens: &[String], prefix: &[String], is_re_export: bool, uses: &mut Vec<Use>) {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => {
                let close = closing(tokens, at);
                let mut begin = at + 1;
                while begin < close {
                    let mut end = begin;
                    while end < close && tokens[end] != "," {
                        end = if tokens[end] == "{" {
                            closing(tokens, end) + 1
                        } else {
                            end + 1
                        };
                    }
                    read_use(&tokens[begin..end], &path, is_re_export, uses);
                    begin = end + 1;
                }
                return;
            }
            "as" => {
                let name = tokens[at + 1].clone();
                uses.push(Use {
                    name,
                    path,
                    is_re_export,
                });
                return;
            }
            "::" => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    let Some(last) = path.last().cloned() else {
        return;
    };
    if last == "self" || last == "*" {
        path.pop();
    }
    let name = if last == "self" {
        path.last().cloned()
    } else {
        Some(last)
    };
    if let Some(name) = name {
        uses.push(Use {
            name,
            path,
            is_re_export,
        });
    }
}

/// The type of an inherent `impl` block.
fn inherent_type(item: &[String]) -> Option<String> {
    let (mut depth, mut name) = (0_usize, None);
    for (at, token) in item.iter().enumerate().skip(1) {
        match token.as_str() {
            "<" => depth += 1,
            ">" if item[at - 1] != "-" => depth -= 1,
            "for" if depth == 0 => return None,
            "{" | "where" if depth == 0 => break,
            word if depth == 0 && is_name(word) && word != "dyn" => name = Some(word.to_owned()),
            _ => {}
        }
    }
    name
}
