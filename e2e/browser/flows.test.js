// A newcomer's way through the product in Chromium, with the mouse and with JavaScript off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, look, shoot, signedIn, world } from "./world.js";

async function fillCart(page, offer, quantity) {
  await page.getByRole("link", { name: "Catalog" }).click();
  await follow(page.getByRole("link", { name: offer, exact: true }));
  await page.getByLabel("Quantity").fill(String(quantity));
  if (await page.getByLabel("Tenant domain").count())
    await page.getByLabel("Tenant domain").fill("amber.onmicrosoft.com");
  await page.getByLabel("Admin e-mail").fill("ieva@amber.example");
  await page.getByLabel("Name", { exact: true }).fill("Ieva");
  await page.getByLabel("Surname").fill("Berg");
}

async function buy(page, offer, quantity) {
  await fillCart(page, offer, quantity);
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByLabel("I accept").check();
  await page.getByRole("button", { name: /Place order for/ }).click();
}

test("a seller buys 25 licenses for a customer and watches them arrive without a reload", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await page.getByRole("link", { name: "Amber Logistics", exact: true }).click();
  assert.match(await page.title(), /● Amber Logistics · Recent orders/);
  await fillCart(page, "Microsoft 365 E3", 25);
  assert.equal(await page.locator("[data-total]").innerText(), "850.50 EUR");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await look(page, "flow-cart");
  await page.getByLabel("I accept").check();
  await follow(page.getByRole("button", { name: "Place order for 850.50 EUR" }));
  assert.match(await page.locator("#panel").innerText(), /0 now → 25 after provisioning/);
  const headings = await page.locator("thead th:not(.c-menu, .c-select)").allInnerTexts();
  assert.deepEqual(headings, [
    "Order ID / # of items",
    "Requested changes",
    "Created by",
    "Date",
    "Status",
    "Note",
  ]);
  const row = page.locator("tbody tr").first();
  await row.getByText("Provisioning finished").waitFor({ timeout: 30_000 });
  const words = (await row.innerText()).replace(/\s+/g, " ");
  for (const word of ["New subscription · 25", "Saulė Petraitė", "Baltic Cloud", "1 item"])
    assert.ok(words.includes(word), `${word} in ${words}`);
  await page.locator("#panel").getByText("25", { exact: true }).waitFor();
  await look(page, "flow-panel");
  await page.keyboard.press("Escape");
  await page.locator("#panel").waitFor({ state: "detached" });
  await row.getByLabel(/^Actions of order/).click();
  await row.getByRole("link", { name: "Open details" }).click();
  await page.getByText("ieva@amber.example").waitFor();
  await follow(page.getByRole("link", { name: "Microsoft 365 E3" }));
  assert.match(await page.locator("main").innerText(), /Tenant name\s+amber.onmicrosoft.com/);
  await follow(page.getByRole("link", { name: "Subscriptions" }));
  assert.match(await page.locator("tbody").innerText(), /Microsoft 365 E3\s+Microsoft\s+Active\s+25/);
});

test("everything about orders works without JavaScript, on a phone", async () => {
  const page = await signedIn("admin@birch.example", {
    javaScriptEnabled: false,
    viewport: { width: 390, height: 844 },
  });
  await buy(page, "Cirrus Server Backup", 5);
  const status = page.locator("tbody tr").first().getByText("Provisioning finished");
  for (let reloads = 0; reloads < 100 && !(await status.count()); reloads++) await page.reload();
  assert.equal(await status.count(), 1);
  await shoot(page, "flow-phone-panel");
  // The panel is a page: it closes by a link, and the row opens it again.
  await follow(page.getByRole("link", { name: "Close" }));
  assert.equal(await page.locator("#panel").count(), 0);
  const row = page.locator("tbody tr").first();
  const number = await row.locator("[data-panel]").innerText();
  await row.locator(".add-note summary").click();
  await row.getByLabel("Note").fill("Delivered to the branch office");
  await row.getByRole("button", { name: "Add note" }).click();
  assert.ok(page.url().endsWith("/o/birch/orders"), page.url());
  await row.getByText("Delivered to the branch office").waitFor();
  await follow(page.getByRole("link", { name: number, exact: true }));
  assert.match(await page.locator("#panel").innerText(), /5 licenses[^]*Delivered to the branch office/);
  await follow(page.getByRole("link", { name: "Open details" }));
  assert.match(await page.locator("main").innerText(), /Payment details[^]*Invoice[^]*monthly, 1 year/);
  await follow(page.getByRole("link", { name: "Cirrus Server Backup" }));
  const item = await page.locator("main").innerText();
  assert.match(item, /Admin e-mail\s+ieva@amber.example/);
  assert.ok(!item.includes("Tenant name"), "no tenant outside of Microsoft");
});

test("what is wrong is named at the top and beside what was typed", async () => {
  const page = await signedIn("admin@amber.example");
  await fillCart(page, "Cirrus Server Backup", 101);
  await page.getByRole("button", { name: "Add to cart" }).click();
  const words = "Quantity must be between 1 and 100 licenses";
  await page.getByRole("alert").getByRole("link", { name: words }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "quantity");
  assert.match(await page.locator("#quantity-wrong").innerText(), /must be between 1 and 100 licenses\.$/);
  assert.equal(await page.getByLabel("Surname").inputValue(), "Berg");
  await look(page, "flow-offer-refused");
});

test("a failed item is told in the vendor's words and sent again from the order's page", async () => {
  const page = await signedIn("account-manager@baltic.example");
  await page.goto(`${world.address}/o/amber/orders`);
  const row = page.locator("tr", { hasText: "1 of 3 items failed" });
  assert.match(await row.innerText(), /1 of 3 items failed\s+The customer's e-mail address is not valid/);
  await row.locator("[data-panel]").click();
  await page.getByRole("link", { name: "Open details" }).click();
  await page.getByLabel("Admin e-mail").fill("nobody");
  await page.locator(".failed form[action$='/retry']").evaluate((form) => (form.noValidate = true));
  await page.getByRole("button", { name: "Fix and retry" }).click();
  await page.getByRole("alert").getByText("Contact email must be an e-mail address").waitFor();
  assert.equal(await page.getByLabel("Admin e-mail").inputValue(), "nobody");
  await page.getByLabel("Admin e-mail").fill("ieva.berg@amber.example");
  await page.getByRole("button", { name: "Fix and retry" }).click();
  await page.getByText("Sent again by request").waitFor();
});

test("a choice of theme and of columns is kept without JavaScript", async () => {
  const page = await signedIn("user@amber.example", { javaScriptEnabled: false });
  await page.getByText("Columns").first().click();
  await page.getByLabel("Created by").uncheck();
  await follow(page.getByRole("button", { name: "Show these" }));
  assert.ok(page.url().endsWith("/o/amber/orders"), page.url());
  assert.equal(await page.locator("th", { hasText: "Created by" }).count(), 0);
  await page.locator(".user summary").click();
  await page.getByRole("button", { name: "Dark" }).click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.goto(`${world.address}/o/amber/catalog`);
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
});

test("a wrong password is refused with words, and a foreign organization is not there", async () => {
  const page = await signedIn("admin@amber.example");
  const foreign = await page.goto(`${world.address}/o/elk/orders`);
  const unknown = await page.goto(`${world.address}/o/nobody/orders`);
  assert.deepEqual([foreign.status(), unknown.status()], [404, 404]);
  await look(page, "flow-not-found");
  await page.context().clearCookies();
  await page.goto(`${world.address}/sign-in`);
  await page.getByLabel("E-mail").fill("nobody@amber.example");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("E-mail").inputValue(), "nobody@amber.example");
  await look(page, "flow-sign-in-refused");
});

test("a form of another site, of another organization or of nobody changes nothing", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await page.goto(`${world.address}/o/birch/catalog`);
  const token = await page.locator("input[name=token]").first().inputValue();
  const post = (path, headers) =>
    page.request.post(`${world.address}${path}`, { form: { token, organization: "birch" }, headers });
  const ours = { origin: world.address };
  assert.equal((await post("/o/amber/cart/items/lin_1/removal", ours)).status(), 403);
  assert.equal((await post("/sign-out", {})).status(), 403);
  assert.equal((await post("/sign-out", { origin: "https://evil.example" })).status(), 403);
  assert.equal((await page.goto(`${world.address}/o/birch/orders`)).status(), 200);
});
