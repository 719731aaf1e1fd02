// Keeps the overview fresh without a reload, while somebody looks at it.
import { get } from "./http.js";

const interval = 5000;
// A page left open must not keep its session alive for ever.
const restAfter = 10 * 60 * 1000;
const live = document.getElementById("overview-live");
const canvas = document.getElementById("days-chart");
let lastSeen = Date.now();
let shown = "";
for (const kind of ["pointerdown", "keydown", "scroll", "visibilitychange"]) {
  document.addEventListener(kind, () => { lastSeen = Date.now(); }, { passive: true });
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const yuan = (fen) => "¥" + (fen / 100).toLocaleString("en", { minimumFractionDigits: 2 });

const series = (label, name) => ({
  label, data: [], backgroundColor: colour(name), borderRadius: 3, maxBarThickness: 32,
});
const chart = new Chart(canvas, {
  type: "bar",
  data: {
    labels: [],
    datasets: [series(canvas.dataset.gross, "--teal"), series(canvas.dataset.refunds, "--line-strong")],
  },
  options: {
    animation: false,
    maintainAspectRatio: false,
    scales: {
      x: { grid: { display: false } },
      y: { beginAtZero: true, suggestedMax: 10000, ticks: { callback: (value) => yuan(value) } },
    },
    plugins: {
      legend: { position: "bottom" },
      tooltip: { callbacks: { label: (item) => `${item.dataset.label} ${yuan(item.raw)}` } },
    },
  },
});

async function drawDays() {
  const days = await get("/overview/days");
  const text = JSON.stringify(days);
  if (text === shown) return;
  shown = text;
  chart.data.labels = days.map((day) => day.date.slice(5));
  chart.data.datasets[0].data = days.map((day) => day.gross);
  chart.data.datasets[1].data = days.map((day) => day.refunds);
  chart.update();
  canvas.dataset.drawn = String(days.length);
}

async function refresh() {
  const response = await fetch("/overview/live", { credentials: "same-origin", redirect: "error" });
  if (!response.ok) return;
  const text = await response.text();
  // Whoever stands on a link with the keyboard keeps standing there.
  if (!live.contains(document.activeElement)) live.innerHTML = text;
  await drawDays();
}

async function turn() {
  const isWatched = !document.hidden && Date.now() - lastSeen < restAfter;
  try {
    if (isWatched) await refresh();
  } catch {
    // No answer: the page keeps what it shows, with its time, and asks again.
  }
  setTimeout(turn, interval);
}

drawDays().catch(() => {});
setTimeout(turn, interval);
