//! Answers of guests, checked against the questions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Question, QuestionKind};

/// Answers by the question's slug.
pub type Answers = BTreeMap<String, Answer>;

/// One answer as it came: a form gives texts, the API also numbers, flags and lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "give a text, a number, true, false or a list of texts")]
pub enum Answer {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// One text.
    Text(String),
    /// Several texts.
    Many(Vec<String>),
}

impl Answer {
    /// The answer in one line, as mails and lists show it.
    pub fn line(&self) -> String {
        match self {
            Self::Flag(true) => "Yes".into(),
            Self::Flag(false) => "No".into(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Many(texts) => texts.join(", "),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Flag(_) | Self::Number(_) => false,
            Self::Text(text) => text.trim().is_empty(),
            Self::Many(texts) => texts.iter().all(|text| text.trim().is_empty()),
        }
    }
}

/// An answer that will not do: which question, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fix}")]
pub struct FieldProblem {
    /// The question's slug.
    pub field: String,
    /// What to do.
    pub fix: String,
}

/// The longest text anyone may answer, in letters.
const LONGEST: usize = 5_000;

/// Checks all answers and brings each into its question's own form; or says everything that will not do.
///
/// Answers to questions that are not asked (any more) are dropped.
pub fn check_answers(questions: &[Question], given: &Answers) -> Result<Answers, Vec<FieldProblem>> {
    let mut checked = Answers::new();
    let mut problems = Vec::new();
    for question in questions.iter().filter(|question| !question.hidden) {
        let answer = given.get(&question.slug).filter(|answer| !answer.is_empty());
        let result = match answer {
            None if question.required => Err(format!("“{}” needs an answer.", question.label)),
            None => continue,
            Some(answer) => fit(question, answer),
        };
        match result {
            Ok(answer) => drop(checked.insert(question.slug.clone(), answer)),
            Err(fix) => problems.push(FieldProblem { field: question.slug.clone(), fix }),
        }
    }
    if problems.is_empty() { Ok(checked) } else { Err(problems) }
}

fn fit(question: &Question, answer: &Answer) -> Result<Answer, String> {
    match question.kind {
        QuestionKind::Boolean => match answer {
            Answer::Flag(flag) => agreed(question, *flag),
            Answer::Text(text) => agreed(question, ["true", "on", "yes", "1"].contains(&text.trim())),
            _ => Err("Answer yes or no.".into()),
        },
        QuestionKind::Number => {
            let number = match answer {
                Answer::Number(number) => Some(*number),
                Answer::Text(text) => text.trim().parse().ok(),
                _ => None,
            };
            let number = number.filter(|number| number.is_finite()).ok_or("Write a number.")?;
            bounded(question, number, "Write a number of").map(|()| Answer::Number(number))
        }
        kind if kind.many() => {
            let texts: Vec<String> = match answer {
                Answer::Many(texts) => texts.clone(),
                other => other.line().split([',', '\n']).map(str::to_owned).collect(),
            };
            let texts: Vec<String> = texts
                .into_iter()
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
                .collect();
            if texts.len() > 100 {
                return Err("Give at most 100.".into());
            }
            texts.iter().try_for_each(|text| one(question, text))?;
            Ok(Answer::Many(texts))
        }
        _ => {
            let text = answer.line().trim().to_owned();
            one(question, &text)?;
            Ok(Answer::Text(text))
        }
    }
}

fn agreed(question: &Question, flag: bool) -> Result<Answer, String> {
    if question.required && !flag {
        Err(format!("“{}” must be ticked.", question.label))
    } else {
        Ok(Answer::Flag(flag))
    }
}

#[expect(clippy::cast_precision_loss, reason = "bounds are small numbers typed by a person")]
fn bounded(question: &Question, number: f64, ask: &str) -> Result<(), String> {
    match (question.min, question.max) {
        (Some(min), _) if number < min as f64 => Err(format!("{ask} at least {min}.")),
        (_, Some(max)) if number > max as f64 => Err(format!("{ask} at most {max}.")),
        _ => Ok(()),
    }
}

fn one(question: &Question, text: &str) -> Result<(), String> {
    let letters = text.chars().count();
    if letters > LONGEST {
        return Err(format!("Write at most {LONGEST} letters."));
    }
    match question.kind {
        kind if kind.chooses() => {
            let known = question.choices.iter().any(|choice| choice.value == text);
            if known { Ok(()) } else { Err("Choose one of the options.".into()) }
        }
        QuestionKind::Email | QuestionKind::Multiemail => {
            if is_email(text) {
                Ok(())
            } else {
                Err(format!("“{}” is not an email.", short(text)))
            }
        }
        QuestionKind::Url => {
            if text.starts_with("https://") || text.starts_with("http://") {
                Ok(())
            } else {
                Err("Write an address that begins with https://.".into())
            }
        }
        QuestionKind::Phone => check_phone(text).map_err(str::to_owned),
        _ => bounded(
            question,
            u32::try_from(letters).map_or(f64::MAX, f64::from),
            "Write a text, letters in it:",
        ),
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// An email we can write to: one `@`, something on both sides, no spaces or control characters (RFC 5321, the usual part of it).
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let host_fits = host.len() <= 253
        && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && host.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.');
    let name_fits = name.len() <= 64 && name.chars().all(|c| !"<>()[],;:\\\"@".contains(c));
    plain(name) && plain(host) && host_fits && name_fits
}

/// Checks a telephone number: digits, a plus in front and the usual separators. From 5 digits on, and at most the 15 that a
/// number has anywhere, its country code among them (E.164). The error says what to write instead.
pub fn check_phone(text: &str) -> Result<(), &'static str> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let usual = text.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
    if !usual || digits < 5 || text.rfind('+').is_some_and(|at| at != 0) {
        return Err("Write a telephone number with its country code, such as +43 1 234567.");
    }
    if digits > 15 {
        return Err(
            "This telephone number is too long: none has more than 15 digits, with its country code.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_type::Choice;

    fn question(kind: QuestionKind) -> Question {
        Question {
            slug: "q".into(),
            kind,
            label: "Q".into(),
            hint: String::new(),
            required: true,
            hidden: false,
            choices: vec![Choice { value: "a".into(), label: "A".into() }],
            min: None,
            max: None,
        }
    }

    fn ask(kind: QuestionKind, answer: Answer) -> Result<Answers, Vec<FieldProblem>> {
        check_answers(&[question(kind)], &Answers::from([("q".to_owned(), answer)]))
    }

    #[test]
    fn a_telephone_number_has_five_to_fifteen_digits() {
        for good in ["+43 1 234567", "12345", "+44 (0)20 7946-0958", "123456789012345"] {
            assert_eq!(check_phone(good), Ok(()), "{good}");
        }
        for bad in ["", "1234", "43+1234567", "+43 1 234567 ext 8", "call me"] {
            assert!(check_phone(bad).unwrap_err().contains("such as +43"), "{bad}");
        }
        for long in ["1234567890123456", "+1234 5678 9012 3456 7890"] {
            assert!(check_phone(long).unwrap_err().contains("15 digits"), "{long}");
        }
    }

    #[test]
    fn a_choice_is_read_by_its_label_and_other_words_as_they_are() {
        let chosen = question(QuestionKind::Checkbox);
        let many = Answer::Many(vec!["a".into(), "gone".into()]);
        assert_eq!(chosen.reads(&many), "A, gone");
        assert_eq!(chosen.reads(&Answer::Text("a".into())), "A");
        assert_eq!(question(QuestionKind::Boolean).reads(&Answer::Flag(true)), "Yes");
    }

    #[test]
    fn a_missing_answer_names_its_question() {
        let problems = check_answers(&[question(QuestionKind::Text)], &Answers::new()).unwrap_err();
        assert_eq!(problems[0].field, "q");
    }

    #[test]
    fn an_option_nobody_offered_is_refused() {
        assert!(ask(QuestionKind::Select, Answer::Text("b".into())).is_err());
        assert!(ask(QuestionKind::Select, Answer::Text("a".into())).is_ok());
        assert!(ask(QuestionKind::Multiselect, Answer::Many(vec!["a".into(), "b".into()])).is_err());
    }

    #[test]
    fn texts_from_a_form_become_what_the_question_wants() {
        assert_eq!(ask(QuestionKind::Number, Answer::Text(" 4 ".into())).unwrap()["q"], Answer::Number(4.0));
        assert_eq!(ask(QuestionKind::Boolean, Answer::Text("on".into())).unwrap()["q"], Answer::Flag(true));
        let guests = Answer::Text("a@example.com, b@example.com".into());
        assert_eq!(
            ask(QuestionKind::Multiemail, guests).unwrap()["q"],
            Answer::Many(vec!["a@example.com".into(), "b@example.com".into()])
        );
    }

    #[test]
    fn mail_addresses_that_could_break_a_header_are_refused() {
        for bad in ["a@b\r\nBcc: c@d", "a b@c.d", "<a@b.c>", "@b.c", "a@", "a@b..c", "a,b@c.d"] {
            assert!(!is_email(bad), "{bad:?}");
        }
        for good in ["a@b.c", "a+tag@example.com", "o'neil@example.co.uk", "a@localhost"] {
            assert!(is_email(good), "{good}");
        }
    }
}
