// What becomes of a slip at the till's printer: <div id="print-state" data-path="/api/sales/ID/slips" hidden>.
import { call } from "./api.js";

let timer = null;

function line(job) {
  const row = document.createElement("li");
  row.dataset.job = job.id;
  row.dataset.state = job.state;
  const state = document.createElement("span");
  state.className = "state";
  state.dataset.level = job.level;
  state.textContent = job.stateText;
  row.append(state, ` ${job.title} · ${job.printerName}`);
  if (job.troubleText) row.append(` · ${job.troubleText}`);
  return row;
}

// Follows the jobs while one of them is open.
export async function follow(path) {
  const place = document.getElementById("print-state");
  if (!place) return;
  clearTimeout(timer);
  let isOpen = true;
  try {
    const answer = await call("GET", path);
    // Newest first; jobs of earlier reprints are history.
    const newest = answer.jobs.filter((job) => job.reprint === answer.jobs[0].reprint).reverse();
    place.hidden = newest.length === 0;
    place.querySelector("ul").replaceChildren(...newest.map(line));
    isOpen = answer.hasPrinter && (newest.length === 0 || newest.some((j) => ["waiting", "sending"].includes(j.state)));
  } catch {
    isOpen = true;
  }
  if (isOpen) timer = setTimeout(() => follow(path), 1000);
}
