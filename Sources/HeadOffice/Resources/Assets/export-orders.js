// Keeps the list of files fresh while one is being written.
const list = document.getElementById("export-orders");
const interval = 1000;

async function turn() {
  if (!list.querySelector("[data-under-way]")) return;
  try {
    if (!document.hidden) {
      const response = await fetch("/finance/files/live", { credentials: "same-origin", redirect: "error" });
      // Whoever stands on a button with the keyboard keeps standing there.
      if (response.ok && !list.contains(document.activeElement)) list.innerHTML = await response.text();
    }
  } catch {
    // No answer: the page keeps what it shows and asks again.
  }
  setTimeout(turn, interval);
}

setTimeout(turn, interval);
