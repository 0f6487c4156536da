//! Defines the literal values of a script.

/// Value in a script, and the names that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptEntry {
    /// Variable whose value it is, or is part of.
    pub(crate) variable: Option<String>,
    /// Names of the fields that lead to it.
    pub(crate) path: Vec<String>,
    /// Number of the object that it is a field of; 0 outside of objects.
    pub(crate) object: usize,
    /// Line, counted from 1.
    pub(crate) line: usize,
    pub(crate) value: ScriptExpression,
}

/// Value, as far as it is literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScriptExpression {
    /// String, number or boolean.
    Text(String),
    /// List of strings.
    TextList(Vec<String>),
    /// Strings of a list that has other items, too, such as regular expressions.
    PartialList(Vec<String>),
    /// Computed value with this fallback: `process.env.URL || "…"`.
    WithFallback(String),
    /// Name of a variable, or of a field of one.
    Reference(String),
    /// Template with substitutions, without its quotes: `https://${host}`.
    Template(String),
    /// Value that a function returns, and the conditions on which it returns `false` instead.
    ReturnedUnless(Box<ScriptExpression>, Vec<String>),
    /// Source text of any other expression.
    Computed(String),
}

impl ScriptExpression {
    /// Returns the code of a value that is not literal.
    pub(crate) fn as_code(&self) -> Option<&str> {
        match self {
            ScriptExpression::Reference(code)
            | ScriptExpression::Template(code)
            | ScriptExpression::WithFallback(code)
            | ScriptExpression::Computed(code) => Some(code),
            ScriptExpression::ReturnedUnless(value, _) => value.as_code(),
            _ => None,
        }
    }
}

/// Call of a function with a string as first argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptCall {
    pub(crate) function: String,
    /// First argument.
    pub(crate) argument: String,
    /// Line, counted from 1.
    pub(crate) line: usize,
    /// Second argument; `None` if there is none, or it is an object.
    pub(crate) value: Option<ScriptExpression>,
}
