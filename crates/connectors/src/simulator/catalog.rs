//! What the simulated vendors sell.

use rust_decimal::Decimal;
use serde_json::{Value, json};

/// A product of a vendor, and its plans: id, name, the most licenses, euro cents a year.
struct Product {
    vendor: &'static str,
    id: &'static str,
    name: &'static str,
    plans: &'static [(&'static str, &'static str, u64, i64)],
}

const PRODUCTS: &[Product] = &[
    Product {
        vendor: "microsoft",
        id: "microsoft-365",
        name: "Microsoft 365",
        plans: &[
            ("business-basic", "Business Basic", 300, 5760),
            ("business-standard", "Business Standard", 300, 12_000),
            ("e3", "E3", 10_000, 34_560),
            ("e5", "E5", 10_000, 54_720),
        ],
    },
    Product {
        vendor: "microsoft",
        id: "exchange-online",
        name: "Exchange Online",
        plans: &[
            ("plan-1", "Plan 1", 10_000, 3840),
            ("plan-2", "Plan 2", 10_000, 7680),
        ],
    },
    Product {
        vendor: "microsoft",
        id: "defender",
        name: "Defender for Endpoint",
        plans: &[("p1", "P1", 10_000, 2880)],
    },
    Product {
        vendor: "microsoft",
        id: "copilot",
        name: "Copilot",
        plans: &[("copilot", "for Microsoft 365", 10_000, 32_400)],
    },
    Product {
        vendor: "cirrus",
        id: "cirrus-backup",
        name: "Cirrus Backup",
        plans: &[
            ("workstation", "Workstation", 1_000, 2400),
            ("server", "Server", 100, 18_000),
            ("m365-backup", "Microsoft 365 Backup", 5_000, 3000),
            ("vault", "Vault", 500, 4800),
        ],
    },
];

/// The most licenses of a plan; `None` for what is not sold.
pub(super) fn maximum(vendor: &str, product: &str, plan: &str) -> Option<u64> {
    sold_by(vendor)
        .filter(|sold| sold.id == product)
        .flat_map(|sold| sold.plans)
        .find_map(|(id, _, maximum, _)| (*id == plan).then_some(*maximum))
}

/// What purchases of a plan take, as JSON Schema, where the vendor asks anything: the one may be answered,
/// the other must be.
pub fn schema(plan: &str) -> Option<Value> {
    let (region, days, required) = match plan {
        "server" => (None, None, json!([])),
        "vault" => (Some("north"), Some(30), json!(["region", "retention_days"])),
        _ => return None,
    };
    let mut schema = json!({
        "type": "object",
        "required": required,
        "properties": {
            "region": { "type": "string", "enum": ["north", "west", "south"],
                "title": "Data region", "description": "Where the copies are kept" },
            "retention_days": { "type": "integer", "minimum": 7, "maximum": 3650,
                "title": "Retention, days", "description": "How long a copy is kept" },
        },
    });
    if let (Some(region), Some(days)) = (region, days) {
        schema["properties"]["region"]["default"] = json!(region);
        schema["properties"]["retention_days"]["default"] = json!(days);
    }
    Some(schema)
}

/// What changes of a plan take, where the vendor says: where copies are kept was decided with the purchase.
pub fn change_schema(plan: &str) -> Option<Value> {
    let mut schema = schema(plan).filter(|_| plan == "vault")?;
    schema["required"] = json!([]);
    schema["properties"].as_object_mut()?.remove("region");
    Some(schema)
}

/// Whether an update names what can't be changed, also where it tells again what is so.
pub(super) fn is_fixed(plan: &str, parameters: &Value) -> bool {
    let (Some(asked), Some(changes)) = (schema(plan), change_schema(plan)) else {
        return false;
    };
    let mut told = parameters.as_object().into_iter().flatten();
    told.any(|(name, _)| {
        let is_asked = asked["properties"].get(name).is_some();
        is_asked && changes["properties"].get(name).is_none()
    })
}

/// The vendor's catalog as Open Service Broker writes it.
pub(super) fn listing(vendor: &str) -> Value {
    let plan = |(id, name, maximum, cents): &(&str, &str, u64, i64)| {
        let costs: Vec<Value> = [("eur", 1), ("nok", 11), ("jpy", 160)]
            .map(|(currency, rate)| {
                let amount = Decimal::new(cents * rate, 2).normalize().to_string();
                let amount: Value = serde_json::from_str(&amount).unwrap_or_default();
                json!({ "amount": { currency: amount }, "unit": "YEARLY" })
            })
            .into();
        let mut plan = json!({ "id": id, "name": name,
                "description": format!("Up to {maximum} licenses"),
                "metadata": { "costs": costs, "maximum": maximum } });
        if let Some(schema) = schema(id) {
            let mut schemas = json!({ "create": { "parameters": schema } });
            if let Some(schema) = change_schema(id) {
                schemas["update"] = json!({ "parameters": schema });
            }
            plan["schemas"] = json!({ "service_instance": schemas });
        }
        plan
    };
    let services: Vec<Value> = sold_by(vendor)
        .map(|sold| {
            let plans: Vec<Value> = sold.plans.iter().map(plan).collect();
            json!({ "id": sold.id, "name": sold.name, "description": sold.name, "bindable": false,
                    "instances_retrievable": true, "plan_updateable": true, "plans": plans })
        })
        .collect();
    json!({ "services": services })
}

fn sold_by(vendor: &str) -> impl Iterator<Item = &'static Product> {
    PRODUCTS.iter().filter(move |sold| sold.vendor == vendor)
}
