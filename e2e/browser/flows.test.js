// A newcomer's way through the product in Chromium: with and without JavaScript, axe on every page.
// SEATWRIGHT_BIN names the program; the demo runs on a port and in a folder of its own.
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const screens = new URL("../../target/screens/", import.meta.url).pathname;
const flags =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
let demo, address, browser, folder;

before(async () => {
  mkdirSync(screens, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "seatwright-browser-"));
  demo = spawn(process.env.SEATWRIGHT_BIN, ["demo", "--port", "0", "--data", folder], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, RUST_LOG: "warn" },
  });
  address = await new Promise((found, failed) => {
    let text = "";
    demo.stdout.on("data", (chunk) => {
      text += chunk;
      const line = text.match(/Seatwright is at (\S+)\n/);
      if (line) found(line[1]);
    });
    demo.on("exit", (code) => failed(new Error(`the demo ended with ${code}`)));
  });
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags.split(" ") });
});

after(async () => {
  await browser?.close();
  demo?.kill("SIGTERM");
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function signedIn(email, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  await page.goto(address);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("seatwright-demo");
  await page.getByRole("button", { name: "Sign in" }).click();
  return page;
}

async function look(page, name) {
  await page.screenshot({ path: join(screens, `${name}.png`), fullPage: true });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`);
  assert.deepEqual(found, [], `axe on ${name}`);
}

async function fillCart(page, offer, quantity) {
  await page.getByRole("link", { name: "Catalog" }).click();
  await page.getByRole("link", { name: offer, exact: true }).click();
  await page.getByLabel("Quantity").fill(String(quantity));
  if (await page.getByLabel("Tenant domain").count())
    await page.getByLabel("Tenant domain").fill("amber.onmicrosoft.com");
  await page.getByLabel("Admin e-mail").fill("ieva@amber.example");
  await page.getByLabel("Name", { exact: true }).fill("Ieva");
  await page.getByLabel("Surname").fill("Berg");
  await page.getByRole("button", { name: "Add to cart" }).click();
}

async function place(page) {
  await page.getByLabel("I accept").check();
  await page.getByRole("button", { name: /Place order for/ }).click();
}

test("a seller buys 25 licenses for a customer and watches them arrive without a reload", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await look(page, "organizations");
  await page.getByRole("link", { name: "Amber Logistics" }).click();
  await look(page, "orders-empty");
  assert.match(await page.title(), /Amber Logistics · Recent orders/);
  await page.getByRole("link", { name: "Catalog" }).click();
  await look(page, "catalog");
  await fillCart(page, "Microsoft 365 E3", 25);
  await look(page, "cart");
  await place(page);
  assert.match(await page.locator("#panel").innerText(), /0 now → 25 after provisioning/);
  const headings = await page.locator("thead th").allInnerTexts();
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
  const words = await row.innerText();
  for (const word of ["New subscription · 25", "Saulė Petraitė · Baltic Cloud", "1 item"])
    assert.ok(words.includes(word), `${word} in ${words}`);
  await page.locator("#panel").getByText("25", { exact: true }).waitFor();
  await look(page, "orders-with-panel");
  await page.keyboard.press("Escape");
  await page.locator("#panel").waitFor({ state: "detached" });
  await page.getByRole("link", { name: /^Order #/ }).first().click();
  await page.getByText("ieva@amber.example").waitFor();
  await look(page, "order");
  await page.getByRole("link", { name: "Subscriptions" }).click();
  assert.match(await page.locator("tbody").innerText(), /Microsoft 365 E3\s+Microsoft\s+Active\s+25/);
  await look(page, "subscriptions");
});

test("the same without JavaScript, on a phone", async () => {
  const page = await signedIn("admin@birch.example", {
    javaScriptEnabled: false,
    viewport: { width: 390, height: 844 },
  });
  await fillCart(page, "Cirrus Server Backup", 5);
  await place(page);
  const status = page.locator("tbody tr").first().getByText("Provisioning finished");
  for (let reloads = 0; reloads < 100 && !(await status.count()); reloads++) await page.reload();
  assert.equal(await status.count(), 1);
  await page.screenshot({ path: join(screens, "orders-phone.png"), fullPage: true });
});

test("what is wrong is named beside what was typed", async () => {
  const page = await signedIn("admin@amber.example");
  await fillCart(page, "Cirrus Server Backup", 101);
  await page.getByRole("alert").getByText("Quantity must be between 1 and 100 licenses").waitFor();
  assert.equal(await page.getByLabel("Surname").inputValue(), "Berg");
  await look(page, "offer-refused");
});

test("a wrong password is refused with words, and a foreign organization is not there", async () => {
  const page = await signedIn("nobody@amber.example");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("E-mail").inputValue(), "nobody@amber.example");
  await look(page, "sign-in-refused");
  const other = await signedIn("admin@amber.example");
  const foreign = await other.goto(`${address}/o/elk/orders`);
  const unknown = await other.goto(`${address}/o/nobody/orders`);
  assert.deepEqual([foreign.status(), unknown.status()], [404, 404]);
  await look(other, "not-found");
});

test("a form of another site, of another organization or of nobody changes nothing", async () => {
  const page = await signedIn("seller-admin@baltic.example");
  await page.goto(`${address}/o/birch/catalog`);
  const token = await page.locator("input[name=token]").first().inputValue();
  const post = (path, headers) =>
    page.request.post(`${address}${path}`, { form: { token, organization: "birch" }, headers });
  const ours = { origin: address };
  assert.equal((await post("/o/amber/cart/items/lin_1/removal", ours)).status(), 403);
  assert.equal((await post("/sign-out", {})).status(), 403);
  assert.equal((await post("/sign-out", { origin: "https://evil.example" })).status(), 403);
  assert.equal((await page.goto(`${address}/o/birch/orders`)).status(), 200);
});
