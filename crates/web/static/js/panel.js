// The side panel: the page at its address has it already; this puts it over the list that is there, so
// that nothing moves, and moves the focus in and back.
let opener = null;

function showPanel(page, isFocused) {
  document.getElementById("panel")?.remove();
  for (const row of document.querySelectorAll(".is-open")) row.classList.remove("is-open");
  const panel = page?.getElementById("panel");
  if (!panel) return;
  document.querySelector("main").append(panel);
  document.querySelector(`[data-row="${panel.dataset.order}"]`)?.classList.add("is-open");
  if (isFocused) panel.querySelector("h2").focus();
}

async function openPanel(link) {
  const page = await ask(link.href).catch(() => null);
  if (!page?.getElementById("panel")) return void (location.href = link.href);
  opener = link;
  const state = history.state?.panel ? "replaceState" : "pushState";
  history[state]({ panel: true }, "", link.href);
  showPanel(page, true);
}

function closePanel() {
  const panel = document.getElementById("panel");
  if (!panel) return false;
  const number = panel.dataset.order;
  const base = panel.querySelector("[data-close]").href;
  showPanel(null);
  if (history.state?.panel) history.back();
  else history.replaceState(null, "", base);
  const link = opener?.isConnected ? opener : document.querySelector(`[data-row="${number}"] [data-panel]`);
  link?.focus();
  return true;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest("[data-panel]");
  if (link) {
    event.preventDefault();
    openPanel(link);
  } else if (event.target.closest("[data-close]")) {
    event.preventDefault();
    closePanel();
  }
});

addEventListener("popstate", async () => {
  if (!document.querySelector("[data-panel], #panel")) return;
  const wants = new URL(location.href).searchParams.get("panel");
  showPanel(wants ? await ask(location.href).catch(() => null) : null, Boolean(wants));
});

// A page that came with its panel: the focus goes in.
document.querySelector("#panel h2")?.focus({ preventScroll: true });
