// The form of an offer in Chromium: add-ons, order form, running summary, every problem at once; with and
// without JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, look, shoot, signedIn } from "./world.js";

async function contact(page) {
  await page.getByLabel("Admin e-mail").fill("ieva@amber.example");
  await page.getByLabel("Name", { exact: true }).fill("Ieva");
  await page.getByLabel("Surname").fill("Berg");
}

async function open(page, offer) {
  await page.getByRole("link", { name: "Catalog" }).click();
  await page.getByRole("link", { name: offer, exact: true }).click();
}

test("a license is bought with its add-on, and the summary runs along", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await page.getByRole("link", { name: "Birch Foods", exact: true }).click();
  await open(page, "Cirrus Workstation Backup");
  await page.getByLabel("Quantity").fill("10");
  const before = await page.locator("[data-total]").innerText();
  await page.getByLabel("Cirrus Microsoft 365 Backup").fill("4");
  assert.match(await page.locator("[data-addons]").innerText(), /^4 × Cirrus Microsoft 365 Backup: /);
  assert.notEqual(await page.locator("[data-total]").innerText(), before);
  await contact(page);
  await look(page, "configure");
  await follow(page.getByRole("button", { name: "Add to cart" }));
  const rows = page.locator("tbody tr");
  assert.equal(await rows.count(), 2);
  assert.match(await rows.nth(1).innerText(), /Add-on\s+Cirrus Microsoft 365 Backup/);
  await look(page, "configure-cart");
  await page.getByLabel("I accept").check();
  await page.getByRole("button", { name: /Place order for/ }).click();
  const row = page.locator("tbody tr").first();
  await row.getByText("Provisioning finished").waitFor({ timeout: 30_000 });
  await page.getByRole("link", { name: "Subscriptions" }).click();
  await page.getByRole("link", { name: "Cirrus Workstation Backup" }).first().click();
  await page.getByText("0 removes it").waitFor();
  await look(page, "configure-subscription");
  await open(page, "Cirrus Workstation Backup");
  const hint = page.getByRole("link", { name: /increase Cirrus Workstation Backup instead/ });
  await follow(hint.first());
  assert.equal(await page.getByLabel("Quantity").inputValue(), "11");
});

for (const javaScriptEnabled of [true, false]) {
  const words = javaScriptEnabled ? "with" : "without";
  test(`the order form tells every problem at once and keeps what was typed, ${words} JavaScript`, () =>
    answer(javaScriptEnabled));
}

async function answer(javaScriptEnabled) {
  // Without a script there is none of axe's either.
  const seen = javaScriptEnabled ? look : shoot;
  const page = await signedIn("admin@birch.example", {
    javaScriptEnabled,
    viewport: { width: 390, height: 844 },
  });
  await open(page, "Cirrus Vault");
  assert.equal(await page.getByLabel("Retention, days").inputValue(), "30");
  await page.getByLabel("Retention, days").fill("3");
  await page.getByLabel("Data region").selectOption("west");
  await page.getByLabel("Quantity").fill("501");
  await contact(page);
  await follow(page.getByRole("button", { name: "Add to cart" }));
  const problems = page.getByRole("alert").getByRole("link");
  assert.deepEqual(await problems.allInnerTexts(), [
    "Quantity must be between 1 and 500 licenses.",
    "Retention, days must be a whole number between 7 and 3650.",
  ]);
  const wrong = page.getByLabel("Retention, days");
  assert.equal(await wrong.getAttribute("aria-invalid"), "true");
  assert.equal(await wrong.inputValue(), "3");
  assert.equal(await page.getByLabel("Data region").inputValue(), "west");
  await seen(page, "configure-problems");
  await wrong.fill("90");
  await page.getByLabel("Quantity").fill("5");
  await follow(page.getByRole("button", { name: "Add to cart" }));
  assert.match(await page.locator("tbody").innerText(), /Retention, days: 90/);
  await seen(page, "configure-phone-cart");
}
