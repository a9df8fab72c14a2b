//! Mutations: of bytes, of lines and fields, of JSON values.

use crate::common::Random;
use serde_json::{Map, Value};

/// Words that programs stumble over: numbers at the edges of types, words for missing values,
/// control characters, names that mean something elsewhere.
const WORDS: &[&str] = &[
    "",
    "0",
    "-0",
    "1",
    "-1",
    "+1",
    "01",
    "1e0",
    "2",
    "3",
    "255",
    "256",
    "65535",
    "65536",
    "1000000",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "1e9",
    "1e38",
    "3.5e38",
    "1e308",
    "1e309",
    "-1e400",
    "1e-46",
    "1e-400",
    "1e999999999",
    "0.1",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "NA",
    "null",
    "?",
    "true",
    "text",
    "\"",
    "\"\"",
    "\"a\nb\"",
    "'",
    "a\"b",
    "\u{1b}[2J",
    "\u{202e}x",
    "\0",
    "\u{feff}",
    "é",
    "..",
    "/dev/zero",
    "/dev/full",
    "{}",
    "[]",
    "[[[[",
    "0x10",
    "1_000",
    "1,5",
    "$5",
    "5%",
    ";",
    "binary:logistic",
    "multi:softprob",
    "reg:squarederror",
    "gblinear",
    "dart",
    "99999999999999999999999999999999999",
];

/// A word that programs stumble over.
pub fn word(random: &mut Random) -> &'static str {
    WORDS[random.below(WORDS.len() as u64) as usize]
}

fn index(random: &mut Random, end: usize) -> usize {
    random.below(end.max(1) as u64) as usize
}

/// One to four mutations of single bytes and stretches of them.
pub fn bytes(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        let at = index(random, bytes.len());
        let end = (at + 1 + index(random, 40)).min(bytes.len());
        match random.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let stretch = bytes[at..end].to_vec();
                let to = index(random, bytes.len());
                bytes.splice(to..to, stretch);
            }
            4 => bytes.truncate(at),
            5 => drop(bytes.splice(at..at, word(random).bytes())),
            _ => drop(bytes.splice(at..end, word(random).bytes())),
        }
    }
}

/// Repeats a stretch until the whole has that many bytes.
pub fn swell(random: &mut Random, bytes: &mut Vec<u8>, size: usize) {
    let at = index(random, bytes.len());
    let end = (at + 1 + index(random, 8)).min(bytes.len());
    let stretch = bytes[at..end].to_vec();
    if !stretch.is_empty() {
        let repeated = stretch.iter().copied().cycle().take(size);
        drop(bytes.splice(at..at, repeated));
    }
}

/// One to three mutations of lines, or of their fields between any of the `delimiters`.
pub fn lines(random: &mut Random, text: &mut Vec<u8>, delimiters: &[u8]) {
    let mut lines: Vec<Vec<u8>> = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=random.below(3) {
        let at = index(random, lines.len());
        let other = index(random, lines.len());
        match random.below(10) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => lines.insert(at, word(random).as_bytes().to_vec()),
            _ => field(random, &mut lines[at], delimiters),
        }
        if lines.is_empty() {
            break;
        }
    }
    *text = lines.join(&b'\n');
}

fn field(random: &mut Random, line: &mut Vec<u8>, delimiters: &[u8]) {
    let mut ends: Vec<usize> = (0..line.len()).filter(|&at| delimiters.contains(&line[at])).collect();
    ends.push(line.len());
    let chosen = index(random, ends.len());
    let start = if chosen == 0 { 0 } else { ends[chosen - 1] + 1 };
    match random.below(5) {
        // Another number of fields.
        0 => drop(line.drain(start..ends[chosen])),
        1 => {
            let mut twice = line[start..ends[chosen]].to_vec();
            twice.push(delimiters[0]);
            drop(line.splice(start..start, twice));
        }
        // Quoted, perhaps without an end.
        2 => {
            line.insert(ends[chosen], if random.below(2) == 0 { b'"' } else { b'x' });
            line.insert(start, b'"');
        }
        _ => drop(line.splice(start..ends[chosen], word(random).bytes())),
    }
}

/// One to three mutations of the values of a JSON text; of its bytes where it is none.
pub fn json(random: &mut Random, text: &mut Vec<u8>) {
    let Ok(mut root) = serde_json::from_slice::<Value>(text) else { return bytes(random, text) };
    values(random, &mut root);
    *text = serde_json::to_vec(&root).unwrap_or_default();
    // Keys that stand twice and members that nobody knows are no values.
    if random.below(12) == 0 {
        let text_of = String::from_utf8_lossy(text).into_owned();
        *text = text_of.replacen("{\"", &format!("{{\"{}\":1,\"", word(random).escape_default()), 1).into_bytes();
    }
}

/// One to three mutations of the values of a TOML text; of its lines where it is none.
pub fn toml(random: &mut Random, text: &mut Vec<u8>) {
    let parsed = std::str::from_utf8(text).ok().and_then(|text| toml::from_str::<Value>(text).ok());
    let Some(mut root) = parsed else { return lines(random, text, b"= \"") };
    values(random, &mut root);
    // What TOML has no form for, such as a list on the top level, is left as it was.
    if let Ok(mutated) = toml::to_string(&root) {
        *text = mutated.into_bytes();
    }
}

fn values(random: &mut Random, root: &mut Value) {
    for _ in 0..=random.below(3) {
        let count = nodes(root);
        let donor = node(root, &mut index(random, count)).cloned().unwrap_or_default();
        // Any value alike, or one found by going down from the top, where the few are that matter
        // most.
        let place = match random.below(2) {
            0 => node(root, &mut index(random, count)),
            _ => Some(descend(random, root)),
        };
        if let Some(value) = place {
            change(random, value, donor);
        }
    }
}

/// A value that is found by going down one level after the other.
fn descend<'v>(random: &mut Random, value: &'v mut Value) -> &'v mut Value {
    let count = match &*value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    if count == 0 || random.below(6) == 0 {
        return value;
    }
    let chosen = index(random, count);
    match value {
        Value::Array(items) => descend(random, &mut items[chosen]),
        Value::Object(members) => match members.values_mut().nth(chosen) {
            Some(member) => descend(random, member),
            None => unreachable!("the members were counted"),
        },
        _ => unreachable!("other values have nothing in them"),
    }
}

fn change(random: &mut Random, value: &mut Value, donor: Value) {
    match random.below(8) {
        0 => *value = donor,
        1 => *value = Value::String(word(random).to_string()),
        2 => *value = serde_json::from_str(word(random)).unwrap_or(Value::Null),
        3 => *value = Value::Array(vec![donor; 1 + random.below(4) as usize]),
        4 => *value = Value::Object(Map::from_iter([(word(random).to_string(), donor)])),
        // Another element where there are elements, otherwise another number.
        _ => match value {
            Value::Array(items) => {
                let at = index(random, items.len());
                match random.below(4) {
                    0 if !items.is_empty() => drop(items.remove(at)),
                    1 => items.insert(at, donor),
                    2 => items.truncate(at),
                    _ => items.insert(at, serde_json::from_str(word(random)).unwrap_or(Value::Null)),
                }
            }
            Value::Object(members) => {
                let name = members.keys().nth(index(random, members.len())).cloned().unwrap_or_default();
                match random.below(4) {
                    0 => drop(members.shift_remove(&name)),
                    1 => drop(members.insert(word(random).to_string(), donor)),
                    2 => drop(members.insert(name, donor)),
                    _ => drop(members.insert(name, serde_json::from_str(word(random)).unwrap_or(Value::Null))),
                }
            }
            Value::String(text) => {
                let mut content = std::mem::take(text).into_bytes();
                bytes(random, &mut content);
                *text = String::from_utf8_lossy(&content).into_owned();
            }
            other => *other = serde_json::from_str(word(random)).unwrap_or(Value::Null),
        },
    }
}

/// The number of values in a value, itself included.
fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum(),
        _ => 0,
    }
}

/// The value of that number in the order of the text.
fn node<'v>(value: &'v mut Value, number: &mut usize) -> Option<&'v mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| node(item, number)),
        Value::Object(members) => members.values_mut().find_map(|member| node(member, number)),
        _ => None,
    }
}
