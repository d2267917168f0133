// Names of great length and from right to left, on a phone: nothing is cut off or runs out of the page,
// and no name takes its neighbor's place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shoot, signedIn, world } from "./world.js";

const NAME = "דוד";
const LONG = "בן־גוריון־".repeat(7);
const WORD = "x".repeat(300);

test("long names and names from right to left fit a phone and keep their places", async () => {
  const page = await signedIn("user@amber.example", { viewport: { width: 390, height: 844 } });
  await page.goto(`${world.address}/o/amber/catalog`);
  await page.getByRole("link", { name: "Cirrus Server Backup", exact: true }).click();
  await page.getByLabel("Quantity").fill("3");
  await page.getByLabel("Admin e-mail").fill(`${"a".repeat(60)}@${"b".repeat(60)}.example`);
  await page.getByLabel("Name", { exact: true }).fill(NAME);
  await page.getByLabel("Surname").fill(LONG);
  await page.getByRole("button", { name: "Add to cart" }).click();
  await fits(page, "cart");
  await page.getByLabel("I accept").check();
  await page.getByRole("button", { name: /Place order for/ }).click();
  await page.locator("#panel").waitFor();
  const order = new URL(page.url()).searchParams.get("panel");
  const note = page.locator("#panel textarea[name=text]");
  await note.fill(`${WORD} שלום, world`);
  await page.locator("#panel").getByRole("button", { name: "Add note" }).click();
  await page.locator("#panel").getByText(WORD).waitFor();
  await fits(page, "panel");
  await page.goto(`${world.address}/o/amber/orders`);
  await fits(page, "list");
  await page.goto(`${world.address}/o/amber/orders/historical?tab=all`);
  await page.goto(`${world.address}/o/amber/orders/${order}`);
  await fits(page, "details");
  await shoot(page, "names-customer-light-390", true);
  // Read from left to right: who acted, then for whom, whatever the scripts of the two are.
  const neighbors = await page.evaluate(() => {
    const [person, organization] = document.querySelectorAll(".timeline small bdi");
    person.textContent = "דוד";
    organization.textContent = "شركة";
    return [person, organization].map((one) => one.getBoundingClientRect().left);
  });
  assert.ok(neighbors[0] < neighbors[1], `${neighbors}`);
  await page.locator(".lines .c-main a").first().click();
  await fits(page, "item");
  await page.context().close();
});

async function fits(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px too wide`);
}
