// The product with the keyboard alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, tabTo, world } from "./world.js";

const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());

test("from the purchase to the details with the keyboard alone", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("dune");
  await page.locator("#palette .is-here", { hasText: "Dune Studio" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/o/dune/orders");
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.waitForURL("**/catalog");
  await tabTo(page, page.getByRole("link", { name: "Cirrus Workstation Backup" }));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/catalog/*");
  await tabTo(page, page.getByLabel("Quantity"));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("3");
  for (const text of ["ken@dune.example", "Ken", "Mori"]) {
    await page.keyboard.press("Tab");
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL("**/cart");
  await tabTo(page, page.getByLabel("I accept"));
  await page.keyboard.press("Space");
  await tabTo(page, page.getByRole("button", { name: /^Place order for/ }));
  assert.match(await focused(page), /^Place order for/);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/orders?panel=*");
  // The focus is in the panel that came with the page, and Escape returns it to the row.
  const number = new URL(page.url()).searchParams.get("panel");
  assert.equal(await focused(page), `Order ${number}`);
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), number);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/orders/${number}`);
  assert.match(await page.locator("main").innerText(), /ken@dune.example/);
});

test("rows are walked, opened, noted and selected by key, and help lists the keys", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await page.goto(`${world.address}/o/amber/orders`);
  const numbers = await page.locator("[data-panel]").allInnerTexts();
  for (const key of ["j", "j", "k", "j"]) await page.keyboard.press(key);
  assert.equal(await focused(page), numbers[1]);
  await page.keyboard.press("o");
  await page.locator("#panel h2:focus").waitFor();
  assert.ok(page.url().endsWith(`panel=${numbers[1]}`), page.url());
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), numbers[1]);
  assert.ok(!page.url().includes("panel"), page.url());
  await page.keyboard.press("n");
  await page.keyboard.type("By keyboard");
  assert.equal(await page.locator("[data-row] textarea:focus").inputValue(), "By keyboard");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("details[open]").count(), 0);
  await page.keyboard.press("?");
  await page.locator("#help[open]").waitFor();
  await look(page, "keyboard-help");
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.name), "q");
});

test("what is being typed survives an update of the list", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await page.goto(`${world.address}/o/birch/orders`);
  await page.keyboard.press("j");
  await page.keyboard.press("n");
  await page.keyboard.type("half a sent");
  const other = await signedIn("admin@birch.example");
  const row = other.locator("[data-row]").first();
  await row.locator(".add-note summary").click();
  await row.getByLabel("Note").fill("From somebody else");
  await row.getByRole("button", { name: "Add note" }).click();
  await other.getByText("From somebody else").first().waitFor();
  await page.keyboard.type("ence");
  assert.equal(await page.locator("textarea:focus").inputValue(), "half a sentence");
});
