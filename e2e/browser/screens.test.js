// Every screen, for every role that sees it, in every width and theme: no axe violation, no sideways
// scrolling, no more than the page may weigh, and a picture of each under target/screens.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkAxe, manifest, shoot, signedIn, world } from "./world.js";

const WIDTHS = [390, 1280, 1920];
const THEMES = ["light", "dark"];
const WEIGHT_MAX = 100 * 1024;
const ROLES = {
  seller: "seller-admin@baltic.example",
  "customer-admin": "admin@amber.example",
  customer: "user@amber.example",
  support: "support@baltic.example",
};

// The screens by name: an address of Amber, and whether the role sees it.
function screens(orders) {
  const number = (status) => orders.find((order) => order.organization === "amber" && order.status === status).number;
  const [failed, finished] = [number("provisioning_failed"), number("provisioning_finished")];
  const isStaff = (role) => role === "seller" || role === "support";
  const buys = (role) => role !== "support";
  const sells = (role) => role === "seller";
  const first = (list, link) => async (page) => {
    await page.goto(world.address + list);
    return page.locator(link).first().getAttribute("href");
  };
  return [
    ["organizations", "/organizations", isStaff],
    ["desk", "/desk", isStaff],
    ["desk-set-aside", "/desk?kind=set_aside", isStaff],
    ["recent", "/o/amber/orders"],
    ["recent-nothing", "/o/amber/orders?q=status:failed+nothinglikeit"],
    ["panel", `/o/amber/orders?panel=${finished}`],
    ["historical-active", "/o/amber/orders/historical"],
    ["historical-draft", "/o/amber/orders/historical?tab=draft"],
    ["historical-all", "/o/amber/orders/historical?tab=all"],
    ["order-failed", `/o/amber/orders/${failed}`],
    ["order", `/o/amber/orders/${finished}`],
    ["item", async (page) => page.locator(".lines .c-main a").first().getAttribute("href")],
    ["catalog", "/o/amber/catalog"],
    ["offer", async (page) => page.locator(".offer a").first().getAttribute("href")],
    ["configure", first("/o/amber/catalog", ".offer a:has-text('Cirrus Server Backup')")],
    ["cart", "/o/amber/cart", buys],
    ["subscriptions", "/o/amber/subscriptions"],
    ["subscription", async (page) => page.locator("tbody .c-main a").first().getAttribute("href")],
    ["planned", "/o/amber/subscriptions/planned"],
    ["sheet", "/o/amber/subscriptions/bulk", buys],
    ["job", aJob, buys],
    ["jobs", "/o/amber/jobs", buys],
    ["quotes", "/o/amber/quotes"],
    ["quote", first("/o/amber/quotes", "tbody .c-main a")],
    ["quote-new", "/o/amber/quotes/new", sells],
    ["approval-rules", "/partners/baltic/approval-rules", sells],
    ["prices", "/partners/baltic/prices", sells],
    ["price-sheets", "/partners/baltic/price-sheets", sells],
    ["categories", "/partners/baltic/categories", sells],
    ["partner-terms", "/partners/baltic/terms", sells],
    ["terms", "/o/amber/terms"],
    ["differences", "/partners/baltic/differences", sells],
    ["suspension", "/organizations/amber/suspension", sells],
    ["organization", "/o/amber/organization", isStaff],
    ["clock", "/demo/clock", sells],
    ["not-found", "/o/amber/nowhere"],
    ["components", "/demo/components", (role) => role === "seller"],
    ["api-reference", "/api/docs", (role) => role === "seller"],
  ];
}

// The job of a sheet with a row that is ordered and one that can't be; each role has its own.
async function aJob(page, role) {
  const { subscriptions } = await manifest();
  const running = subscriptions.find((one) => one.organization === "amber");
  await page.goto(`${world.address}/o/amber/subscriptions/bulk`);
  await page.locator("#sheet").fill(`subscription,name\n${running.id},Kept for ${role}\nsub_nothing,Nobody's`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByLabel("I accept").check();
  await page.getByRole("button", { name: /^Order / }).click();
  await page.waitForURL(/\/jobs\//);
  return new URL(page.url()).pathname;
}

async function weigh(page, address) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto(address, { waitUntil: "load" });
  await session.detach();
  return bytes;
}

// Two at a time, as there are two cores: each role has a browser context of its own.
describe("every screen in every width and theme", { concurrency: 2 }, () => {
  for (const [role, email] of Object.entries(ROLES)) test(`every screen of ${role}`, () => seeAll(role, email));
});

test("the sign-in in every width and theme", async () => {
  const page = await (await world.browser.newContext({ reducedMotion: "reduce" })).newPage();
  await see(page, "sign-in", "nobody", "/sign-in");
});

async function seeAll(role, email) {
  const page = await signedIn(email);
  const { orders } = await manifest();
  for (const [name, where, isSeen] of screens(orders)) {
    if (isSeen && !isSeen(role)) continue;
    await see(page, name, role, typeof where === "string" ? where : await where(page, role));
  }
}

async function see(page, name, role, address) {
  const weight = await weigh(page, world.address + address);
  assert.ok(weight <= WEIGHT_MAX, `${role} ${name} weighs ${weight}`);
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${role} ${name} at ${width} is ${over} px too wide`);
      // Whole where colors or a width of their own show, but for the API's thousands of lines.
      const whole = (width === 1280 || (width < 1280 && theme === "light")) && name !== "api-reference";
      await shoot(page, `${name}-${role}-${theme}-${width}`, whole);
    }
    // The other theme differs in its colors only, and has the same ones for all roles.
    if (theme === "light") await checkAxe(page, `${role} ${name}`);
    else if (role === "seller") await checkAxe(page, `${role} ${name} ${theme}`, ["color-contrast"]);
  }
}
