// The program under test and a browser: SEATWRIGHT_BIN names the program; the demo runs on a port and in
// a folder of its own.
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const screens = new URL("../../target/screens/", import.meta.url).pathname;
const flags =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

export const world = {};
export const LISTENS = /Seatwright is at (\S+)\n/;

// Starts the program, and finds out where it listens; it has to be stopped.
export async function started(args, words) {
  const program = spawn(process.env.SEATWRIGHT_BIN, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, RUST_LOG: "warn" },
  });
  const address = await new Promise((found, failed) => {
    let text = "";
    program.stdout.on("data", (chunk) => {
      text += chunk;
      const line = text.match(words);
      if (line) found(line[1]);
    });
    program.on("exit", (code) => failed(new Error(`${args[0]} ended with ${code}`)));
  });
  return { address, stop: () => stopped(program) };
}

function stopped(program) {
  if (program.exitCode !== null) return;
  const ended = new Promise((end) => program.once("exit", end));
  program.kill("SIGTERM");
  return ended;
}

before(async () => {
  mkdirSync(screens, { recursive: true });
  world.folder = mkdtempSync(join(tmpdir(), "seatwright-browser-"));
  world.demo = await started(["demo", "--port", "0", "--data", world.folder], LISTENS);
  world.address = world.demo.address;
  world.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags.split(" ") });
});

after(async () => {
  await world.browser?.close();
  await world.demo?.stop();
  if (world.folder) rmSync(world.folder, { recursive: true, force: true });
});

// A page of somebody who is signed in; an error of a script or of the content policy fails the test.
export async function signedIn(email, options = {}) {
  const context = await world.browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    assert.ok(!text.includes("Content Security Policy"), text);
  });
  await page.goto(world.address);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("seatwright-demo");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
}

// Goes where a link or a button leads, until that page is there to its end: what is read or counted there waits for
// nothing.
export async function follow(locator) {
  await locator.click();
  await locator.page().waitForLoadState();
}

// Opens a page until it shows what is waited for.
export async function until(page, address, locator) {
  for (let tries = 0; tries < 40; tries++) {
    await page.goto(world.address + address);
    if (await locator.count()) return;
    await page.waitForTimeout(250);
  }
  assert.fail(`${address} never shows ${locator}: ${await page.locator("main").innerText()}`);
}

export async function shoot(page, name, fullPage = true) {
  await page.screenshot({ path: join(screens, `${name}.png`), fullPage });
}

export async function checkAxe(page, name, rules) {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`);
  assert.deepEqual(found, [], `axe on ${name}`);
}

export async function look(page, name) {
  await shoot(page, name);
  await checkAxe(page, name);
}

// Moves on with Tab until the element has the focus, as a person does.
export async function tabTo(page, locator) {
  for (let steps = 0; steps < 80; steps++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab never reaches ${locator}`);
}

// The truth about the demo world.
export async function manifest() {
  const answer = await fetch(`${world.address}/api/v1/demo/manifest`);
  return answer.json();
}
