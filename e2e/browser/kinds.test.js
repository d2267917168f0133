// Every kind of requested change made by hand in the browser by a role that may, refused to roles that may
// not, seen in Recent and, filed by hand, in Historical, with its words, licenses and prices. What is seen is
// compared with kinds.txt; KINDS_UPDATE=1 writes that file anew.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LISTENS, follow, look, shoot, signedIn, started, until, world } from "./world.js";

const PRINTED = new URL("kinds.txt", import.meta.url);
const EMAILS = {
  DA: "distributor-admin@nordic.example",
  SA: "seller-admin@baltic.example",
  SM: "subscriptions-manager@baltic.example",
  SG: "support@baltic.example",
  CA: "admin@amber.example",
  CB: "billing@amber.example",
};
const people = {};
const at = (path) => `${world.address}/o/amber/${path}`;

async function signIn(roles) {
  for (const role of roles) {
    await people[role]?.context().close();
    people[role] = await signedIn(EMAILS[role]);
  }
}

const fill = (label, text) => (page) => page.getByLabel(label, { exact: true }).fill(text);
const status = (label) => (page) => page.getByLabel("Status").selectOption({ label });
const addon = (units) => (page) => page.getByLabel("Cirrus Microsoft 365 Backup").fill(units);
const renews = (flag) => (page) => page.getByLabel("Renews at the end").setChecked(flag);
const option = (list, words) => async (page) => {
  const found = page.getByLabel(list).locator("option", { hasText: words });
  await page.getByLabel(list).selectOption(await found.getAttribute("value"));
};
const all = (...choices) => async (page) => {
  for (const choose of choices) await choose(page);
};
const onRenewal = (page) => page.getByLabel(/On renewal,/).check();
const soon = async (page) => {
  await page.getByLabel("On a date").check();
  const local = await page.evaluate(() => {
    const then = new Date(Date.now() + 30 * 60_000);
    return new Date(then - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  });
  await page.getByLabel("Date and time").fill(local);
};

// Kind, of which subscription, who orders it, what is chosen; whom it is refused to and by the lack of which
// field, where that is not the whole form.
const FORM = [["CB", "SG"], "step"];
const price = (field, ...more) => [["SM", "CA", "CB", "SG", ...more], field];
const KINDS = [
  ["increase", "backup", "CA", fill("Quantity", "8")],
  ["decrease", "backup", "CA", fill("Quantity", "6")],
  ["suspend", "backup", "SM", status("Suspend")],
  ["reactivate", "backup", "SM", status("Reactivate")],
  ["auto-renewal off", "backup", "CA", renews(false)],
  ["auto-renewal on", "backup", "CA", renews(true)],
  ["add-on added", "backup", "CA", addon("4")],
  ["add-on quantity", "backup", "SA", addon("7")],
  ["add-on removed", "backup", "CA", addon("0")],
  ["upgrade", "backup", "CA", option("Upgrade to", "Cirrus Server Backup")],
  ["configuration", "backup", "CA", (page) => page.getByLabel("Data region").selectOption("west")],
  ["name", "backup", "CA", fill("Name", "Racks")],
  ["downgrade", "backup", "SA", option("Upgrade to", "Cirrus Workstation Backup")],
  ["billing cycle", "backup", "CA", option("Term and billing cycle", "1 year, billed annually")],
  ["term", "backup", "CA", option("Term and billing cycle", "3 years, billed annually")],
  ["markup", "backup", "SA", fill("Markup, %", "7.5"), price("markup")],
  ["target price", "backup", "SA", fill("Or target price per license", "30.00"), price("target_price")],
  [
    "distributor markup",
    "backup",
    "DA",
    fill("Markup from distributor, %", "2.5"),
    price("distributor_markup", "SA"),
  ],
  [
    "quantity and markup",
    "backup",
    "SA",
    all(fill("Quantity", "10"), fill("Markup, %", "5")),
    price("markup"),
  ],
  ["on renewal", "backup", "CA", all(fill("Quantity", "12"), onRenewal)],
  ["on a date", "backup", "CA", all(fill("Quantity", "11"), soon)],
  ["upgrade of some", "phones", "SA", all(option("Upgrade to", "Conference"), fill("Licenses to upgrade", "2"))],
  ["cancel", "phones", "CA", status("Cancel")],
];

test("each kind of change is ordered by hand, refused to who may not, and seen with its words and prices", async () => {
  await signIn(Object.keys(EMAILS));
  const rows = [];
  const subscriptions = {
    backup: await buy(rows, "CA", "Cirrus Workstation Backup", "5"),
    phones: await buy(rows, "SA", "Desk Phone Line", "6"),
  };
  for (const [kind, of, role, choose, [refused, field] = FORM] of KINDS)
    rows.push(await order(kind, subscriptions[of], role, choose, refused, field));
  await people.CA.goto(subscriptions.phones);
  assert.equal(await people.CA.getByRole("button", { name: "Order this change" }).count(), 0, "it has ended");
  await shoot(people.CA, "kinds-ended");
  const [renewal, date] = rows.filter((row) => row.status === "Scheduled");
  await people.CA.goto(at("subscriptions/planned"));
  for (const { number, words } of [renewal, date])
    assert.ok((await text(people.CA.locator("tr", { hasText: number }))).includes(words), `${words} is planned`);
  await look(people.CA, "kinds-planned");
  await people.CA.getByRole("button", { name: `Cancel order ${renewal.number}` }).click();
  await people.CA.getByText("Canceled").first().waitFor();
  await file(people.SA, rows);
  await people.CA.goto(`${world.address}/demo/clock`);
  const moved = people.CA.waitForResponse((answer) => answer.request().method() === "POST");
  await people.CA.getByRole("button", { name: "An hour" }).click();
  await moved;
  await people.CA.goto(at(`orders?panel=${date.number}`));
  const come = { ...(await seen(people.CA, "CA", "its date has come", /Provisioning finished/)), refused: "" };
  await file(people.CA, [come]);
  rows.push(come);
  // Staff are signed out by an hour.
  await signIn(["SA"]);
  const lines = [...(await told(rows, "kinds-historical")), ...(await takenOver())];
  compare(printed(lines));
});

// Buys an offer, and gives back the address of its subscription.
async function buy(rows, role, offer, quantity) {
  const page = people[role];
  await page.goto(at("catalog"));
  await page.getByRole("link", { name: offer, exact: true }).click();
  await page.getByLabel("Quantity").fill(quantity);
  await page.getByLabel("Admin e-mail").fill("ieva@amber.example");
  await page.getByLabel("Name", { exact: true }).fill("Ieva");
  await page.getByLabel("Surname").fill("Berg");
  await refuse(page.url(), await sent(page.locator("form[data-summary]")), FORM[0], "contact_email");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByLabel("I accept").check();
  await page.getByRole("button", { name: /Place order for/ }).click();
  await page.locator("#panel").waitFor();
  const row = { ...(await seen(page, role, "purchase")), refused: FORM[0].join(" ") };
  rows.push(row);
  await page.goto(at(`subscriptions?q=${encodeURIComponent(offer)}`));
  await page.locator("tbody").getByRole("link", { name: offer, exact: true }).first().click();
  await page.waitForURL(/\/subscriptions\/sub_/);
  return page.url();
}

// Orders a change of a subscription that others are refused: their form sent all the same changes nothing, or
// this order, which names the version that was shown, would be refused as well.
async function order(kind, subscription, role, choose, refused, field) {
  const page = people[role];
  await page.goto(subscription);
  await choose(page);
  await page.getByLabel("I accept the terms").check();
  const form = { ...(await sent(page.locator("#change"))), step: "order" };
  await refuse(subscription, form, refused, field);
  await page.getByRole("button", { name: "Order this change" }).click();
  await page.locator("#panel").waitFor();
  return { ...(await seen(page, role, kind)), refused: refused.join(" ") };
}

const sent = (form) => form.evaluate((form) => Object.fromEntries(new FormData(form)));

// Each finds no such field in the page, and sends the form of another with a token of their own.
async function refuse(address, form, roles, field) {
  for (const role of roles) {
    const { request } = people[role].context();
    const page = await (await request.get(address)).text();
    assert.ok(!page.includes(`name="${field}"`), `${role} finds no ${field} at ${address}`);
    const [, token] = page.match(/name="token" value="([^"]+)"/);
    const headers = { origin: world.address };
    const answer = await request.post(address, { form: { ...form, token }, headers });
    assert.equal(answer.status(), 403, `${role} at ${address}`);
  }
}

const text = async (part) => (await part.innerText()).replace(/\s+/g, " ").trim();

// What Recent and its panel tell of the order whose panel is open, once it waits for nothing but a date;
// or not even for that.
async function seen(page, role, kind, settled = /Provisioning finished|Scheduled/) {
  const number = await page.locator("#panel").getAttribute("data-order");
  const row = page.locator(`tr[data-row="${number}"]`);
  if (await page.locator("#panel").getByText("Phone Line").count()) {
    await fulfill(number);
    await page.goto(at(`orders?panel=${number}`));
  }
  await row.locator(".c-status").getByText(settled).waitFor({ timeout: 20_000 });
  await page.locator("[data-part=panel-status]").getByText(settled).waitFor();
  return {
    kind,
    role,
    number,
    words: await text(row.locator(".c-changes")),
    status: await text(row.locator(".c-status .status")),
    licenses: await text(page.locator("#panel .totals")),
    price: await prices(page, number),
  };
}

// What the order's page tells this reader of its prices.
function prices(page, number) {
  return page.evaluate(async (address) => {
    const html = await (await fetch(address)).text();
    const details = new DOMParser().parseFromString(html, "text/html");
    const words = (part) => part.textContent.replace(/\s+/g, " ").trim();
    const lines = [...details.querySelectorAll(".lines tbody tr")].map((line) => {
      const [quantity, unit, costs] = [...line.querySelectorAll(".number")].map(words);
      return `${quantity} × ${unit} = ${costs} ${words(line.querySelector(".second")).split("billed ").pop()}`;
    });
    const headings = [...details.querySelectorAll("h2")].map(words);
    return [...lines, ...headings.filter((heading) => heading === "Price waterfall")].join("; ");
  }, at(`orders/${number}`));
}

// A vendor that is a person is answered for by the seller.
async function fulfill(number) {
  const page = people.SA;
  await page.goto(at(`orders/${number}`));
  await page.getByLabel("Vendor subscription ID").fill(`PP-${number}`);
  await page.getByLabel("First day").fill("2026-12-01");
  await page.getByLabel("Last day").fill("2027-11-30");
  await page.getByRole("button", { name: /^Answer for/ }).click();
  await page.locator("[data-part=head]").getByText("Provisioning finished").waitFor();
}

// A price that the vendor asks becomes our cost: outside the demo, as the vendor has to be attached by a
// description that points at its price.
async function takenOver() {
  const folder = mkdtempSync(join(tmpdir(), "seatwright-cost-"));
  const database = ["--database-url", `sqlite://${folder}/seatwright.db`];
  const run = (args, input) => execFileSync(process.env.SEATWRIGHT_BIN, [...args, ...database], { input, stdio: "pipe" });
  const serve = () => started(["serve", "--listen", "127.0.0.1:0", ...database], LISTENS);
  const vendors = await started(["simulate-vendor", "--port", "0"], /listens on (\S+)\n/);
  const demo = world.address;
  let served;
  try {
    run(["migrate"]);
    run(["seed", "--world", "demo", "--simulator", vendors.address]);
    run(["vendor", "import", "--organization", "nordic", "cirrus"]);
    served = await serve();
    world.address = served.address;
    await signIn(["CA", "CB", "SG"]);
    await buy([], "CA", "Cirrus Workstation Backup", "5");
    await served.stop();
    await ask(vendors.address, "3.20");
    const url = `${vendors.address}/osb/cirrus`;
    const described = new URL("../../crates/connectors/tests/described/broker.json", import.meta.url);
    const settings = JSON.stringify({ ...JSON.parse(readFileSync(described, "utf8")), url });
    run(["vendor", "add", "--organization", "nordic", "--slug", "cirrus", "--name", "Cirrus Backup"], settings);
    // Few of the demo's subscriptions were ever bought: that looks like an empty answer, so it stops.
    assert.throws(() => run(["reconcile", "--vendor", "cirrus"]), /not compared to the end/);
    served = await serve();
    world.address = served.address;
    await signIn(Object.keys(EMAILS));
    const row = await takeOver();
    await file(people.DA, [row]);
    return await told([row], "kinds-cost");
  } finally {
    world.address = demo;
    await served?.stop();
    await vendors.stop();
    rmSync(folder, { recursive: true });
  }
}

// The vendor asks so much for a license of all that is booked with it.
async function ask(vendors, amount) {
  const booked = await (await fetch(`${vendors}/truth`)).json();
  for (const { instance } of booked) {
    const terms = { unit_price: amount, currency: "EUR" };
    const body = JSON.stringify({ vendor: "cirrus", instance, terms });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${vendors}/drift`, { method: "POST", headers, body });
    assert.equal(answer.status, 200);
  }
}

// Whoever manages the connection takes the vendor's word, by an order; nobody else finds the difference.
async function takeOver() {
  const page = people.DA;
  const list = "/partners/nordic/differences";
  await page.goto(world.address + list);
  await page.getByRole("button", { name: "Report them all of Cirrus Backup" }).click();
  const found = page.getByRole("link", { name: /^Price of/ });
  await until(page, list, found);
  await found.click();
  await page.getByRole("heading", { name: "At the vendor", exact: true }).waitFor();
  await look(page, "difference-price");
  const address = page.url();
  const form = { ...(await sent(page.locator("form[action*='/differences/']"))), resolution: "accept" };
  const others = Object.keys(EMAILS).filter((role) => role !== "DA");
  for (const role of others) {
    const { request } = people[role].context();
    const shown = await request.get(address);
    const answer = await request.post(address, { form, headers: { origin: world.address } });
    assert.deepEqual([shown.status(), answer.status()], [404, 403], `${role} at ${address}`);
  }
  await follow(page.getByRole("button", { name: "Accept by an order" }));
  const number = await page.getByRole("link", { name: /^\d{8}$/ }).innerText();
  await page.goto(at(`orders?panel=${number}`));
  return { ...(await seen(page, "DA", "cost")), refused: others.join(" ") };
}

// Files what was done, by hand in the list of Recent.
async function file(page, rows) {
  const done = rows.filter((row) => row.status === "Provisioning finished");
  await page.goto(at("orders"));
  for (const { number } of done) await page.getByLabel(`Select order ${number}`).check();
  await page.locator(".bulk").getByRole("button", { name: "Archive" }).click();
  await page.getByText(new RegExp(`${done.length} of ${done.length} orders? done`)).waitFor();
}

// Rows of the table: what was seen, and what Historical says to the seller and to the customer.
async function told(rows, picture) {
  const staff = await historical(people.SA);
  await shoot(people.SA, picture);
  const customer = await historical(people.CA);
  return rows.map((row) => {
    const [filed, told] = [staff[row.number], customer[row.number]];
    assert.equal(filed.words, row.words, `${row.kind}: Historical says what Recent said`);
    const same = told && told.words === filed.words && told.end === filed.end;
    const toCustomer = same ? "the same" : told ? `${told.words}: ${told.end}` : "nothing";
    const { kind, role, refused, words, status, licenses, price } = row;
    return [kind, role, refused, words, status, licenses, price, filed.end, toCustomer];
  });
}

function printed(lines) {
  const heads = ["Kind", "By", "Refused to", "Requested changes", "Recent", "Panel", "Price", "Historical", "To CA"];
  const table = [heads, ...lines];
  const widths = heads.map((_, at) => Math.max(...table.map((line) => [...line[at]].length)));
  return table.map((line) => line.map((cell, at) => cell.padEnd(widths[at])).join(" | ").trimEnd() + "\n").join("");
}

// By number: the words, and status, quantity and total price together.
async function historical(page) {
  await page.goto(at("orders/historical?tab=all"));
  return page.evaluate(() => {
    const rows = [...document.querySelectorAll("tr[data-row]")].map((row) => {
      const cell = (name) => row.querySelector(name).innerText.replace(/\s+/g, " ").trim();
      const end = [".c-status .status", ".c-quantity", ".c-total"].map(cell).join(" · ");
      return [row.dataset.row, { words: cell(".c-changes"), end }];
    });
    return Object.fromEntries(rows);
  });
}

function compare(table) {
  if (process.env.KINDS_UPDATE) writeFileSync(PRINTED, table);
  assert.equal(table, readFileSync(PRINTED, "utf8"));
}
