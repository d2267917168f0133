// The catalog and the terms on which is bought, in Chromium: with the mouse, and with JavaScript off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, look, signedIn, world } from "./world.js";

test("a customer finds an offer by words and category, without JavaScript too", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await signedIn("admin@amber.example", { javaScriptEnabled });
    await page.getByRole("link", { name: "Catalog" }).click();
    await page.getByRole("heading", { name: "Microsoft 365", exact: true }).waitFor();
    if (javaScriptEnabled) await look(page, "catalog");
    await page.getByLabel("Search", { exact: true }).last().fill("serv");
    await page.getByLabel("Category").selectOption("Backup");
    await follow(page.locator("main").getByRole("button", { name: "Search" }));
    const names = await page.locator(".offer :is(h2, h3, h4)").allInnerTexts();
    assert.deepEqual(names, ["Cirrus Server Backup"]);
    await page.getByRole("link", { name: "Cirrus Server Backup" }).click();
    await page.getByRole("link", { name: "Backup", exact: true }).click();
    assert.match(page.url(), /\/catalog\?category=Backup$/);
    await page.context().close();
  }
});

test("a distributor sorts a product, and a customer finds it under its heading", async () => {
  const page = await signedIn("distributor-admin@nordic.example", { javaScriptEnabled: false });
  await page.getByRole("link", { name: "Categories" }).click();
  await page.getByLabel("Category").selectOption("Other");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByLabel(/^Choose Defender/).check();
  await page.getByLabel("Sort the chosen products under").fill("Other");
  await page.getByRole("button", { name: "Sort" }).click();
  await page.getByText("can't be called Other").waitFor();
  await page.getByLabel("Sort the chosen products under").fill("Security, Productivity");
  await page.getByRole("button", { name: "Sort" }).click();
  await page.getByRole("link", { name: "Nordic" }).click();
  const row = page.getByRole("row", { name: /Defender/ });
  assert.match(await row.innerText(), /Security, Productivity/);
  const sighted = await signedIn("distributor-admin@nordic.example");
  await sighted.goto(page.url());
  await look(sighted, "categories");
  const customer = await signedIn("admin@amber.example");
  await customer.goto(`${world.address}/o/amber/catalog`);
  const section = customer.locator("section.category", { has: customer.getByRole("heading", { name: "Security" }) });
  await section.getByRole("link", { name: /Defender/ }).waitFor();
  await look(customer, "catalog-sorted");
});

test("a seller publishes terms, and its customer reads them before ordering", async () => {
  const seller = await signedIn("seller-admin@baltic.example");
  await seller.goto(`${world.address}/partners/baltic/terms`);
  await seller.getByRole("button", { name: "Publish" }).waitFor();
  await look(seller, "partner-terms");
  await seller.getByLabel("Version").fill("Browser 1");
  await seller.getByLabel("Text").fill("First paragraph.\n\nSecond paragraph.");
  await seller.getByRole("button", { name: "Publish" }).click();
  await seller.getByText("Browser 1").waitFor();
  const page = await signedIn("admin@amber.example");
  await page.goto(`${world.address}/o/amber/terms`);
  await page.getByText("Second paragraph.").waitFor();
  await look(page, "terms");
  await page.getByRole("link", { name: "2026-11" }).click();
  await page.getByText("Prices are those of the order").waitFor();
});
