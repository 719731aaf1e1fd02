// Keeps what a page shows of an order or of refunds true without a reload: parts marked data-live are
// fetched again and put in place when they differ.
import { onTick } from "./tick.js";

const parts = () => [...document.querySelectorAll("[data-live]")];

// What the keyboard stands on is found again in the new part.
function mark(element) {
  if (!element?.closest?.("[data-live]")) return null;
  const link = element.getAttribute("href");
  const withdraw = element.dataset?.withdraw;
  return link ? `[href="${link}"]` : withdraw ? `[data-withdraw="${withdraw}"]` : null;
}

async function refresh() {
  if (document.hidden || document.querySelector("[data-armed=yes]")) return;
  const response = await fetch(location.pathname, {
    headers: { Accept: "text/html" }, cache: "no-store", credentials: "same-origin",
  });
  if (!response.ok || response.redirected) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of parts()) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!other || other.innerHTML === part.innerHTML) continue;
    const focused = mark(document.activeElement);
    part.replaceChildren(...other.cloneNode(true).childNodes);
    if (focused) part.querySelector(focused)?.focus();
  }
}

if (parts().length) {
  onTick(3000, refresh);
  document.addEventListener("huiyika-changed", () => refresh().catch(() => {}));
}
