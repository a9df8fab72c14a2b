//! Format and delimiter from the first lines of a text.

use super::number::{self, Field};

/// Records looked at.
const SAMPLE: usize = 20;

/// Whether the text is libsvm: the first line with more than one word is `label index:value` or
/// `label qid:value`, where the label may be `label:weight`. `None` if no line has more than one
/// word, but all of them a number.
pub(super) fn is_libsvm(text: &str) -> Option<bool> {
    let is_number = |word| matches!(number::parse(word), Field::Number(_));
    for line in text.lines().filter(|line| !line.trim_ascii().is_empty()) {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { continue };
        let (label, weight) = first.split_once(':').unwrap_or((first, "1"));
        if !is_number(label) || !is_number(weight) {
            return Some(false);
        }
        if let Some(second) = words.next() {
            let is_index = |index: &str| index == "qid" || index.parse::<u32>().is_ok();
            return Some(second.split_once(':').is_some_and(|(index, _)| is_index(index)));
        }
    }
    None
}

/// The delimiter of a CSV text: the one that is as frequent in every record of the sample, or else
/// the one in most of them; a comma if there is none.
///
/// Of several that are as frequent everywhere the comma comes last, since it is also the decimal
/// comma of files that have another delimiter. What stands in quotes does not count.
pub(super) fn delimiter(text: &str) -> u8 {
    const CANDIDATES: [u8; 4] = [b'\t', b';', b'|', b','];
    let mut records: Vec<[usize; 4]> = Vec::new();
    let mut counts = [0; 4];
    let mut quoted = false;
    let mut blank = true;
    for byte in text.bytes().chain([b'\n']) {
        match byte {
            b'"' => {
                quoted = !quoted;
                blank = false;
            }
            b'\n' | b'\r' if !quoted => {
                if !blank {
                    records.push(std::mem::take(&mut counts));
                    blank = true;
                }
                if records.len() == SAMPLE {
                    break;
                }
            }
            _ if quoted || byte == b' ' => {}
            _ => {
                blank = false;
                if let Some(which) = CANDIDATES.iter().position(|&candidate| candidate == byte) {
                    counts[which] += 1;
                }
            }
        }
    }
    let even = |which: &usize| match records.as_slice() {
        [first, rest @ ..] => first[*which] > 0 && rest.iter().all(|record| record[*which] == first[*which]),
        [] => false,
    };
    let frequent = |which: &usize| {
        let having = records.iter().filter(|record| record[*which] > 0).count();
        (having, records.iter().map(|record| record[*which]).sum::<usize>())
    };
    let which = (0..4).find(even).or_else(|| (0..4).max_by_key(frequent));
    which.map_or(b',', |which| CANDIDATES[which])
}

/// The delimiter that Excel's first line `sep=;` gives, and the bytes of that line with its break.
pub(super) fn excel_delimiter(text: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr2(b'\n', b'\r', text)?;
    let line = text[..end].strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&text[..end]);
    let (word, delimiter) = line.split_at_checked(4)?;
    match delimiter {
        &[delimiter] if word.eq_ignore_ascii_case(b"sep=") => {
            Some((delimiter, if text[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 }))
        }
        _ => None,
    }
}

/// A delimiter in words.
pub(super) fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b',' => "a comma".into(),
        b';' => "a semicolon".into(),
        b'\t' => "a tab".into(),
        b'|' => "a vertical bar".into(),
        other => format!("`{}`", other.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libsvm_is_told_from_csv() {
        for text in ["1 1:2", "-1 3:0.5 7:1", "0\n1 2:3", "1:0.5 2:3", "1 qid:4 1:1", "# made by hand\n1 1:1", "+1 1:x"]
        {
            assert_eq!(is_libsvm(text), Some(true), "{text}");
        }
        for text in ["1,2", "1", "1\n2", "1 2 3", "a 1:2", "1,2 10:30", "time,x\n2020-01-01 10:30,1", "1\t2", ""] {
            assert_ne!(is_libsvm(text), Some(true), "{text}");
        }
    }

    #[test]
    fn delimiters_are_found() {
        let cases = [
            ("1,2\n3,4", b','),
            ("1;2\n3;4", b';'),
            ("1\t2\n3\t4", b'\t'),
            ("1|2\n3|4", b'|'),
            ("0,5;1,5\n1,5;2,0", b';'),
            ("a,b;c,d\n1,2,3\n", b','),
            ("\"x;y\",1\n\"z;\nw\",2", b','),
            ("1\n2", b','),
            ("1;2;3\n1;2\n", b';'),
            ("\n\n1;2\r\n\r\n3;4\r\n", b';'),
            ("", b','),
        ];
        for (text, expected) in cases {
            assert_eq!(delimiter(text), expected, "{text:?}");
        }
    }
}
