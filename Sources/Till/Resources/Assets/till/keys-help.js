// The keys that work on every page, and the list of all of them: F1 or ?.
const help = document.getElementById("keys-help");
const pages = { KeyS: "/", KeyO: "/orders", KeyR: "/refunds", KeyC: "/day-close", KeyP: "/printers", KeyT: "/status" };

function isTyping(target) {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  // An empty search box is where a cashier's cursor rests: there the sign asks for help.
  return !(target.id === "search" && !target.value);
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if ((event.key === "?" || event.key === "？") && !isTyping(event.target) && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    help.showModal();
    return;
  }
  if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (pages[event.code]) {
    event.preventDefault();
    location.assign(pages[event.code]);
  } else if (event.code === "KeyL") {
    event.preventDefault();
    document.querySelector("form[action='/language'] button")?.click();
  } else if (event.code === "KeyQ") {
    event.preventDefault();
    document.querySelector("form[action='/sign-out'] button")?.click();
  }
});

document.getElementById("open-keys-help")?.addEventListener("click", () => help.showModal());
document.getElementById("close-keys-help")?.addEventListener("click", () => help.close());

// Up and down walk through a list's rows.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
  if (event.target.matches?.("textarea, select, [type=date], [type=number], [type=radio], #search")) return;
  const links = [...document.querySelectorAll("table.list tbody tr")]
    .map((row) => row.querySelector("a"))
    .filter(Boolean);
  if (!links.length) return;
  event.preventDefault();
  const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = at < 0 ? 0 : at + (event.key === "ArrowDown" ? 1 : -1);
  links[Math.min(Math.max(next, 0), links.length - 1)].focus();
});
