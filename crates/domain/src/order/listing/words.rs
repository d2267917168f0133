//! Words to find orders by: folded, so that `Berzins` finds `Bērziņš`, and cut where people begin to
//! type: `ieva@amber.example` is found by `ieva`, `amber.ex` and `example`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a word that are kept; longer ones are compared that far.
const LENGTH_MAX: usize = 40;

/// Lower case, without accents, in the plain form of each letter.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'ø' | 'Ø' => folded.push('o'),
            'ł' | 'Ł' => folded.push('l'),
            'đ' | 'Đ' => folded.push('d'),
            'ı' => folded.push('i'),
            _ => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

/// The chunks of a folded text: letters and digits, with what joins them inside (`a@b.c`, `365-e5`).
pub fn chunks(folded: &str) -> Vec<String> {
    let is_outside = |c: char| !c.is_alphanumeric() && !is_joint(c);
    let chunks = folded
        .split(is_outside)
        .map(|chunk| chunk.trim_matches(is_joint));
    chunks.filter(|chunk| !chunk.is_empty()).map(cut).collect()
}

/// What a text is found by: each chunk from each place where people may begin to type it.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let is_outside = |c: char| !c.is_alphanumeric() && !is_joint(c);
    let mut words = Vec::new();
    for chunk in folded
        .split(is_outside)
        .map(|chunk| chunk.trim_matches(is_joint))
    {
        words.extend(starts(chunk).map(|start| cut(&chunk[start..])));
    }
    words
}

/// Whether a text has a place where `typed` begins: words one after the other, the last one may go on.
pub fn has(text: &str, typed: &str) -> bool {
    let (text, typed) = (
        chunks(&fold(text)).join(" "),
        chunks(&fold(typed)).join(" "),
    );
    let found = |start: usize| text[start..].starts_with(&typed);
    !typed.is_empty() && starts(&text).any(found)
}

fn is_joint(c: char) -> bool {
    matches!(c, '@' | '.' | '-' | '_' | '+')
}

fn cut(chunk: &str) -> String {
    chunk.chars().take(LENGTH_MAX).collect()
}

/// Where a letter or digit follows what is neither; in scripts without spaces, each letter.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let mut before = None;
    text.char_indices().filter_map(move |(at, c)| {
        let is_start = c.is_alphanumeric()
            && before.is_none_or(|b: char| !b.is_alphanumeric() || is_dense(b) || is_dense(c));
        before = Some(c);
        is_start.then_some(at)
    })
}

/// Thai, Lao, Khmer, Burmese, kana and Han: written without spaces between words.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_find_what_they_type() {
        for (text, typed) in [
            ("Ieva Bērziņš", "berzins"),
            ("Ieva Bērziņš", "IEVA B"),
            ("ieva@amber.example", "amber.ex"),
            ("ieva@amber.example", "ieva@am"),
            ("ieva@amber.example", "exam"),
            ("Microsoft 365-E5 (annual)", "365-e5"),
            ("Microsoft 365-E5 (annual)", "e5 ann"),
            ("O’Brien", "brien"),
            ("Straße", "strasse"),
            ("Ｗｉｄｅ", "wide"),
            ("東京データ", "データ"),
            ("Order #11-03-2019", "#11-03"),
            ("Łódź", "lodz"),
            ("שלום עולם", "עולם"),
        ] {
            assert!(has(text, typed), "{text} / {typed}");
        }
        for (text, typed) in [("Microsoft", "soft"), ("a b", "b a"), ("a", ""), ("a", "!")] {
            assert!(!has(text, typed), "{text} / {typed}");
        }
    }

    proptest! {
        #[test]
        fn a_chunk_is_found_by_the_words_of_its_text(text in "[a-cß@. -]{0,12}", typed in "[a-c@.]{1,3}") {
            let typed = chunks(&typed);
            prop_assume!(typed.len() == 1);
            let by_words = words(&text).iter().any(|word| word.starts_with(&typed[0]));
            prop_assert_eq!(by_words, has(&text, &typed[0]));
        }

        #[test]
        fn any_text_is_folded_without_panic_and_once_is_enough(text in any::<String>()) {
            for word in words(&text) {
                prop_assert_eq!(&fold(&word), &word);
                prop_assert!(word.chars().count() <= LENGTH_MAX);
            }
        }
    }
}
