// The bar that is always there: is the line up, what has not been sent, what may be out of date.
import { call } from "./api.js";

const bar = document.getElementById("status-bar");

async function refresh() {
  try {
    const status = await call("GET", "/api/status");
    bar.dataset.level = status.level;
    for (const item of status.bar) {
      const element = document.getElementById(`status-${item.key}`);
      if (!element) continue;
      element.textContent = item.text;
      element.dataset.level = item.level;
    }
    document.getElementById("status-trouble")?.setAttribute("hidden", "");
  } catch {
    bar.dataset.level = "bad";
    document.getElementById("status-trouble")?.removeAttribute("hidden");
  }
}

if (bar) {
  refresh();
  setInterval(refresh, 3000);
}
