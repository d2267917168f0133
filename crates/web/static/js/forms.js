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
    const quantity = summary.elements.quantity.value.trim();
    const isNumber = /^\d{1,6}$/.test(quantity);
    const say = (name, text) => (summary.querySelector(`dl [data-${name}]`).textContent = text);
    say("unit", money(plan.minor));
    say("cycle", plan.cycle);
    say("quantity", isNumber ? quantity : "–");
    say("total", isNumber ? money(BigInt(plan.minor) * BigInt(quantity)) : "–");
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

// How many rows are selected.
document.addEventListener("change", (event) => {
  if (!event.target.matches(".c-select input")) return;
  const count = document.querySelectorAll(".c-select input:checked").length;
  const output = document.querySelector(".bulk output");
  if (output) output.textContent = count;
});
