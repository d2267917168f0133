// What is otherwise at a vendor, from the first comparison to the order that takes the vendor's word.
import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, until } from "./world.js";

const MANAGER = "distributor-admin@nordic.example";

// Moves the demo's clock; sessions end meanwhile, so that the person signs in anew.
async function later(page, hours) {
  const status = await page.evaluate(async (hours) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/api/v1/demo/clock", { method: "POST", headers, body: JSON.stringify({ hours }) });
    return answer.status;
  }, hours);
  assert.equal(status, 200);
  await page.context().close();
  return signedIn(MANAGER);
}

// Few of the demo's subscriptions were ever bought at the simulator: to a comparison that looks like an empty
// answer, so it stops, asks a person, asks the vendor again, and ends nothing by itself.
test("what a vendor does not find is asked twice and ended by a person", async () => {
  let page = await later(await signedIn(MANAGER), 2);
  const goOn = page.getByRole("button", { name: "Report them all of Cirrus Backup" });
  await until(page, "/differences", goOn);
  await look(page, "differences-stopped");
  await goOn.click();
  await until(page, "/partners/nordic/differences?status=asked", page.locator("td.c-main a"));
  page = await later(page, 2);
  await until(page, "/partners/nordic/differences", page.locator("td.c-main a"));
  await look(page, "differences-open");
  await page.locator("td.c-main a").first().click();
  await page.getByRole("heading", { name: "At the vendor", exact: true }).waitFor();
  assert.match(await page.locator("main").innerText(), /Not possible: .*accept it, and buy anew/);
  await look(page, "difference");
  await page.setViewportSize({ width: 390, height: 844 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${over} px too wide`);
  await page.getByRole("button", { name: "Accept by an order" }).click();
  await page.getByRole("link", { name: /^\d{8}$/ }).click();
  await page.waitForURL(/\/o\/[^/]+\/orders\/\d{8}/);
  assert.match(await page.locator("main").innerText(), /Cancel/);
});
