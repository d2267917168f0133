//! Every way in which a customer can learn of orders, asked in a world after its steps.

use std::collections::BTreeSet;

use domain::id::LineId;
use futures::channel::mpsc::UnboundedSender;

use super::chance::Chance;
use super::world::{Answer, Ask, Who, World};

/// A saved view that does not exist.
const NOWHERE: &str = "viw_00000000000000000000000000000001";
/// Pages of one list that are walked at the most.
const PAGES_MAX: usize = 12;

/// Where each answer goes as soon as it is there: whoever compares need not wait for the rest.
type Log = UnboundedSender<(String, Answer)>;

/// Asks a role everything: the lists with each of their pages, and each of the orders by number, seen
/// or not.
pub async fn ask(
    world: &World,
    who: Who,
    (numbers, items): (&[u64], &[(u64, LineId)]),
    seed: u64,
    log: Log,
) {
    let mut chance = Chance::new(seed, &format!("channels {who:?}"));
    let limit = 1 + chance.below(60);
    for page in [
        "/",
        "/organizations",
        "/desk",
        "/api/v1/desk/orders",
        "/api/v1/desk/views",
        "/approval-rules",
        "/partners/baltic/approval-rules",
        "/api/v1/partners/baltic/approval-rules",
        "/organizations/amber/suspension",
        "/partners/baltic/suspension",
        "/api/v1/partners/baltic/suspension",
        "/api/v1/partners/baltic/ordering",
        "/o/amber/organization",
        "/prices",
        "/partners/baltic/prices",
        "/api/v1/partners/baltic/price-rules",
        "/partners/nordic/price-sheets",
        "/partners/nordic/price-sheets/imp_00000000000000000000000000000001",
        "/partners/nordic/price-sheets/imp_00000000000000000000000000000001/problems.csv",
        "/api/v1/partners/nordic/price-sheets",
        "/api/v1/partners/nordic/price-sheets/imp_00000000000000000000000000000001",
        "/differences",
        "/partners/nordic/differences",
        "/partners/nordic/differences/dif_00000000000000000000000000000001",
        "/api/v1/partners/nordic/comparisons",
        "/api/v1/partners/nordic/differences",
        "/api/v1/partners/nordic/differences/dif_00000000000000000000000000000001",
        "/categories",
        "/partners/nordic/categories",
        "/api/v1/partners/nordic/categories",
        "/terms",
        "/partners/baltic/terms",
        "/api/v1/partners/baltic/terms",
        "/o/amber/terms",
        "/o/amber/terms?version=trm_00000000000000000000000000000001",
        "/o/amber/catalog",
        "/o/amber/catalog?q=backup&vendor=cirrus&category=Backup&sold=here",
        "/o/amber/catalog?category=Other",
        "/o/amber/catalog/off_00000000000000000000000000000001",
        "/o/amber/cart",
        "/o/amber/subscriptions",
        "/o/amber/subscriptions?show=suspended&q=microsoft",
        "/o/amber/subscriptions/planned",
        "/o/amber/subscriptions/sheet.csv",
        "/o/amber/subscriptions/bulk",
        "/o/amber/jobs",
        "/o/amber/jobs/job_00000000000000000000000000000001",
        "/o/amber/jobs/job_00000000000000000000000000000001/result.csv",
        "/o/nowhere/orders",
    ] {
        one(world, &log, who, Ask::page(page)).await;
    }
    for list in [
        "/o/amber/orders",
        "/o/amber/orders/historical",
        "/o/amber/orders/historical?tab=draft",
        "/o/amber/orders/historical?tab=all",
        "/o/amber/orders?q=change:markup&total=true&columns=status",
    ] {
        walk(world, &log, who, Ask::page(list)).await;
    }
    for file in [
        "/o/amber/orders/export.csv?view=historical",
        "/o/amber/orders/export.xlsx?view=recent&q=ieva",
    ] {
        one(world, &log, who, Ask::page(file)).await;
    }
    for path in [
        "/cart",
        "/catalog",
        "/catalog?q=micro&limit=2",
        "/terms",
        "/catalog/off_00000000000000000000000000000001",
        "/subscriptions",
        "/jobs",
        "/jobs/job_00000000000000000000000000000001",
        "/jobs/job_00000000000000000000000000000001/rows",
        "/views",
        "/orders/counts",
        "/orders?total=true&limit=1",
        "/orders?total=true&limit=1&q=change%3Amarkup,quantity",
        "/orders/export?view=recent&sort=oldest",
        "/orders/export?view=historical&q=change%3Amarkup",
    ] {
        one(world, &log, who, Ask::api("GET", path, "")).await;
    }
    for view in ["recent", "historical"] {
        let list = format!("/orders?view={view}&limit={limit}");
        walk(world, &log, who, Ask::api("GET", &list, "")).await;
    }
    questions(world, &log, who, numbers, &mut chance).await;
    for (number, line) in items {
        let page = format!("/o/amber/orders/{number}/items/{line}");
        let alike = format!("{page}/same-cause");
        one(world, &log, who, Ask::page(page)).await;
        one(world, &log, who, Ask::form(alike, "")).await;
        let alike = format!("/orders/{number}/items/{line}/same-cause?dry_run=true");
        one(world, &log, who, Ask::api("POST", &alike, "")).await;
    }
    for number in numbers {
        order(world, &log, who, *number, &mut chance).await;
    }
    subscriptions(world, &log, who, &mut chance).await;
    partners(world, &log, who).await;
    quotes(world, &log, who).await;
    selected(world, &log, who, numbers).await;
    saved(world, &log, who).await;
}

/// Quotes: what was sent, a draft that does not exist, and answers that change nothing.
async fn quotes(world: &World, log: &Log, who: Who) {
    for page in ["quotes", "quotes?show=open", "quotes/new"] {
        one(world, log, who, Ask::page(format!("/o/amber/{page}"))).await;
    }
    one(world, log, who, Ask::form("/o/amber/quotes", "name=")).await;
    one(world, log, who, Ask::api("GET", "/quotes?limit=2", "")).await;
    one(
        world,
        log,
        who,
        Ask::api("POST", "/quotes", "{\"name\": \"\"}"),
    )
    .await;
    for number in 20_000_001..20_000_008u64 {
        let page = format!("/o/amber/quotes/{number}");
        one(world, log, who, Ask::page(&page)).await;
        one(world, log, who, Ask::form(&page, "name=")).await;
        let act = format!("{page}/actions/accept");
        one(world, log, who, Ask::form(act, "version=0")).await;
        let path = format!("/quotes/{number}");
        one(world, log, who, Ask::api("GET", &path, "")).await;
        one(world, log, who, Ask::api("PUT", &path, "{\"name\": \"\"}")).await;
        let act = format!("{path}/actions/accept?dry_run=true");
        let body = "{\"accept_terms\": true}";
        one(world, log, who, Ask::api("POST", &act, body)).await;
    }
}

/// What is for partners alone: rules, and whether an organization may do business.
async fn partners(world: &World, log: &Log, who: Who) {
    let rules = "/partners/baltic/approval-rules";
    let rule = "apr_00000000000000000000000000000001";
    let price = "/partners/baltic/prices/prl_00000000000000000000000000000003";
    let prices = "/api/v1/partners/baltic/price-rules";
    let differences = "/partners/nordic/differences";
    let difference = "/partners/nordic/differences/dif_00000000000000000000000000000001";
    for form in [
        Ask::form(differences, "vendor=cirrus"),
        Ask::form(difference, "resolution=accept"),
        Ask::form(rules, "name=All"),
        Ask::form(format!("{rules}/{rule}/removal"), ""),
        Ask::form("/partners/baltic/prices", "percent=5"),
        Ask::form(format!("{price}/end"), "till="),
        Ask::form(format!("{price}/removal"), ""),
        Ask::form("/partners/nordic/categories", "categories=Backup"),
        Ask::form("/partners/baltic/terms", "label=x"),
        Ask::form("/organizations/amber/suspension", "reason=no"),
        Ask::form("/partners/baltic/suspension", "reason=no"),
        Ask::form("/partners/baltic/ordering", "needs_erp_number=yes"),
        Ask::form("/o/amber/organization", "erp_number=C-1"),
        Ask::api("GET", "", ""),
        Ask::api("PATCH", "", "{\"erp_number\": \"C-1\"}"),
        Ask::api("GET", "/suspension", ""),
        Ask::api("PUT", "/suspension", "{\"reason\": \"no\"}"),
        Ask::api("DELETE", "/suspension", ""),
    ] {
        one(world, log, who, form).await;
    }
    for (method, path, body) in [
        ("POST", format!("/api/v1{rules}"), "{\"name\": \"All\"}"),
        (
            "PUT",
            format!("/api/v1{rules}/{rule}"),
            "{\"name\": \"All\"}",
        ),
        ("DELETE", format!("/api/v1{rules}/{rule}"), ""),
        ("POST", prices.to_owned(), "{\"percent\": \"5\"}"),
        (
            "POST",
            "/api/v1/partners/nordic/comparisons".to_owned(),
            "{\"vendor\": \"cirrus\"}",
        ),
        (
            "POST",
            format!("/api/v1{difference}/resolution"),
            "{\"resolution\": \"accept\"}",
        ),
        (
            "PUT",
            "/api/v1/partners/baltic/suspension".to_owned(),
            "{\"reason\": \"no\"}",
        ),
        (
            "PUT",
            "/api/v1/partners/baltic/ordering".to_owned(),
            "{\"needs_erp_number\": true}",
        ),
        (
            "DELETE",
            "/api/v1/partners/baltic/suspension".to_owned(),
            "",
        ),
        (
            "POST",
            "/api/v1/partners/nordic/categories".to_owned(),
            "{\"products\": [], \"categories\": []}",
        ),
        (
            "POST",
            "/api/v1/partners/baltic/terms".to_owned(),
            "{\"label\": \"x\"}",
        ),
        (
            "PATCH",
            format!("{prices}/prl_00000000000000000000000000000003"),
            "{\"till\": \"\"}",
        ),
        (
            "DELETE",
            format!("{prices}/prl_00000000000000000000000000000003"),
            "",
        ),
    ] {
        let ask = Ask {
            path,
            ..Ask::api(method, "", body)
        };
        one(world, log, who, ask).await;
    }
}

/// What runs: pages, history, and what would come of a change; blocked or not as if no markup were (M13).
async fn subscriptions(world: &World, log: &Log, who: Who, chance: &mut Chance) {
    let list = one(
        world,
        log,
        who,
        Ask::api("GET", "/subscriptions?limit=200", ""),
    )
    .await;
    let found = list.json();
    let found = found.as_array().cloned().unwrap_or_default();
    for _ in 0..4 {
        let Some(id) = chance.of(&found).and_then(|one| one["id"].as_str()) else {
            return;
        };
        let page = format!("/o/amber/subscriptions/{id}");
        one(world, log, who, Ask::page(&page)).await;
        let path = format!("/subscriptions/{id}");
        for path in [&path, &format!("{path}/choices")] {
            one(world, log, who, Ask::api("GET", path, "")).await;
        }
        let wishes = [
            "{\"quantity\": 40}",
            "{\"quantity\": 1, \"auto_renewal\": false}",
            "{\"status\": \"suspended\"}",
            "{\"markup\": \"5\"}",
            "{\"name\": \"Ours\", \"when\": \"on_renewal\"}",
        ];
        let path = format!("/subscriptions/{id}/changes?dry_run=true");
        let wish = *chance.of(&wishes).unwrap();
        one(world, log, who, Ask::api("POST", &path, wish)).await;
        let form = "step=preview&quantity=40&auto_renewal=on&when=now";
        one(world, log, who, Ask::form(&page, form)).await;
    }
    sheets(world, log, who, &found).await;
}

/// Verdicts on a sheet of all that runs; a markup in it is refused to customers alike.
async fn sheets(world: &World, log: &Log, who: Who, found: &[serde_json::Value]) {
    let ids = found.iter().filter_map(|one| one["id"].as_str());
    let rows: String = ids.take(30).map(|id| format!("{id},40,\n")).collect();
    let sheet = format!("subscription,quantity,markup\n{rows}sub_1,1,5\n");
    let body = serde_json::json!({ "sheet": sheet });
    let ask = Ask::api("POST", "/jobs?dry_run=true", body.to_string());
    one(world, log, who, ask).await;
    let form = serde_urlencoded::to_string([("sheet", sheet.as_str()), ("step", "preview")]);
    let ask = Ask::form("/o/amber/subscriptions/bulk", form.unwrap());
    one(world, log, who, ask).await;
    let job = "job_00000000000000000000000000000001";
    let tell = Ask::api("POST", &format!("/jobs/{job}/actions/pause"), "");
    one(world, log, who, tell).await;
    let tell = Ask::form(format!("/o/amber/jobs/{job}"), "action=pause");
    one(world, log, who, tell).await;
}

/// All orders at once, seen or not: what is refused tells no more than what is not there.
async fn selected(world: &World, log: &Log, who: Who, numbers: &[u64]) {
    let json: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let form: String = numbers.iter().map(|n| format!("number={n}&")).collect();
    for action in ["add_note", "archive", "retry", "give_up"] {
        let body = format!(
            "{{\"numbers\": [{}], \"action\": \"{action}\", \"text\": \"n\"}}",
            json.join(",")
        );
        let ask = Ask::api("POST", "/orders/bulk?dry_run=true", body);
        one(world, log, who, ask).await;
    }
    for action in ["retry", "export_csv"] {
        let ask = Ask::form("/o/amber/orders/bulk", format!("{form}action={action}"));
        one(world, log, who, ask).await;
    }
}

/// Saved views: how one looks, whatever there is to see.
async fn saved(world: &World, log: &Log, who: Who) {
    for filter in ["change:markup", "status:failed"] {
        let body = format!("{{\"name\": \"{filter}\", \"q\": \"{filter}\", \"shared\": true}}");
        one(world, log, who, Ask::api("POST", "/views", body)).await;
    }
    let at_desk = "{\"name\": \"Desk\", \"q\": \"status:failed\"}";
    for ask in [
        Ask::form("/desk/orders/amber/10000001/run", ""),
        Ask::program("POST", "/api/v1/desk/orders/amber/10000001/run", ""),
        Ask::form("/desk/views", "name=Desk&q=status:failed"),
        Ask::form(format!("/desk/views/{NOWHERE}/removal"), ""),
        Ask::program("POST", "/api/v1/desk/views", at_desk),
        Ask::program("DELETE", &format!("/api/v1/desk/views/{NOWHERE}"), ""),
    ] {
        one(world, log, who, ask).await;
    }
    let form = Ask::form("/o/amber/orders/views", "name=Late&q=older:2d");
    let answers = [
        one(world, log, who, form).await,
        one(world, log, who, Ask::api("GET", "/views", "")).await,
    ];
    let ids = answers[1].body.split("viw_").skip(1);
    let ids: Vec<String> = ids.map(|rest| format!("viw_{}", &rest[..32])).collect();
    for (at, id) in ids.iter().enumerate() {
        let ask = match at {
            0 => Ask::form(format!("/o/amber/orders/views/{id}/removal"), ""),
            _ => Ask::api("DELETE", &format!("/views/{id}"), ""),
        };
        one(world, log, who, ask).await;
    }
}

async fn one(world: &World, log: &Log, who: Who, ask: Ask) -> Answer {
    let name = ask.name();
    world.begin(&name);
    let answer = world.ask(who, &ask).await;
    // Nobody listens any more once a difference is found.
    log.unbounded_send((format!("{who:?} {name}"), answer.clone()))
        .ok();
    answer
}

/// A list with the pages that it leads to, in both directions.
async fn walk(world: &World, log: &Log, who: Who, first: Ask) {
    let base = first.path.split('?').next().unwrap_or_default().to_owned();
    let (mut asked, mut waiting) = (BTreeSet::new(), vec![first.path.clone()]);
    while let Some(path) = waiting.pop() {
        if asked.len() >= PAGES_MAX || !asked.insert(path.clone()) {
            continue;
        }
        let ask = Ask {
            path,
            ..first.clone()
        };
        let answer = one(world, log, who, ask).await;
        waiting.extend(links(&answer).map(|query| format!("{base}{query}")));
    }
}

/// The queries of the pages around: of the `Link` header, and of a page's own links.
fn links(answer: &Answer) -> impl Iterator<Item = String> {
    let header = answer.header("link").unwrap_or_default().split('<').skip(1);
    let header = header.filter_map(|rest| rest.split('>').next());
    let page = answer.body.split("href=\"").skip(1);
    let page = page.filter_map(|rest| rest.split('"').next());
    let page = page.filter(|link| link.contains("from="));
    let found = header.chain(page).filter_map(|link| link.split_once('?'));
    found.map(|(_, query)| format!("?{}", query.replace("&#38;", "&").replace("&amp;", "&")))
}

/// Questions to the lists: what a customer may ask, and what would give hidden facts away (M05, M06).
const QUESTIONS: &[&str] = &[
    "q=change%3Amarkup",
    "q=change%3Aquantity",
    "q=change%3Aquantity&sort=oldest",
    "q=markup%3A5",
    "q=margin",
    "q=markup",
    "q=Markup+5",
    "q=%22margin+is+5+%25%22",
    "q=cost%3A40",
    "q=partner",
    "q=evidence",
    "q=status%3Afailed",
    "q=status%3Astarted+by%3Ame",
    "q=by%3Aseller-admin%40baltic.example",
    "q=by%3Aseller-admin%40baltic.example&sort=oldest",
    "q=vendor%3Amicrosoft",
    "q=newer%3A1d",
    "q=older%3A1d",
    "q=add-on+Defender",
    "q=ieva",
    "sort=oldest",
    "sort=margin",
    "sort=markup",
];

async fn questions(world: &World, log: &Log, who: Who, numbers: &[u64], chance: &mut Chance) {
    for _ in 0..6 {
        let question = match (chance.below(4), chance.of(numbers)) {
            (0, Some(number)) => format!("q={number}"),
            _ => (*chance.of(QUESTIONS).unwrap()).to_owned(),
        };
        let view = *chance.of(&["recent", "historical"]).unwrap();
        let limit = 1 + chance.below(12);
        let list = format!("/orders?view={view}&limit={limit}&{question}");
        walk(world, log, who, Ask::api("GET", &list, "")).await;
        let page = match view {
            "recent" => format!("/o/amber/orders?{question}"),
            _ => format!("/o/amber/orders/historical?tab=all&{question}"),
        };
        one(world, log, who, Ask::page(page)).await;
    }
}

/// An order by its number: as page, in the panel of both lists, in the API, and told a few things
/// without keeping them.
async fn order(world: &World, log: &Log, who: Who, number: u64, chance: &mut Chance) {
    let details = Ask::page(format!("/o/amber/orders/{number}"));
    let details = one(world, log, who, details).await;
    let panel = Ask::page(format!("/o/amber/orders?panel={number}"));
    one(world, log, who, panel).await;
    let links = details.body.split("href=\"").skip(1);
    let links = links.filter_map(|rest| rest.split('"').next());
    for item in links.filter(|link| link.contains("/items/")) {
        one(world, log, who, Ask::page(item)).await;
    }
    for path in [
        format!("/orders/{number}"),
        format!("/orders/{number}/story"),
    ] {
        one(world, log, who, Ask::api("GET", &path, "")).await;
    }
    let told = [
        ("add_note", "{\"text\": \"n\"}"),
        ("add_note", "{\"text\": \"n\", \"internal\": true}"),
        ("archive", ""),
        ("withdraw", ""),
        ("delete", ""),
        ("save_as_draft", ""),
        ("approve", ""),
        ("retry", ""),
        ("give_up", ""),
        ("no_such_action", ""),
    ];
    for _ in 0..2 {
        let (action, body) = chance.of(&told).unwrap();
        let path = format!("/orders/{number}/actions/{action}?dry_run=true");
        let ask = Ask::api("POST", &path, *body);
        let ask = match chance.below(3) {
            0 => ask.with("if-match", "\"1\""),
            _ => ask,
        };
        one(world, log, who, ask).await;
    }
}
