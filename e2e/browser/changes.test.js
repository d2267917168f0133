// Changes of what runs: previewed, ordered in steps, and priced by the seller unseen by the customer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAxe, follow, signedIn, world } from "./world.js";

const inOrders = (url) => url.pathname === "/o/amber/orders";

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
  await follow(page.getByRole("button", { name: "Preview" }));
  const preview = (await page.locator(".preview").innerText()).replace(/\s+/g, " ");
  assert.match(preview, /Quantity 25 → 30 \(\+5\) Auto-renewal off → on/);
  assert.match(preview, /For the rest of this cycle [\d.]+ EUR/);
  assert.match(preview, /2 changes, one after the other/);
  await follow(page.getByRole("button", { name: "Order this change" }));
  assert.match(await page.getByRole("alert").innerText(), /accept/i);
  await page.getByLabel("I accept the terms").check();
  await follow(page.getByRole("button", { name: "Order this change" }));
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
