//! The rest of Partner Center's numbers, which are recognized by the number alone. Those of fewer than
//! five digits begin with `PC`, as the connector writes them.

use super::Remedy;
use super::catalog::{Entry, by_code};

/// No code stands in the other list too.
#[rustfmt::skip]
pub(super) const PARTNER_CENTER: &[Entry] = {
    use Remedy::{AskVendor, Correct, OrderAgain, RetryLater};
    &[
        // The customer and the reseller.
        by_code(&["60002", "900118", "UnknownCustomer"],
            "The reseller's account at Microsoft has no such customer.", "/tenant", Correct),
        by_code(&["900416"],
            "Microsoft has locked the customer's account for purchases.", "", AskVendor),
        by_code(&["900203", "900206", "10012"],
            "Microsoft wants a statement about the customer confirmed that the order does not carry.", "", AskVendor),
        by_code(&["900419"],
            "The customer has as many subscriptions as Microsoft allows.", "", AskVendor),
        by_code(&["800068", "27006"],
            "As many of these are bought already as Microsoft allows.", "", AskVendor),
        by_code(&["800018", "900116", "10009", "900127"],
            "The account at Microsoft is one for tests, which has limits of its own.", "", AskVendor),
        by_code(&["PC2071", "PC2072", "800015", "800016", "900154", "10004", "800098"],
            "Microsoft does not know the reseller that the order names, or not for this.", "", AskVendor),
        by_code(&["PC2006", "PC2030", "800022", "800043", "900149", "400030", "400036"],
            "Microsoft does not let the reseller sell or change this offer, or not in this market or segment.", "", AskVendor),
        // What is sold.
        by_code(&["PC2085", "PC2091", "400072", "27007"],
            "Microsoft does not sell this offer or promotion any more.", "", OrderAgain),
        by_code(&["PC2100", "10001", "900142", "900143", "900144"],
            "Microsoft does not know what was ordered; its catalog has changed.", "", AskVendor),
        by_code(&["10000"],
            "Microsoft does not sell in this currency in the market.", "", AskVendor),
        by_code(&["PC2002", "10002"],
            "Microsoft does not sell this many licenses.", "/quantity", OrderAgain),
        by_code(&["10003"],
            "Microsoft has none of this left.", "", AskVendor),
        // Rules about changes.
        by_code(&["PC2001"],
            "The number of licenses can't change while the subscription is suspended; reactivate it first.", "", RetryLater),
        by_code(&["PC2011", "900279"],
            "The subscription has ended at Microsoft, or takes no more changes.", "", OrderAgain),
        by_code(&["900311"],
            "The subscription was changed too often; Microsoft's support has to allow more.", "", AskVendor),
        by_code(&["PC2054", "PC6000", "PC6001", "800080", "800085"],
            "Microsoft does not change the billing cycle of this subscription.", "", OrderAgain),
        by_code(&["800093"],
            "This subscription can't renew by itself.", "", OrderAgain),
        by_code(&["800040", "800041", "800042", "800077", "900141"],
            "Microsoft does not make this change in the state that the subscription is in.", "", OrderAgain),
        by_code(&["20003", "PC2012", "800021", "800037", "800038", "10007"],
            "Microsoft has no such subscription; its records and ours don't fit together.", "", AskVendor),
        by_code(&["SeatsDiffer"],
            "Somebody changed the subscription at Microsoft; what was ordered here rests on other numbers.", "", AskVendor),
        by_code(&["OrderCanceled"],
            "The order was canceled at Microsoft.", "", AskVendor),
        by_code(&["TransitionDenied", "TransitionFailed"],
            "Microsoft did not move the licenses to the other one.", "", AskVendor),
        by_code(&["NotSupported"],
            "The vendor knows no such change; nothing was sent.", "", OrderAgain),
        by_code(&["NoReference"],
            "The subscription's id at the vendor is not known here.", "", AskVendor),
        // Azure.
        by_code(&["800011", "800013", "800030", "10008", "10011", "900128", "900129"],
            "The purchase needs an Azure subscription that is ready for it.", "", AskVendor),
        by_code(&["800112", "800114", "800115", "900105", "900107", "900108", "900110", "900111", "900114", "900115",
            "900119", "900120", "900130", "800111"],
            "Something about the customer's Azure plan or its usage is in the way.", "", AskVendor),
        // Between us and Microsoft.
        by_code(&["PC3000", "PC1000", "PC4018", "PC0", "800002", "800009", "800071", "10006", "10010", "60000", "900122",
            "900125", "900126", "900316"],
            "Microsoft could not read or handle the order.", "", AskVendor),
        by_code(&["800008"],
            "Microsoft's cart ran out before it was checked out; nothing was bought.", "", RetryLater),
        by_code(&["800019"],
            "Microsoft takes purchases of this kind back in test accounts alone.", "", OrderAgain),
        // What we never ask for: transfers, migrations, self-service, test resellers.
        by_code(&["600039", "600040", "600041", "600061", "800078", "900100", "900102", "900106", "900131", "900132",
            "900133", "900134", "900136", "900137", "900138", "900139", "900140", "900145", "900146", "900147", "900148",
            "900215", "900217", "900219", "900400", "PC6003", "PC6004"],
            "Microsoft speaks of something that was not ordered here.", "", AskVendor),
    ]
};
