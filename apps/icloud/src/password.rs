//! App-specific passwords (ICL-02).

use kalends_app::{Cx, Error, Kind, Secret};

/// Letters in one.
const LETTERS: usize = 16;
/// Letters in each of its groups.
const GROUP: usize = 4;

/// The account's, as Apple writes it. Any other kind of password is never sent: it cannot work, and it opens everything.
pub(crate) fn of(cx: &Cx) -> Result<Secret, Error> {
    read(cx.secret("password")?.expose())
}

fn read(typed: &str) -> Result<Secret, Error> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}');
    let letters: Vec<char> = typed.chars().filter(|c| !is_mark(*c)).map(|c| c.to_ascii_lowercase()).collect();
    if letters.len() != LETTERS || !letters.iter().all(char::is_ascii_lowercase) {
        let message = "password: this is no app-specific password, which has 16 letters in four groups. \
            Make one at account.apple.com, under Sign-In and Security; your own password must not be used here";
        return Err(Error::new(Kind::Invalid, message));
    }
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    Ok(Secret::new(groups.join("-")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("abcd-efgh-ijkl-mnop")]
    #[case("abcdefghijklmnop")]
    #[case(" ABCD efgh ijkl mnop\n")]
    #[case("abcd\u{2013}efgh\u{2013}ijkl\u{2013}mnop")]
    fn icl_02_it_is_taken_with_and_without_dashes(#[case] typed: &str) {
        assert_eq!(read(typed).unwrap(), Secret::new("abcd-efgh-ijkl-mnop"));
    }

    #[rstest]
    #[case("")]
    #[case("correct horse battery staple")]
    #[case("abcd-efgh-ijkl-mno")]
    #[case("abcd-efgh-ijkl-mno1")]
    fn icl_02_another_kind_of_password_is_refused_with_the_way_to_the_right_one(#[case] typed: &str) {
        let error = read(typed).unwrap_err();
        assert!(error.message().contains("account.apple.com"), "{error}");
        assert!(typed.is_empty() || !error.message().contains(typed), "ALL-08");
    }

    proptest! {
        #[test]
        fn nothing_typed_makes_it_panic(typed in "\\PC{0,30}") {
            let _ = read(&typed); // whatever it says, it says it
        }
    }
}
