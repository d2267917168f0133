// Enhancements only: everything works without this file.

// Rows, panel and details follow the orders. When one changes, the same page is asked for again and
// what differs is put in place: cell by cell in a row, part by part elsewhere; never where somebody is
// typing, never a new row above what they read.
const live = document.querySelector("[data-live]");

const isBusy = (element) =>
  element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select, button, summary");
const isTyped = (element) =>
  [...element.querySelectorAll("input, textarea")].some((field) =>
    field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
const isOpen = (element) => element.matches("details[open]") || element.querySelector("details[open]");

function settle(now, next, mark) {
  if (now.innerHTML === next.innerHTML || isBusy(now) || isTyped(now) || isOpen(now)) return;
  now.replaceChildren(...next.childNodes);
  if (!mark) return;
  now.classList.remove("changed");
  void now.offsetWidth;
  now.classList.add("changed");
}

function follow(page) {
  let unknown = 0;
  for (const next of page.querySelectorAll("[data-row]")) {
    const now = document.querySelector(`[data-row="${next.dataset.row}"]`);
    if (!now) unknown += 1;
    else if (now.cells.length === next.cells.length)
      [...now.cells].forEach((cell, at) => settle(cell, next.cells[at], true));
  }
  for (const next of page.querySelectorAll("[data-part]")) {
    const now = document.querySelector(`[data-part="${next.dataset.part}"]`);
    if (now) settle(now, next);
  }
  const news = document.querySelector(".news");
  if (news && unknown) {
    news.hidden = false;
    news.firstElementChild.textContent = unknown === 1 ? "Show 1 new order" : `Show ${unknown} new orders`;
  }
}

async function ask(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

if (live) {
  let [asking, again] = [false, false];
  const refresh = async () => {
    if (asking) return void (again = true);
    asking = true;
    do {
      again = false;
      const page = await ask(location.href).catch(() => null);
      if (page) follow(page);
    } while (again);
    asking = false;
  };
  new EventSource(live.dataset.live).addEventListener("orders", refresh);
}
