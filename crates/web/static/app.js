// Enhancements only: everything works without this file.

// Rows, panel and details follow the orders: when one changes, the same page is asked for again and
// the part that shows orders is put in place, if it differs and nobody is typing in it.
const live = document.querySelector("[data-live]");
if (live) {
  const source = new EventSource(live.dataset.live);
  source.addEventListener("orders", async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["orders", "panel", "order"]) {
      const [now, next] = [document.getElementById(id), page.getElementById(id)];
      if (now && next && now.innerHTML !== next.innerHTML) now.replaceChildren(...next.childNodes);
    }
  });
}

// Escape closes the side panel, which is a page of its own address.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector("#panel a")?.click();
});
