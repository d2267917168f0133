// The keyboard: the overlay behind `?` lists what is here.
const places = { r: "orders", h: "orders/historical", c: "catalog", b: "cart", s: "subscriptions" };
let isGoing = false;

const rows = () => [...document.querySelectorAll("[data-row]")];
const here = () => document.querySelector(".is-here[data-row]") ?? document.activeElement?.closest?.("[data-row]");

function walk(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(here());
  const next = all[Math.min(Math.max(at < 0 ? 0 : at + by, 0), all.length - 1)];
  for (const row of all) row.classList.toggle("is-here", row === next);
  next.querySelector("[data-panel], [data-first]").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function go(letter) {
  if (letter === "o") return void (document.querySelector(".banner, .seller-view") && (location.href = "/organizations"));
  if (letter === "d") return void document.querySelector("[data-desk]")?.click();
  const base = document.querySelector(".customer-view .rail .mark")?.getAttribute("href").replace(/orders$/, "");
  if (base && places[letter]) location.href = base + places[letter];
}

// What a key does to the row that is marked; false where it does nothing.
function act(key, row) {
  if (key === "o") row.querySelector("[data-panel], [data-first]").click();
  else if (key === "Enter") location.href = row.dataset.details;
  else if (key === "x") row.querySelector(".c-select input")?.click();
  else if (key === "r") row.querySelector("[data-retry]")?.click();
  else if (key === "n") {
    const note = row.querySelector(".add-note");
    if (!note) return false;
    note.open = true;
    note.querySelector("textarea").focus();
  } else return false;
  return true;
}

function escape() {
  const menu = closeMenus(null);
  if (menu) return void menu.querySelector("summary").focus();
  if (!closePanel()) document.activeElement?.blur();
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (key === "Escape") return escape();
  if (target.matches("input:not([type=checkbox]), textarea, select")) return;
  const wasGoing = isGoing;
  isGoing = false;
  if (wasGoing) return go(key);
  const isOnRow = !target.closest("a, button, summary") || target.matches("[data-panel], [data-first]");
  if (key === "?") help?.showModal();
  else if (key === "g") isGoing = true;
  else if (key === "/") document.querySelector("[data-search] input[type=search]")?.focus();
  else if (key === "j" || key === "k") walk(key === "j" ? 1 : -1);
  else if (!here() || (key === "Enter" && !isOnRow) || !act(key, here())) return;
  event.preventDefault();
});
