// Every kind of requested change made by hand on a subscription's page, seen in Recent and then in
// Historical, and refused to those who may not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAxe, look, signedIn, world } from "./world.js";

const inOrders = (url) => url.pathname === "/o/amber/orders";

async function bought(page, offer, quantity) {
  await page.goto(`${world.address}/o/amber/catalog`);
  await page.getByRole("link", { name: offer, exact: true }).click();
  await page.getByLabel("Quantity").fill(String(quantity));
  await page.getByLabel("Admin e-mail").fill("ieva@amber.example");
  await page.getByLabel("Name", { exact: true }).fill("Ieva");
  await page.getByLabel("Surname").fill("Berg");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByLabel("I accept").check();
  await page.getByRole("button", { name: /Place order for/ }).click();
  await page.waitForURL(inOrders);
  await finished(page);
  await page.goto(`${world.address}/o/amber/subscriptions`);
  await page.locator("tbody").getByRole("link", { name: offer, exact: true }).first().click();
  await page.waitForURL(/\/subscriptions\/sub_/);
  return page.url();
}

// The newest order is done; the row is looked at anew until it is, also without a script.
async function finished(page) {
  await page.locator("tbody tr").first().getByText("Provisioning finished").waitFor({ timeout: 20_000 });
}

// Orders what `choose` chooses, and gives back the words under Requested changes.
async function order(page, subscription, choose) {
  await page.goto(subscription);
  await choose(page);
  await page.getByLabel("I accept the terms").check();
  await page.getByRole("button", { name: "Order this change" }).click();
  await page.waitForURL(inOrders);
  const row = page.locator("tbody tr").first();
  return (await row.innerText()).replace(/\s+/g, " ");
}

test("each change of a running subscription is ordered by hand and carried out", async () => {
  const page = await signedIn("admin@amber.example");
  const subscription = await bought(page, "Cirrus Workstation Backup", 5);
  const status = (words) => (page) => page.getByLabel("Status").selectOption({ label: words });
  for (const [words, choose] of [
    ["Quantity 5 → 8 (+3)", (page) => page.getByLabel("Quantity").fill("8")],
    ["Quantity 8 → 6 (−2)", (page) => page.getByLabel("Quantity").fill("6")],
    ["Suspend", status("Suspend")],
    ["Reactivate", status("Reactivate")],
    ["Auto-renewal on → off", (page) => page.getByLabel("Renews at the end").uncheck()],
    ["Auto-renewal off → on", (page) => page.getByLabel("Renews at the end").check()],
    [
      "Billing cycle monthly → annual",
      async (page) => {
        const plan = page.getByLabel("Term and billing cycle");
        await plan.selectOption(await plan.locator("option", { hasText: "billed annual" }).getAttribute("value"));
      },
    ],
    [
      "Upgrade Cirrus Workstation Backup → Cirrus Server Backup",
      async (page) => {
        const upgrade = page.getByLabel("Upgrade to");
        await upgrade.selectOption(await upgrade.locator("option", { hasText: "Server" }).getAttribute("value"));
      },
    ],
    ["Name Cirrus Server Backup → Racks", (page) => page.getByLabel("Name", { exact: true }).fill("Racks")],
    ["Cancel", status("Cancel")],
  ]) {
    const row = await order(page, subscription, choose);
    assert.ok(row.includes(words), `${words} in ${row}`);
    assert.ok(row.includes("Amber Admin"), row);
    await finished(page);
  }
  await page.goto(subscription);
  const text = (await page.locator("main").innerText()).replace(/\s+/g, " ");
  assert.match(text, /Racks Cirrus Server Backup/);
  assert.match(text, /Canceled/);
  assert.equal(await page.getByRole("button", { name: "Order this change" }).count(), 0);
  assert.ok(text.includes("Quantity 5 → 8 (+3)"), "the history tells it all");
  await look(page, "flow-subscription-ended");
  // Filed by hand, the last order is in Historical under its other name.
  await page.goto(`${world.address}/o/amber/orders`);
  const number = (await page.locator("tbody tr").first().innerText()).match(/\d{8}/)[0];
  await page.goto(`${world.address}/o/amber/orders/${number}`);
  await page.getByRole("button", { name: "Archive" }).click();
  await page.goto(`${world.address}/o/amber/orders/historical?tab=all`);
  const filed = (await page.locator("tbody tr").first().innerText()).replace(/\s+/g, " ");
  assert.match(filed, /Cancel .*Completed/);
});

test("a preview tells prices, what does not go together is explained, and steps are done in turn", async () => {
  const page = await signedIn("admin@amber.example", { javaScriptEnabled: false });
  const subscription = await (async () => {
    await page.goto(`${world.address}/o/amber/subscriptions?q=head+office`);
    await page.getByRole("link", { name: "Head office" }).click();
    return page.url();
  })();
  await page.goto(subscription);
  await page.getByLabel("Quantity").fill("30");
  await page.getByLabel("Renews at the end").check();
  await page.getByRole("button", { name: "Preview" }).click();
  const alert = page.getByRole("alert");
  assert.match(await alert.innerText(), /don't go together in one order; choose "in steps"/);
  assert.equal(await page.getByLabel("Quantity").inputValue(), "30", "what was typed is kept");
  await page.getByLabel(/in steps, one after the other/).check();
  await page.getByRole("button", { name: "Preview" }).click();
  const preview = (await page.locator(".preview").innerText()).replace(/\s+/g, " ");
  assert.match(preview, /Quantity 25 → 30 \(\+5\) Auto-renewal off → on/);
  assert.match(preview, /For the rest of this cycle [\d.]+ EUR/);
  assert.match(preview, /2 changes, one after the other/);
  await page.getByRole("button", { name: "Order this change" }).click();
  assert.match(await page.getByRole("alert").innerText(), /accept/i);
  await page.getByLabel("I accept the terms").check();
  await page.getByRole("button", { name: "Order this change" }).click();
  assert.match(await page.locator("#panel").innerText(), /25 now → 30 after provisioning/);
});

test("a markup is the seller's to change, and customers see neither it nor its order", async () => {
  const seller = await signedIn("seller-admin@baltic.example");
  await seller.goto(`${world.address}/o/amber/subscriptions?q=exchange`);
  await seller.locator("tbody a").first().click();
  await seller.waitForURL(/\/subscriptions\/sub_/);
  const subscription = seller.url();
  for (const [words, choose] of [
    ["Markup 0 % → 7.5 %", (page) => page.getByLabel("Markup, %").fill("7.5")],
    ["Target price 4.15 EUR → 4.00 EUR", (page) => page.getByLabel("Or target price").fill("4.00")],
  ]) {
    const row = await order(seller, subscription, choose);
    assert.ok(row.includes(words), `${words} in ${row}`);
    assert.ok(row.includes("Provisioning finished"), "at once");
  }
  const customer = await signedIn("admin@amber.example");
  await customer.goto(subscription);
  const text = await customer.locator("main").innerText();
  assert.doesNotMatch(text, /markup|margin|cost|Target price/i);
  assert.match(text, /4\.00 EUR/);
  assert.equal(await customer.getByLabel("Markup, %").count(), 0);
  await customer.goto(`${world.address}/o/amber/orders`);
  assert.doesNotMatch(await customer.locator("main").innerText(), /Target price|Markup/);
  const support = await signedIn("support@baltic.example");
  await support.goto(subscription);
  assert.equal(await support.getByRole("button", { name: "Order this change" }).count(), 0);
  await checkAxe(support, "subscription of support");
});
