// The bar that is always there: is the line up, what has not been sent, what may be out of date.
import { call } from "./api.js";

const bar = document.getElementById("status-bar");
const memory = `status ${document.documentElement.lang}`;

function show(status) {
  bar.dataset.level = status.level;
  const printers = document.getElementById("status-printers-part");
  if (printers) printers.hidden = !status.bar.some((item) => item.key === "printers");
  for (const item of status.bar) {
    const element = document.getElementById(`status-${item.key}`);
    if (!element) continue;
    element.textContent = item.text;
    element.dataset.level = item.level;
  }
}

async function refresh() {
  try {
    const status = await call("GET", "/api/status");
    show(status);
    sessionStorage.setItem(memory, JSON.stringify({ level: status.level, bar: status.bar }));
    document.getElementById("status-trouble")?.setAttribute("hidden", "");
  } catch {
    bar.dataset.level = "bad";
    document.getElementById("status-trouble")?.removeAttribute("hidden");
  }
}

if (bar) {
  // The last page's words stand until the answer comes, so that nothing jumps.
  const last = sessionStorage.getItem(memory);
  if (last) show(JSON.parse(last));
  refresh();
  setInterval(refresh, 3000);
}
