// Bars of amounts: the data stand in the canvas as fen, and are divided for the eye only.
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const yuan = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "CNY" });

for (const canvas of document.querySelectorAll("canvas.chart")) {
  const data = JSON.parse(canvas.dataset.chart);
  new Chart(canvas, {
    type: "bar",
    data: {
      labels: data.labels,
      datasets: [{ label: data.label, data: data.values.map((fen) => fen / 100), backgroundColor: colour("--teal"), maxBarThickness: 36, borderRadius: 3 }],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: (item) => yuan.format(item.parsed.y) } },
      },
      scales: {
        x: { grid: { display: false }, ticks: { color: colour("--ink-soft") } },
        y: { beginAtZero: true, grid: { color: colour("--line") }, ticks: { color: colour("--ink-soft") } },
      },
    },
  });
}
