// A vendor's price sheet in Chromium: looked at first, then taken over, with its problems by row; with and
// without JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, look, shoot, signedIn } from "./world.js";

const HEADER =
  "ProductTitle,ProductId,SkuId,SkuTitle,TermDuration,BillingPlan,Market,Currency,UnitPrice,EffectiveStartDate,EffectiveEndDate,ERP Price,Segment";

function row(sku, price) {
  return `Teams,CFQ7,${sku},Teams ${sku},P1Y,Monthly,LT,EUR,${price},2/1/2019 12:00:00 AM,11/30/9999 11:59:59 PM,${price},Commercial`;
}

function sheet(...rows) {
  const text = [HEADER, ...rows, ""].join("\n");
  return { name: "november.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
}

async function finished(page, words) {
  await page.locator(".head").getByText(words, { exact: true }).waitFor({ timeout: 20_000 });
}

for (const javaScriptEnabled of [true, false]) {
  const words = javaScriptEnabled ? "with" : "without";
  test(`a price sheet is looked at and taken over, ${words} JavaScript`, () => take(javaScriptEnabled));
}

async function take(javaScriptEnabled) {
  const seen = javaScriptEnabled ? look : shoot;
  const page = await signedIn("distributor-admin@nordic.example", { javaScriptEnabled });
  const sku = javaScriptEnabled ? "0001" : "0002";
  await page.goto(new URL("/partners/nordic/prices", page.url()).href);
  await page.getByRole("link", { name: "Price sheets" }).click();
  await page.getByLabel("File").setInputFiles(sheet(row(sku, "120"), row("0009", "-1")));
  await page.getByLabel(/only a part of the vendor's sheet/).check();
  await page.getByRole("button", { name: "Upload" }).click();
  await finished(page, "Finished with problems");
  assert.match(await page.locator("main").innerText(), new RegExp(`Teams ${sku}`));
  await seen(page, "price-sheet-preview");
  await page.getByRole("link", { name: "All price sheets" }).click();
  await page.getByLabel("Take the prices over").check();
  await page.getByLabel(/only a part of the vendor's sheet/).check();
  await page.getByLabel("File").setInputFiles(sheet(row(sku, "120")));
  await page.getByRole("button", { name: "Upload" }).click();
  await finished(page, "Finished");
  await follow(page.getByRole("link", { name: "All price sheets" }));
  assert.equal(await page.locator("tbody tr").first().locator("[data-label=New]").innerText(), "1");
  await seen(page, "price-sheets");
  await page.getByLabel("File").setInputFiles({ name: "x.csv", mimeType: "text/csv", buffer: Buffer.from("Name,Price\na,1\n") });
  await page.getByRole("button", { name: "Upload" }).click();
  await finished(page, "Refused");
  await seen(page, "price-sheet-refused");
}
