// Tells of a refund's decision on whatever page the cashier is, once, with the way to its slip.
import { call } from "./api.js";
import { yuan } from "./money.js";
import { onTick } from "./tick.js";

const memory = "refunds seen";
const news = document.getElementById("refund-news");
const DECIDED = ["approved", "refused", "expired"];

function known() {
  try {
    return JSON.parse(localStorage.getItem(memory));
  } catch {
    return null;
  }
}

function tell(refund) {
  const item = document.createElement("p");
  item.className = `notice notice-${refund.state === "approved" ? "good" : "bad"}`;
  const word = news.dataset[refund.state];
  const opinion = refund.opinion ? ` · ${refund.opinion}` : "";
  item.append(`${word} ${refund.saleReceipt} ${yuan(refund.amount)}${opinion} `);
  const link = document.createElement("a");
  link.href = refund.state === "approved" ? `/refunds/${refund.id}/slip` : "/refunds";
  link.textContent = refund.state === "approved" ? news.dataset.slip : news.dataset.more;
  item.append(link);
  news.append(item);
}

async function look() {
  const { refunds } = await call("GET", "/api/refunds");
  const before = known();
  const now = {};
  for (const refund of refunds) {
    now[refund.id] = refund.state;
    const isNew = before && before[refund.id] !== refund.state;
    if (isNew && DECIDED.includes(refund.state)) tell(refund);
  }
  localStorage.setItem(memory, JSON.stringify(now));
}

if (news) {
  look().catch(() => {});
  onTick(4000, look);
}
