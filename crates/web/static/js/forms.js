// The viewer's time zone, for the server to write dates in; said before the first page with dates.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`zone=${encodeURIComponent(zone)}`))
  document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;

// The running price beside the form of an offer; the server computes it again.
const summary = document.querySelector("[data-summary]");
if (summary) {
  const { exponent, currency } = summary.dataset;
  const money = (minor) => {
    const digits = String(minor).padStart(Number(exponent) + 1, "0");
    const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, ",");
    return `${whole}${Number(exponent) ? `.${digits.slice(-exponent)}` : ""} ${currency}`;
  };
  const show = () => {
    const plan = summary.elements.plan.selectedOptions[0].dataset;
    const count = ({ value }) => (/^\d{1,6}$/.test(value.trim()) ? BigInt(value.trim()) : null);
    const quantity = count(summary.elements.quantity);
    const say = (name, text) => {
      const place = summary.querySelector(`dl [data-${name}]`);
      if (place) place.textContent = text;
    };
    // Sums by billing cycle: an add-on that is not sold on the license's terms has its own.
    const sums = new Map([[plan.cycle, BigInt(plan.minor) * (quantity ?? 0n)]]);
    const addons = [];
    for (const addon of summary.querySelectorAll("[data-plans]")) {
      const units = count(addon);
      if (!units) continue;
      const plans = addon.dataset.plans.split(";").map((one) => one.split("="));
      const [, minor, cycle] = plans.find(([cadence]) => cadence === plan.cadence) ?? plans[0];
      const price = BigInt(minor) * units;
      sums.set(cycle, (sums.get(cycle) ?? 0n) + price);
      addons.push(`${units} × ${addon.dataset.addon}: ${money(price)}`);
    }
    const others = [...sums].slice(1).map(([cycle, sum]) => ` and ${money(sum)} billed ${cycle}`);
    say("unit", money(plan.minor));
    say("cycle", plan.cycle);
    say("quantity", quantity ?? "–");
    say("addons", addons.join("; ") || "none");
    say("total", quantity === null ? "–" : money(sums.get(plan.cycle)) + others.join(""));
  };
  summary.addEventListener("input", show);
  show();
}

// Menus are disclosures: one at a time, closed by a click elsewhere or by Escape.
function closeMenus(but) {
  let closed = null;
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (menu !== but && !menu.contains(but)) {
      menu.open = false;
      closed = menu;
    }
  return closed;
}
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details.menu") || !menu.open) return;
  closeMenus(menu);
  menu.querySelector("textarea")?.focus();
}, true);
document.addEventListener("pointerdown", (event) => closeMenus(event.target));

// How many rows are selected, and all of them at once.
const picks = () => [...document.querySelectorAll("tbody .c-select input")];
document.addEventListener("change", ({ target }) => {
  if (!target.matches(".c-select input")) return;
  const isAll = target.matches("[data-select-all]");
  if (isAll) for (const pick of picks()) pick.checked = target.checked;
  const count = picks().filter((pick) => pick.checked).length;
  const all = document.querySelector("[data-select-all]");
  if (all) [all.checked, all.indeterminate] = [count > 0 && count === picks().length, count > 0 && count < picks().length];
  const output = document.querySelector(".bulk output");
  if (output) output.textContent = count;
});

// The words that a filter takes, offered for the one that is being typed.
const words = document.getElementById("filter-words");
if (words) {
  const known = [...words.options].map((option) => [option.value, option.textContent]);
  document.querySelector("[list=filter-words]").addEventListener("input", ({ target }) => {
    const before = target.value.replace(/\S*$/, "");
    for (const [at, [word]] of known.entries()) words.options[at].value = before + word;
  });
}
