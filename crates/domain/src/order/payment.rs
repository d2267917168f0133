//! How an order is paid, chosen at checkout and frozen with it (R37, C10). No payment is made here, and no
//! card's number is kept.

use serde::{Deserialize, Serialize};

use crate::text::{Invalid, line};

/// The longest reference and purchase order number.
const TEXT_MAX: usize = 60;

/// How an order is paid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Payment {
    /// By what.
    pub method: Method,
    /// The customer's own number for it, printed on the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_order: Option<String>,
}

/// By what an order is paid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Method {
    /// By an invoice.
    #[default]
    Invoice,
    /// By a card that the payment provider has on file.
    Card {
        /// What people call it; never its number.
        reference: String,
    },
}

impl Method {
    /// The name in the API and in forms.
    pub fn name(&self) -> &'static str {
        match self {
            Method::Invoice => "invoice",
            Method::Card { .. } => "card",
        }
    }

    /// The words on the screen.
    pub fn label(&self) -> String {
        match self {
            Method::Invoice => "Invoice".into(),
            Method::Card { reference } => format!("Card on file: {reference}"),
        }
    }
}

impl Payment {
    /// Reads what was typed; every field that is wrong, with the reason. An empty method is the invoice.
    pub fn read(
        method: &str,
        card_reference: &str,
        purchase_order: &str,
    ) -> Result<Payment, Vec<(&'static str, Invalid)>> {
        let mut wrong = Vec::new();
        let given = |text: &str| !text.trim().is_empty();
        let method = match method {
            "" | "invoice" if given(card_reference) => {
                let words = "is for payment by card; leave it empty, or choose the card";
                wrong.push(("/payment/card_reference", Invalid(words.into())));
                Method::Invoice
            }
            "" | "invoice" => Method::Invoice,
            "card" => match reference(card_reference) {
                Ok(reference) => Method::Card { reference },
                Err(reason) => {
                    wrong.push(("/payment/card_reference", reason));
                    Method::Invoice
                }
            },
            _ => {
                wrong.push(("/payment/method", Invalid("must be invoice or card".into())));
                Method::Invoice
            }
        };
        let purchase_order = match given(purchase_order) {
            false => None,
            true => match line(purchase_order, TEXT_MAX) {
                Ok(number) => Some(number),
                Err(reason) => {
                    wrong.push(("/payment/purchase_order", reason));
                    None
                }
            },
        };
        match wrong.is_empty() {
            true => Ok(Payment {
                method,
                purchase_order,
            }),
            false => Err(wrong),
        }
    }

    /// Paid by invoice and without a number, as orders of earlier releases are.
    pub fn is_plain(&self) -> bool {
        *self == Payment::default()
    }
}

fn reference(typed: &str) -> Result<String, Invalid> {
    let reference = line(typed, TEXT_MAX)?;
    match is_card_number(&reference) {
        true => Err(Invalid(
            "looks like the number of a card, which is not kept here; type what the card is called"
                .into(),
        )),
        false => Ok(reference),
    }
}

/// 12 to 19 digits that Luhn's sum accepts, however they are written.
fn is_card_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let is_plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || " -./".contains(c));
    let weighed = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ => digit * 2 % 10 + digit * 2 / 10,
        });
    is_plain && (12..=19).contains(&digits.len()) && weighed.sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, card: &str, number: &str) -> Result<String, Vec<&'static str>> {
        let payment = Payment::read(method, card, number);
        let payment =
            payment.map_err(|wrong| wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>())?;
        let number = payment.purchase_order.unwrap_or_default();
        Ok(format!("{} {number}", payment.method.label()))
    }

    #[test]
    fn a_payment_is_read_with_every_problem_at_once() {
        assert_eq!(read("", "", ""), Ok("Invoice ".into()));
        assert_eq!(read("invoice", " ", " PO 7 "), Ok("Invoice PO 7".into()));
        assert_eq!(
            read("card", "Visa, office", ""),
            Ok("Card on file: Visa, office ".into())
        );
        let (card, number) = ("/payment/card_reference", "/payment/purchase_order");
        assert_eq!(read("card", "", "a\u{7}b"), Err(vec![card, number]));
        assert_eq!(read("invoice", "Visa", ""), Err(vec![card]));
        assert_eq!(read("cash", "", ""), Err(vec!["/payment/method"]));
    }

    #[test]
    fn the_number_of_a_card_is_never_kept() {
        for number in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "3782-822463-10005",
        ] {
            assert_eq!(
                read("card", number, ""),
                Err(vec!["/payment/card_reference"]),
                "{number}"
            );
        }
        for name in [
            "4111111111111112",
            "Visa 1111",
            "Card 4111 1111 1111 1111 of Ieva",
            "2026-11",
        ] {
            let is_refused = read("card", name, "").is_err();
            assert!(!is_refused, "{name}");
        }
    }
}
