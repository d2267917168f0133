// The tools of a list: selections, saved views, exports, and the desk that leads to what needs people.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { follow, look, shoot, signedIn, tabTo, world } from "./world.js";

const SELLER = "seller-admin@baltic.example";
// All rows of a page, once it is there to its end.
const numbers = async (page) => {
  await page.waitForLoadState();
  return page.locator("[data-row] .c-order .strong").allInnerTexts();
};
const select = (page, number) => page.getByLabel(`Select order ${number}`).check();
const menu = (page, name) => page.locator(".toolbar summary", { hasText: name }).click();

test("the same is done to all selected orders, and each is told", async () => {
  const page = await signedIn(SELLER);
  await page.goto(`${world.address}/o/amber/orders?q=status:failed`);
  const [first, second, third] = await numbers(page);
  for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
  assert.equal(await page.locator(".bulk output").innerText(), "2");
  await page.locator(".bulk summary", { hasText: "Add note" }).click();
  await page.locator(".bulk").getByLabel("Note for all").fill("Asked all of them");
  await page.locator(".bulk").getByRole("button", { name: "Add note" }).click();
  await page.getByText("2 of 2 orders done").waitFor();
  await follow(page.getByRole("link", { name: "Back to the list" }));
  assert.ok(page.url().endsWith("?q=status%3Afailed"), page.url());
  assert.equal(await page.getByText("Asked all of them").count(), 2);
  for (const number of [first, second, third]) await select(page, number);
  await shoot(page, "flow-selected", false);
  await page.goto(`${world.address}/o/amber/orders`);
  const started = await page.locator("[data-row]", { hasText: "Started" }).first().getAttribute("data-row");
  await select(page, started);
  await select(page, third);
  await page.locator(".bulk").getByRole("button", { name: "Archive" }).click();
  await page.getByText("1 of 2 orders done").waitFor();
  assert.match(await page.locator("main").innerText(), /Not done[^]*can't be changed this way[^]*Completed with errors/);
  await look(page, "flow-bulk-result");
});

test("a list is saved for the team, opened by a colleague and forgotten", async () => {
  const page = await signedIn(SELLER);
  await page.goto(`${world.address}/o/amber/orders`);
  await menu(page, "Add filter");
  await look(page, "flow-add-filter");
  await page.locator(".groups").getByRole("link", { name: "Provisioning failed" }).click();
  await menu(page, "Views");
  await page.getByLabel("Name").fill("What fails");
  await page.getByLabel("Share with my team").check();
  await page.getByRole("button", { name: "Save view" }).click();
  await page.locator(".toolbar summary", { hasText: "What fails" }).click();
  await look(page, "flow-views");
  const saved = page.url();
  const colleague = await signedIn("account-manager@baltic.example");
  await colleague.goto(`${world.address}/o/birch/orders`);
  await menu(colleague, "Views");
  await colleague.getByRole("link", { name: "What fails" }).click();
  assert.equal(colleague.url(), saved.replace("amber", "birch"));
  await follow(page.getByLabel("Delete the view What fails"));
  await menu(page, "Views");
  assert.equal(await page.getByText("What fails").count(), 0);
});

test("a filter that can't be read or saved is told beside what was typed", async () => {
  const page = await signedIn(SELLER);
  await page.goto(`${world.address}/o/amber/orders?q=status:completed+nobody:me`);
  await look(page, "flow-filter-problem");
  await menu(page, "Views");
  await page.getByLabel("Name").fill("Wrong");
  await page.getByRole("button", { name: "Save view" }).click();
  await page.getByRole("alert").getByText("nobody:me").waitFor();
  assert.equal(await page.getByLabel("Name").inputValue(), "Wrong");
  await look(page, "flow-view-refused");
  await page.goBack();
  await page.getByRole("link", { name: "Leave out what can't be read" }).click();
  await page.getByRole("link", { name: "Look in Historical orders" }).first().click();
  assert.ok((await numbers(page)).length > 0);
});

test("an export holds exactly what is filtered", async () => {
  const page = await signedIn(SELLER);
  await page.goto(`${world.address}/o/amber/orders/historical?tab=all&q=vendor:microsoft`);
  const listed = await numbers(page);
  for (const older = page.locator("[rel=next]"); await older.count(); ) {
    await follow(older);
    listed.push(...(await numbers(page)));
  }
  const file = async (label) => {
    await menu(page, "Export");
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".toolbar").getByText(label).click()]);
    return readFileSync(await download.path());
  };
  const csv = (await file("CSV file")).toString();
  assert.deepEqual([...csv.matchAll(/^(\d{8}),/gm)].map((row) => row[1]), listed);
  assert.ok(listed.length > 50, `${listed.length} orders`);
  await page.reload();
  const workbook = await file("Excel workbook");
  assert.equal(workbook.subarray(0, 4).toString("latin1"), "PK\x03\x04");
});

test("the desk leads to what failed and back, and is not there for customers", async () => {
  const page = await signedIn("account-manager@baltic.example");
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await page.waitForURL("**/desk");
  await page.locator(".tabs").getByRole("link", { name: "Failed" }).click();
  // Keys pressed before the page is there would be lost with the one before it.
  await page.waitForURL("**/desk?*kind=failed*");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/o/*/orders/*");
  assert.match(await page.locator("main").innerText(), /Provisioning failed[^]*What happens next/);
  await page.getByRole("link", { name: "Order desk" }).click();
  await page.waitForURL("**/desk");
  const customer = await signedIn("admin@amber.example");
  assert.equal((await customer.goto(`${world.address}/desk`)).status(), 404);
});

test("from the list to a retry with the keyboard alone", async () => {
  const page = await signedIn(SELLER);
  await page.goto(`${world.address}/o/birch/orders?q=status:failed`);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("j", "o");
  await page.locator("#panel h2:focus").waitFor();
  await press("Escape", "Enter");
  await page.waitForURL("**/orders/*");
  await tabTo(page, page.locator("#notes textarea"));
  await page.keyboard.type("Retried by hand");
  await tabTo(page, page.getByRole("button", { name: "Add note" }));
  await press("Enter");
  await page.locator(".note", { hasText: "Retried by hand" }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "Retry this item" }));
  await press("Enter");
  await page.getByText("Sent again by request").waitFor();
  await page.getByText("Attempt 2").first().waitFor();
});

test("filter, pages, selection and views work without JavaScript", async () => {
  const page = await signedIn("admin@amber.example", { javaScriptEnabled: false });
  await page.goto(`${world.address}/o/amber/orders/historical?tab=all`);
  const newest = await numbers(page);
  await page.getByRole("link", { name: "Older orders" }).click();
  assert.ok(!(await numbers(page)).includes(newest[0]));
  await page.getByRole("link", { name: "Newer orders" }).click();
  assert.deepEqual(await numbers(page), newest);
  await follow(page.getByRole("link", { name: "Count all orders" }));
  assert.match(await page.locator(".pages").innerText(), /^\d+ orders/);
  await page.getByLabel("Filter orders").fill("status:completed");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await menu(page, "Views");
  await page.getByRole("textbox", { name: "Name" }).fill("Done");
  await page.getByRole("button", { name: "Save view" }).click();
  await page.locator(".toolbar summary", { hasText: "Done" }).click();
  await page.getByLabel("Delete the view Done").click();
  const chosen = (await numbers(page)).slice(0, 2);
  for (const number of chosen) await select(page, number);
  await page.locator(".bulk summary", { hasText: "Add note" }).click();
  await page.locator(".bulk").getByLabel("Note for all").fill("Checked the invoice");
  await page.locator(".bulk").getByRole("button", { name: "Add note" }).click();
  await page.getByText("2 of 2 orders done").waitFor();
  await page.getByRole("link", { name: chosen[0] }).click();
  await page.locator(".note", { hasText: "Checked the invoice" }).waitFor();
});
