//! A JSON reader that keeps numbers as text.
//!
//! serde_json turns every number into binary64 first; a second rounding to binary32 then changes
//! some thresholds and leaf values (7.038531E-26 is one), and the predictions with them. Here each
//! number is read as the type that its field has. `NaN`, `Infinity` and `-Infinity` are accepted as
//! numbers, since XGBoost writes them.

use crate::error::{Error, Result};
use std::borrow::Cow;
use std::collections::HashSet;

/// Lists and objects nested deeper than this are refused; a model needs eight levels.
const MAX_DEPTH: usize = 64;

/// A JSON value that borrows from the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    /// The literal `null`; stands for no value.
    Null,
    /// The literal `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A string without its escapes.
    Text(Cow<'a, str>),
    /// An array, in the order of the file.
    List(Vec<Json<'a>>),
    /// An object in the order of the file.
    Map(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Parses a text that holds exactly one value, with blanks around it at most.
    pub(super) fn parse(text: &'a str) -> Result<Self> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let value = parser.value()?;
        parser.skip_space();
        match parser.peek() {
            None => Ok(value),
            Some(_) => Err(parser.error("the text goes on after the end of the JSON value")),
        }
    }

    /// Returns the value of an object's key; `None` without the key, or if this is no object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// What the value is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

/// The state of a parse; `at` is a byte offset on a character boundary.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Consumes `byte` if it comes next.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Consumes a word if it comes next.
    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// An error at the current place, with its line and byte column.
    fn error(&self, what: &str) -> Error {
        let before = &self.text.as_bytes()[..self.at];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        let (what, remedy) = if self.at >= self.text.len() {
            ("the text ends too early", "the file is cut short: copy or save the model again")
        } else {
            (what, "save the model as JSON, with XGBoost's save_model(\"model.json\") or with gboost")
        };
        Error::model(format!("not JSON: {what}")).remedy(remedy).at_line(line as u64).at_column(column as u64)
    }

    fn value(&mut self) -> Result<Json<'a>> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b't') if self.eat_word("true") => Ok(Json::Bool(true)),
            Some(b'f') if self.eat_word("false") => Ok(Json::Bool(false)),
            Some(b'n') if self.eat_word("null") => Ok(Json::Null),
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => self.number(),
            _ => Err(self.error("expected a value")),
        }
    }

    /// Runs `body` one level deeper; the bound keeps hostile input from exhausting the stack.
    fn nested(&mut self, body: impl FnOnce(&mut Self) -> Result<Json<'a>>) -> Result<Json<'a>> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.depth += 1;
        self.at += 1;
        let value = body(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Json<'a>> {
        let mut items = Vec::new();
        self.skip_space();
        if self.eat(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(Json::List(items));
            }
            if !self.eat(b',') {
                return Err(self.error("expected `,` or `]`"));
            }
        }
    }

    fn map(&mut self) -> Result<Json<'a>> {
        let mut entries = Vec::new();
        let mut keys = HashSet::new();
        self.skip_space();
        if self.eat(b'}') {
            return Ok(Json::Map(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key in double quotes"));
            }
            let start = self.at;
            let key = self.string()?;
            // Readers differ in which of them counts.
            if !keys.insert(key.clone()) {
                self.at = start;
                return Err(self.error(&format!("the key {key:?} stands twice in an object")));
            }
            self.skip_space();
            if !self.eat(b':') {
                return Err(self.error("expected `:`"));
            }
            entries.push((key, self.value()?));
            self.skip_space();
            if self.eat(b'}') {
                return Ok(Json::Map(entries));
            }
            if !self.eat(b',') {
                return Err(self.error("expected `,` or `}`"));
            }
        }
    }

    fn digits(&mut self) -> Result<()> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.error("expected a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Json<'a>> {
        let start = self.at;
        let negative = self.eat(b'-');
        let special = self.eat_word("Infinity") || (!negative && self.eat_word("NaN"));
        if !special {
            if !self.eat(b'0') {
                self.digits()?;
            }
            if self.eat(b'.') {
                self.digits()?;
            }
            if self.eat(b'e') || self.eat(b'E') {
                let _signed = self.eat(b'+') || self.eat(b'-');
                self.digits()?;
            }
        }
        Ok(Json::Number(&self.text[start..self.at]))
    }

    /// A string; the opening quote comes next.
    fn string(&mut self) -> Result<Cow<'a, str>> {
        self.at += 1;
        let mut owned: Option<String> = None;
        let mut start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let tail = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(tail),
                        Some(text) => Cow::Owned(text + tail),
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    let character = self.escape()?;
                    owned.get_or_insert_default().push(character);
                    start = self.at;
                }
                Some(0..0x20) => return Err(self.error("a control character inside a string")),
                Some(_) => self.at += 1,
                None => return Err(self.error("a string without an end")),
            }
        }
    }

    /// The character that an escape stands for; the backslash is consumed.
    fn escape(&mut self) -> Result<char> {
        let character = match self.peek() {
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(self.error("an unknown escape in a string")),
        };
        self.at += 1;
        Ok(character)
    }

    /// One `\u` escape, or the pair of them that a character above U+FFFF needs.
    fn unicode_escape(&mut self) -> Result<char> {
        let mut code = self.four_hex_digits()?;
        if (0xd800..0xdc00).contains(&code) && self.eat_word("\\u") {
            let low = self.four_hex_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        char::from_u32(code).ok_or_else(|| self.error("half of a surrogate pair in a string"))
    }

    fn four_hex_digits(&mut self) -> Result<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return Err(self.error("expected four hexadecimal digits"));
            };
            code = (code << 4) | digit;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Json;

    fn to_serde(json: &Json<'_>) -> serde_json::Value {
        match json {
            Json::Null => serde_json::Value::Null,
            Json::Bool(value) => (*value).into(),
            Json::Number(text) => serde_json::from_str(text).unwrap(),
            Json::Text(text) => text.as_ref().into(),
            Json::List(items) => items.iter().map(to_serde).collect(),
            Json::Map(entries) => entries.iter().map(|(key, value)| (key.as_ref(), to_serde(value))).collect(),
        }
    }

    #[test]
    fn agrees_with_serde_json() {
        let texts = [
            "null",
            " [ ] ",
            "{}",
            "[1,2.5,-3E-7,0,-0]",
            "{\"a\":[true,false,{\"b\":null}],\"b\":1}",
            "01",
            "1.",
            ".5",
            "1e",
            "-",
            "+1",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "\"\\u00e9\\n\\\"\\\\\\/\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\udc00\"",
            "\"\\ud83d\\u0041\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"é😀\"",
            "\"a\nb\"",
            "\"",
            "[",
            "tru",
            "nul",
            "1 2",
            "",
            "  ",
            "[1 2]",
            "\u{feff}{}",
            "\"\\",
            "\"\\u12",
        ];
        for text in texts {
            match (Json::parse(text), serde_json::from_str::<serde_json::Value>(text)) {
                (Ok(ours), Ok(theirs)) => assert_eq!(to_serde(&ours), theirs, "{text}"),
                (Err(_), Err(_)) => {}
                (ours, theirs) => panic!("{text}: {ours:?} against {theirs:?}"),
            }
        }
    }

    #[test]
    fn places_errors() {
        let error = Json::parse("{\n \"a\": [1, x]}").unwrap_err();
        assert_eq!((error.line(), error.column()), (Some(2), Some(11)));
        assert_eq!(error.to_string().split(';').next(), Some("not JSON: expected a value"));
        let error = Json::parse("{\"a\": 1,\n \"\\u0061\": 2}").unwrap_err();
        assert_eq!((error.line(), error.column()), (Some(2), Some(2)));
        assert!(error.to_string().contains("the key \"a\" stands twice in an object"), "{error}");
        let error = Json::parse("[1").unwrap_err();
        assert!(error.to_string().contains("ends too early"), "{error}");
    }

    #[test]
    fn keeps_numbers_as_text_and_bounds_the_depth() {
        assert_eq!(Json::parse("7.038531E-26").unwrap(), Json::Number("7.038531E-26"));
        assert_eq!(Json::parse("-Infinity").unwrap(), Json::Number("-Infinity"));
        assert!(Json::parse(&"[".repeat(1_000_000)).is_err());
        assert!(Json::parse(&format!("{}{}", "[".repeat(64), "]".repeat(64))).is_ok());
        assert!(Json::parse(&format!("{}{}", "[".repeat(65), "]".repeat(65))).is_err());
    }
}
