//! The refusals that are known: our connectors' codes, the Open Service Broker specification's and the
//! most frequent of Partner Center's numbers (of five and six digits, which nobody else uses), and words
//! that vendors use where they give no code.

use super::{Field, Remedy};

/// One meaning with all that it is recognized by.
pub(super) struct Entry {
    /// Codes, compared whole.
    pub(super) codes: &'static [&'static str],
    /// Lower-case words of which, between `+`, all must occur.
    pub(super) words: &'static [&'static str],
    pub(super) meaning: &'static str,
    /// The blamed field as a pointer; empty where none is.
    blames: &'static str,
    pub(super) remedy: Remedy,
}

impl Entry {
    pub(super) fn has_code(&self, code: &str) -> bool {
        self.codes.contains(&code)
    }

    /// Whether a message, in lower case, is one of those that mean this.
    pub(super) fn speaks_of(&self, said: &str) -> bool {
        let all_occur = |words: &&str| words.split('+').all(|word| said.contains(word));
        self.words.iter().any(all_occur)
    }

    pub(super) fn field(&self) -> Option<Field> {
        Field::at(self.blames)
    }
}

const fn entry(
    codes: &'static [&'static str],
    words: &'static [&'static str],
    meaning: &'static str,
    blames: &'static str,
    remedy: Remedy,
) -> Entry {
    Entry {
        codes,
        words,
        meaning,
        blames,
        remedy,
    }
}

/// A meaning that only a code has.
pub(super) const fn by_code(
    codes: &'static [&'static str],
    meaning: &'static str,
    blames: &'static str,
    remedy: Remedy,
) -> Entry {
    entry(codes, &[], meaning, blames, remedy)
}

/// Asked from the top: what is said more precisely stands first.
#[rustfmt::skip]
pub(super) const CATALOG: &[Entry] = {
    use Remedy::{AskVendor, Correct, CorrectAccount, OrderAgain, RetryLater};
    &[
        // What the line itself carries.
        entry(&["InvalidEmail", "InvalidContact"], &["mail+valid", "mail+wrong"],
            "The vendor can't write to the contact's e-mail address.", "/contact/email", Correct),
        entry(&["InvalidName"], &["contact name", "first name"],
            "The vendor does not take the contact's name.", "/contact/name", Correct),
        entry(&["InvalidSurname"], &["surname", "last name", "family name"],
            "The vendor does not take the contact's family name.", "/contact/surname", Correct),
        entry(&["60003", "20002", "900159"], &["tenant+not found", "no commerce relationship"],
            "The vendor has no such tenant, or none that you may sell to.", "/tenant", Correct),
        entry(&["DomainTaken"], &["domain+taken", "domain+in use", "domain+not available"],
            "Another company has this tenant name.", "/tenant", Correct),
        entry(&["QuantityAboveMaximum", "800017", "800066", "800067", "800088", "800089"],
            &["quantity+maximum", "quantity+minimum", "at most+licenses", "seat+exceed"],
            "The vendor does not sell this many licenses.", "/quantity", OrderAgain),
        entry(&["MissingField"], &["required+field", "field+missing", "not completely filled"],
            "Something that the vendor needs is missing or can't be read.", "", Correct),
        // What the vendor knows of the customer.
        entry(&["AddressMismatch", "InvalidAddress"],
            &["postal code", "zip code", "state+city", "address+valid", "address+match", "state+format"],
            "State, postal code and city of the customer's address don't fit together.", "", CorrectAccount),
        entry(&["600051", "InvalidPhone"], &["phone+number", "phone+format", "phone+missing"],
            "The customer's phone number is missing or of a form that the vendor does not take.", "", CorrectAccount),
        entry(&["600002", "600049", "600050"], &["registration+id", "registration+number"],
            "The customer's registration number is missing, of a wrong form, or not asked for in their country.", "", CorrectAccount),
        entry(&["BillToMissing"], &["bill-to", "bill to", "billing profile"],
            "The vendor has no billing data of the customer.", "", CorrectAccount),
        entry(&["CompanyNameTooLong"], &["company name+long", "customer name+long", "organization name+long"],
            "The customer's name is longer than the vendor takes.", "", CorrectAccount),
        entry(&["DuplicateCustomer"], &["tenant+already exists", "customer+already exists", "duplicate+customer"],
            "The vendor knows this customer under another record; connect that one instead of a new one.", "", CorrectAccount),
        entry(&["13605"], &["customer agreement"],
            "The customer has not accepted the vendor's agreement.", "", CorrectAccount),
        entry(&["UnderReview", "800073", "800074"], &["under review"],
            "The vendor reviews the customer's account and takes no orders for it for some days.", "", RetryLater),
        entry(&["800075"], &["account+not approved", "account+wasn't approved"],
            "The vendor did not approve the customer's account.", "", AskVendor),
        // What is sold, where and to whom.
        entry(&["RegionUnavailable", "800070"], &["available+country", "available+region"],
            "The offer is not sold in the customer's country or region.", "", OrderAgain),
        entry(&["800020", "800024", "800026", "800062", "800086"], &["not eligible", "isn't eligible", "aren't eligible"],
            "The customer's country, industry or segment is not eligible for this offer.", "", AskVendor),
        entry(&["OfferRetired", "800028", "800010"], &["no longer available", "no longer sold"],
            "The vendor does not sell this offer or term any more.", "", OrderAgain),
        entry(&["UnknownPlan", "800004", "400013", "400018", "400019"], &[],
            "The vendor does not know this offer; its catalog has changed since it was taken over.", "", AskVendor),
        // Rules about changes.
        entry(&["900117", "800061", "800063"], &["cancellation window"],
            "The vendor takes nothing back this late.", "", OrderAgain),
        entry(&["TwoChanges"], &["one kind of change", "more than one change"],
            "The vendor takes one kind of change at a time.", "", OrderAgain),
        entry(&["800090"], &["quantity+decreased", "quantity+reduced"],
            "The vendor takes no licenses back before the term ends.", "", OrderAgain),
        entry(&["800091", "800012"], &["suspended"],
            "The subscription is suspended or not active at the vendor; reactivate it first.", "", RetryLater),
        entry(&["27009"], &["parent subscription"],
            "The subscription that this add-on belongs to is not active.", "", RetryLater),
        entry(&["800029"], &["add-on+related"],
            "The vendor does not sell this add-on to that subscription.", "", OrderAgain),
        entry(&["ScheduledChangeDenied"], &["scheduled change"],
            "The vendor did not take the scheduled change.", "", OrderAgain),
        entry(&["800027", "800092", "800095", "800096", "800097"], &[" nce ", "new commerce"],
            "The vendor's rules for this kind of subscription don't allow the change.", "", OrderAgain),
        // Between us and the vendor.
        entry(&["800023", "800025", "900121"], &["credit limit", "credit line"],
            "The reseller's credit at the vendor is used up.", "", AskVendor),
        entry(&["800039", "900123", "900124"], &["partner agreement"],
            "The reseller's agreement with the vendor is not in force.", "", AskVendor),
        entry(&["800069"], &["risk management"],
            "The vendor's risk check stopped the order.", "", AskVendor),
        entry(&["ConcurrencyError", "800014", "800060", "800064", "800082"], &["being processed", "in progress"],
            "The vendor is still busy with an earlier change.", "", RetryLater),
        entry(&["800003", "800005", "800094", "TakenBack"], &["temporarily", "outage", "try again later"],
            "The vendor had a problem of its own; nothing was booked.", "", RetryLater),
        entry(&["NotBooked"], &[],
            "A person looked at the vendor's: nothing is booked.", "", RetryLater),
        entry(&["Conflict", "InstanceGone", "UnknownInstance", "AsyncRequired"], &[],
            "The vendor's records and ours don't fit together.", "", AskVendor),
    ]
};
