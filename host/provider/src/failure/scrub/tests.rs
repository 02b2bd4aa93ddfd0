use super::*;

const KEY: &str = "sk-Secret/1+x";

fn scrub(text: &str) -> String {
    Scrub::new(Secret::new(KEY).as_ref()).text(text)
}

fn json_escaped(text: &str) -> String {
    text.chars().map(|character| format!("\\u{:04x}", u32::from(character))).collect()
}

#[test]
fn as_it_is() {
    assert_eq!(scrub("key sk-Secret/1+x, sk-Secret/1+x2"), "key ***, ***2");
    assert_eq!(scrub("sk-Secret/1+"), "sk-Secret/1+");
    assert_eq!(Scrub::new(None).text(KEY), KEY);
}

#[test]
fn behind_escapes() {
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let twice = percent.replace('%', "%25");
    let html: String = KEY.chars().map(|c| format!("&#{};", u32::from(c))).collect();
    let hex: String = KEY.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect();
    let escaped = json_escaped(KEY);
    let again = escaped.replace('\\', "\\\\");
    for form in [
        "sk-Secret\\/1+x",
        "sk-Secret%2F1%2Bx",
        "s\\u006b-Secret/1&#43;x",
        &percent,
        &twice,
        &html,
        &hex,
        &escaped,
        &again,
        &json_escaped(&percent),
    ] {
        assert_eq!(scrub(&format!("é {form}!")), "é ***!", "{form}");
    }
}

/// Each way in which a server may write what it was sent.
#[test]
fn in_any_way() {
    let each = |write: fn(char) -> String| KEY.chars().map(write).collect::<String>();
    let list = |write: fn(u8) -> String, between: &str| {
        KEY.bytes().map(write).collect::<Vec<_>>().join(between)
    };
    let mixed: String = KEY
        .char_indices()
        .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c })
        .collect();
    let ways = [
        ("as it is", KEY.to_owned()),
        ("capitals", KEY.to_uppercase()),
        ("no capitals", KEY.to_lowercase()),
        ("some capitals", mixed),
        ("JSON", json_escaped(KEY)),
        ("JSON in JSON", json_escaped(KEY).replace('\\', "\\\\")),
        ("JSON, capitals", json_escaped(&KEY.to_uppercase())),
        ("JSON, a slash", KEY.replace('/', "\\/")),
        ("JavaScript", each(|c| format!("\\u{{{:x}}}", u32::from(c)))),
        ("bytes of a program", each(|c| format!("\\x{:02x}", u32::from(c)))),
        ("octal", each(|c| format!("\\{:03o}", u32::from(c)))),
        ("address", each(|c| format!("%{:02x}", u32::from(c)))),
        ("address, twice", each(|c| format!("%25{:02X}", u32::from(c)))),
        ("address, of scripts", each(|c| format!("%u{:04x}", u32::from(c)))),
        ("mail", each(|c| format!("={:02X}", u32::from(c)))),
        ("HTML", each(|c| format!("&#{};", u32::from(c)))),
        ("HTML, hexadecimal", each(|c| format!("&#X{:X};", u32::from(c)))),
        ("HTML, named", KEY.replace('/', "&sol;").replace('+', "&plus;").replace('-', "&hyphen;")),
        ("HTML in JSON", KEY.replace('/', "\\u0026#47;")),
        ("hexadecimal", list(|b| format!("{b:02x}"), "")),
        ("hexadecimal, mixed", list(|b| format!("{b:02x}"), "").replace('b', "B")),
        ("hexadecimal, colons", list(|b| format!("{b:02X}"), ":")),
        ("hexadecimal, spaces", list(|b| format!("{b:02x}"), " ")),
        ("an array of a program", list(|b| format!("0x{b:02x}"), ", ")),
        ("an array", format!("[{}]", list(|b| b.to_string(), ","))),
        ("an array, spaces", format!("[{}]", list(|b| b.to_string(), ", "))),
    ];
    for (way, written) in ways {
        let scrubbed = scrub(&format!("é {written}!"));
        let expected = ["é ***!", "é [***]!"];
        assert!(expected.contains(&scrubbed.as_str()), "{way}: {scrubbed}");
    }
    // a short key in other letters is a word
    let short = Scrub::new(Secret::new("Key").as_ref());
    assert_eq!(short.text("a key, the Key"), "a key, the ***");
}

#[test]
fn in_other_digits() {
    // coreutils' base64 and xxd of "sk-Secret/1+x", of ":sk-Secret/1+x" and of "a:sk-Secret/1+x"
    assert!(!scrub("Basic c2stU2VjcmV0LzEreA==").contains("c2stU2VjcmV0"));
    assert!(!scrub("OnNrLVNlY3JldC8xK3g=").contains("NrLVNlY3JldC8xK3"));
    assert!(!scrub("YTpzay1TZWNyZXQvMSt4").contains("zay1TZWNyZXQvMSt4"));
    assert_eq!(scrub("736b2d5365637265742f312b78"), "***");
    assert_eq!(scrub("736B2D5365637265742F312B78"), "***");
}

#[test]
fn in_values() {
    let mut value = serde_json::json!({"a": [KEY, {"b": format!("x{KEY}")}], "c": 1, KEY: {}});
    Scrub::new(Secret::new(KEY).as_ref()).value(&mut value);
    assert_eq!(value, serde_json::json!({"a": ["***", {"b": "x***"}], "c": 1, "***": {}}));
}

/// Standard base64, to check ours against nothing of ours: coreutils' `base64 -w 0` of these texts.
const AROUND: [(&str, &str); 3] = [
    ("sk-Secret/1+x", "c2stU2VjcmV0LzEreA=="),
    (":sk-Secret/1+x", "OnNrLVNlY3JldC8xK3g="),
    ("a:sk-Secret/1+x", "YTpzay1TZWNyZXQvMSt4"),
];

/// Nothing is left of what depends on the key, and nothing else is gone.
#[test]
fn base64_to_its_end() {
    for ((_, written), expected) in AROUND.iter().zip(["***", "O***", "YT***"]) {
        assert_eq!(scrub(&format!("Basic {written}.")), format!("Basic {expected}."));
        assert_eq!(scrub(&format!("{written}\n")), format!("{expected}\n"));
        let bare = written.trim_end_matches('=');
        assert_eq!(scrub(&format!("({bare})")), format!("({expected})"));
        assert_eq!(scrub(&written.replace('=', "%3D")), expected);
    }
}

/// Each way in which lines, white space or a dump may break what a server writes.
#[test]
fn in_any_layout() {
    let list = |write: fn(u8) -> String, between: &str| {
        KEY.bytes().map(write).collect::<Vec<_>>().join(between)
    };
    let lines = |text: &str, width: usize, end: &str| {
        let characters: Vec<_> = text.chars().collect();
        let lines: Vec<String> =
            characters.chunks(width).map(|line| line.iter().collect()).collect();
        lines.join(end)
    };
    let hex = list(|byte| format!("{byte:02x}"), "");
    let index = |(at, byte): (usize, u8)| format!("\"{at}\": {byte}");
    let object = KEY.bytes().enumerate().map(index).collect::<Vec<_>>().join(", ");
    let style: String = KEY.bytes().map(|byte| format!("\\{byte:x} ")).collect();
    let wide: String = KEY.bytes().map(|byte| format!("\\{byte:06x}")).collect();
    let quoted: String = KEY.bytes().map(|byte| format!("={byte:02X}")).collect();
    for (way, written) in [
        ("a broken line", lines(KEY, 7, "\n")),
        ("a broken line, indented", lines(KEY, 7, "\r\n    ")),
        ("a broken line in JSON", lines(KEY, 7, "\\n")),
        ("base64 in lines", lines(AROUND[0].1, 6, "\r\n")),
        ("base64 in lines, in JSON", lines(AROUND[0].1, 6, "\\r\\n")),
        ("base64, spaces", lines(AROUND[0].1, 4, " ")),
        ("mail", lines(KEY, 7, "=\r\n")),
        ("mail, all of it", lines(&quoted, 6, "=\n")),
        ("Go", format!("[{}]", list(|byte| byte.to_string(), " "))),
        ("JSON, printed", format!("[\n{}\n]", list(|byte| format!("    {byte}"), ",\n"))),
        ("JSON, texts", format!("[{}]", list(|byte| format!("\"{byte}\""), ","))),
        ("JavaScript", format!("{{{object}}}")),
        ("octal", list(|byte| format!("{byte:03o}"), " ")),
        ("octal of programs", list(|byte| format!("0{byte:o}"), ", ")),
        ("hexadecimal in lines", lines(&hex, 10, "\n")),
        ("hexadecimal in groups", lines(&hex, 4, " ")),
        ("hexadecimal in words", lines(&hex, 8, "  ")),
        ("Rust", format!("[\n{}\n]", list(|byte| format!("    0x{byte:02X},"), "\n"))),
        ("C", format!("{{{}}}", list(|byte| format!("0x{byte:x}"), ",\n"))),
        ("hexadecimal, texts", format!("[{}]", list(|byte| format!("'{byte:02x}'"), ", "))),
        ("a style sheet", style),
        ("a style sheet, wide", wide),
        ("a style sheet, as browsers escape", KEY.replace('/', "\\/").replace('+', "\\+")),
    ] {
        let scrubbed = scrub(&format!("before {written} after"));
        let left = scrubbed.replace("***", "");
        let kept: String = left.chars().filter(char::is_ascii_alphanumeric).collect();
        assert!(["beforeafter", "before0after"].contains(&kept.as_str()), "{way}: {scrubbed}");
        assert_eq!(scrubbed.matches("***").count(), 1, "{way}: {scrubbed}");
    }
}

/// What `xxd`, `hexdump -C` and `od` of util-linux and coreutils print of `Authorization: Bearer ` and
/// the key.
#[test]
fn in_dumps() {
    for dump in [
        "00000000: 4175 7468 6f72 697a 6174 696f 6e3a 2042  Authorization: B\n\
         00000010: 6561 7265 7220 736b 2d53 6563 7265 742f  earer sk-Secret/\n\
         00000020: 312b 78                                  1+x\n",
        "00000000  41 75 74 68 6f 72 69 7a  61 74 69 6f 6e 3a 20 42  |Authorization: B|\n\
         00000010  65 61 72 65 72 20 73 6b  2d 53 65 63 72 65 74 2f  |earer sk-Secret/|\n\
         00000020  31 2b 78                                          |1+x|\n\
         00000023\n",
        "0000000 41 75 74 68 6f 72 69 7a 61 74 69 6f 6e 3a 20 42\n\
         0000020 65 61 72 65 72 20 73 6b 2d 53 65 63 72 65 74 2f\n\
         0000040 31 2b 78\n\
         0000043\n",
        "0000000 101 165 164 150 157 162 151 172 141 164 151 157 156 072 040 102\n\
         0000020 145 141 162 145 162 040 163 153 055 123 145 143 162 145 164 057\n\
         0000040 061 053 170\n\
         0000043\n",
        "4175 7468 6f72 697a 6174 696f 6e3a 2042\n6561 7265 7220 736b 2d53 6563 7265 742f\n312b 78\n",
        "417574686f72697a6174696f6e3a20426561726572\n20736b2d5365637265742f31\n2b78\n",
    ] {
        for text in [dump.to_owned(), dump.replace('\n', "\\n"), dump.replace('\n', "\r\n")] {
            let scrubbed = scrub(&text);
            for part in ["736b", "73 6b", "2b78", "2b 78", "053 170", "Secret", "1+x", "2d53"] {
                assert!(!scrubbed.contains(part), "{part} in\n{scrubbed}");
            }
            assert!(scrubbed.contains("***"), "{scrubbed}");
            let before = ["4175", "41 75", "101 165"];
            assert!(before.iter().any(|part| scrubbed.contains(part)), "{scrubbed}");
        }
    }
}

/// Words, numbers and pieces of a key are what they were.
#[test]
fn what_is_no_key_stays() {
    for text in [
        "sk-Secret/1+ y",
        "115 107 45 83 101 99 114 101 116 47 49 43",
        "73 6b 2d 53 65 63 72 65 74 2f 31 2b",
        "c2stU2VjcmV0LzEr",
        "a = b\nc=\nd",
        "C:\\new\\table \\31 0",
        "line 1: 115, line 2: 107",
        "00000000: 7365 6372 6574",
        "s k - S e c r e t",
    ] {
        assert_eq!(scrub(text), text);
    }
    // a short key would be found in what it is not in
    let short = Scrub::new(Secret::new("abcd").as_ref());
    for text in ["ab cd", "97 98 99 100", "61 62 63 64", "YWJj\nZA=="] {
        assert_eq!(short.text(text), text);
    }
}

/// Much of what each way of reading looks at: none of them looks at the rest of a text at each place.
#[test]
fn in_linear_time() {
    for piece in [
        "sk-Secret/1+",
        "115 ",
        "73",
        "0x73,",
        "\\73 ",
        "=\n",
        "\"0\":",
        "00000000: 73\n",
        "%",
        "\\",
    ] {
        let text = piece.repeat((1 << 17) / piece.len());
        assert!(!scrub(&text).contains("***"), "{piece}");
    }
}
