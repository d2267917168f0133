// Help and command palette: the palette lists what is on the page already, and customers by asking for
// the page that lists them.
const palette = document.getElementById("palette");
const help = document.getElementById("help");
let customers = null;

function commands() {
  const list = [];
  const add = (group, label, run) => label && list.push({ group, label, run });
  const go = (link) => () => link.click();
  for (const link of document.querySelectorAll(".rail a:not(.mark), .pair a, .tabs a"))
    add("Pages", link.textContent.replace(/\s+/g, " ").trim(), go(link));
  for (const button of document.querySelectorAll(".acts button, .acts a, .toolbar .menu-body:not(.groups, .views) .item, #panel .primary"))
    add("Actions", button.textContent.trim(), go(button));
  for (const link of document.querySelectorAll(".views a.item")) add("Views", link.textContent.trim(), go(link));
  for (const link of document.querySelectorAll(".groups .item")) add("Filters", link.firstChild.textContent.trim(), go(link));
  for (const button of document.querySelectorAll(".user .segments button"))
    add("Actions", `Theme: ${button.textContent.trim()}`, go(button));
  const [desk, leave] = [".banner [data-desk]", "[data-leave]"].map((one) => document.querySelector(one));
  if (desk) add("Pages", "Order desk", go(desk));
  if (leave) add("Actions", "Leave Customer View", go(leave));
  add("Actions", "Keyboard help", () => help.showModal());
  add("Actions", "Sign out", go(document.querySelector(".user .menu-body form:last-child button")));
  for (const one of customers ?? []) add("Customers", one.label, () => (location.href = one.href));
  return list;
}

async function findCustomers() {
  if (customers || !document.querySelector(".banner, .seller-view")) return;
  customers = [];
  const page = await ask("/organizations").catch(() => null);
  const links = page?.querySelectorAll("tbody .c-main a") ?? [];
  customers = [...links].map((link) => ({ label: link.textContent.trim(), href: link.getAttribute("href") }));
  if (palette.open) fillPalette();
}

function fillPalette() {
  const words = palette.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = commands().filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
  const found = palette.querySelector(".found");
  found.replaceChildren();
  let group = "";
  for (const command of fits.slice(0, 40)) {
    if (command.group !== group) {
      const head = document.createElement("h3");
      head.textContent = group = command.group;
      found.append(head);
    }
    const item = document.createElement("button");
    item.type = "button";
    item.className = "item";
    item.textContent = command.label;
    item.addEventListener("click", () => {
      palette.close();
      command.run();
    });
    found.append(item);
  }
  if (!fits.length) found.textContent = "Nothing by that name";
  found.querySelector(".item")?.classList.add("is-here");
}

function step(by) {
  const items = [...palette.querySelectorAll(".item")];
  const at = items.findIndex((item) => item.classList.contains("is-here"));
  const next = items[(at + by + items.length) % items.length];
  items[at]?.classList.remove("is-here");
  next?.classList.add("is-here");
  next?.scrollIntoView({ block: "nearest" });
}

function openPalette() {
  if (!palette || palette.open) return;
  palette.querySelector("input").value = "";
  fillPalette();
  palette.showModal();
  findCustomers();
}

palette?.querySelector("input").addEventListener("input", fillPalette);
palette?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") step(1);
  else if (event.key === "ArrowUp") step(-1);
  else if (event.key === "Enter") palette.querySelector(".is-here")?.click();
  else return;
  event.preventDefault();
});
for (const dialog of [palette, help])
  dialog?.addEventListener("click", (event) => event.target === dialog && dialog.close());
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens]");
  if (button?.dataset.opens === "palette") openPalette();
  if (button?.dataset.opens === "help") help.showModal();
});
