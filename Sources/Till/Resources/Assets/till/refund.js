// Whole order or chosen lines; shows what would go back before anything is asked for.
import { call } from "./api.js";
import { yuan } from "./money.js";

const form = document.getElementById("refund-form");
const notice = document.getElementById("notice");
const amount = document.getElementById("refund-amount");
const inputs = [...form.querySelectorAll("[data-line]")];
let busy = false;

const isWhole = () => form.elements.scope.value === "whole";

function quantityOf(input) {
  return /^\d{1,4}$/.test(input.value) ? Number(input.value) : 0;
}

function draw() {
  let sum = 0;
  for (const input of inputs) {
    if (isWhole()) input.value = input.max;
    input.disabled = isWhole();
    sum += quantityOf(input) * Number(input.dataset.price);
  }
  amount.textContent = yuan(sum);
}

form.addEventListener("input", draw);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  busy = true;
  try {
    const lines = inputs
      .map((input) => ({ line: Number(input.dataset.line), quantity: quantityOf(input) }))
      .filter((entry) => entry.quantity > 0);
    await call("POST", form.dataset.path, {
      card: form.elements.card.value,
      reason: form.elements.reason.value,
      lines: isWhole() ? null : lines,
      id: form.dataset.request,
    });
    location.assign("/refunds");
  } catch (error) {
    notice.textContent = error.message;
    notice.hidden = false;
    notice.scrollIntoView({ block: "nearest" });
    const wrong = error.code.includes("reason") ? "reason" : error.code.includes("card") ? "card" : null;
    if (wrong) form.elements[wrong].focus();
  } finally {
    busy = false;
  }
});
draw();
