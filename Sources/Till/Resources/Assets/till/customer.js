// The screen that faces the customer: goods, total, card face, and the pad for the password. What is typed
// here goes to the payment and nowhere else; the cashier's screen never has it.
import { call, words } from "./api.js";
import { showFace } from "./card-face.js";
import { yuan } from "./money.js";

const root = document.getElementById("customer");
const notice = document.getElementById("notice");
const dots = document.getElementById("pad-dots");
const submit = document.getElementById("pad-submit");
const LENGTH = 6;
let typed = "";
let state = { phase: "idle", payment: null };
let drawn = "";
let busy = false;

function say(text) {
  notice.textContent = text ?? "";
  notice.hidden = !text;
}

function drawPad() {
  dots.replaceChildren();
  for (let index = 0; index < LENGTH; index += 1) {
    const dot = document.createElement("span");
    dot.className = index < typed.length ? "is-typed" : "";
    dots.append(dot);
  }
  dots.setAttribute("aria-label", `${words("typed")} ${typed.length} / ${LENGTH}`);
  submit.disabled = typed.length !== LENGTH || busy;
}

function drawLines(lines) {
  const body = document.getElementById("customer-lines");
  body.replaceChildren();
  for (const line of lines) {
    const row = body.insertRow();
    const name = row.insertCell();
    name.textContent = line.name;
    const spec = document.createElement("div");
    spec.className = "muted";
    spec.textContent = line.spec;
    name.append(spec);
    const price = row.insertCell();
    price.className = "number";
    if (line.price !== line.list) {
      const list = document.createElement("s");
      list.className = "muted";
      list.textContent = yuan(line.list);
      price.append(list, " ");
    }
    price.append(yuan(line.price));
    for (const text of [String(line.quantity), yuan(line.amount)]) {
      const cell = row.insertCell();
      cell.className = "number";
      cell.textContent = text;
    }
  }
  body.lastElementChild?.scrollIntoView({ block: "nearest" });
}

function took(answer) {
  const isOther = answer.phase !== state.phase || answer.payment !== state.payment;
  if (isOther) typed = "";
  state = answer;
  const text = JSON.stringify(answer);
  if (text === drawn && !isOther) return;
  drawn = text;
  root.dataset.phase = answer.phase;
  for (const part of root.querySelectorAll("[data-phases]")) {
    part.hidden = !part.dataset.phases.split(" ").includes(answer.phase);
  }
  drawLines(answer.lines);
  showFace(answer.card);
  document.getElementById("customer-total").textContent = yuan(answer.total);
  document.getElementById("customer-step").textContent =
    ["card", "password", "phone", "waiting", "cashier", "refused"].includes(answer.phase) ? words(answer.phase) : "";
  say(answer.message);
  document.getElementById("thanks-total").textContent = yuan(answer.total);
  document.getElementById("thanks-receipt").textContent = answer.receipt ?? "";
  document.getElementById("thanks-remaining").textContent =
    answer.remaining == null ? words("balanceUnknown") : yuan(answer.remaining);
  drawPad();
}

// The QR that the cashier's screen shows; one made anew replaces it.
const qr = document.getElementById("customer-qr");
let qrOf = "";
async function drawCode() {
  if (state.phase !== "phone") {
    qrOf = "";
    return;
  }
  const answer = await call("GET", `/api/payments/${state.payment}/qr`);
  const key = `${state.payment} ${answer.expires}`;
  if (key !== qrOf) qr.src = `data:image/svg+xml,${encodeURIComponent(answer.svg)}`;
  qrOf = key;
  qr.classList.toggle("is-over", answer.isExpired);
}

async function ask() {
  try {
    if (!busy) took(await call("GET", "/api/customer"));
    await drawCode();
  } catch (error) {
    say(error.message);
  }
  setTimeout(ask, 500);
}

function press(digit) {
  if (state.phase !== "password" || busy || typed.length >= LENGTH) return;
  typed += digit;
  drawPad();
}

async function send() {
  if (state.phase !== "password" || typed.length !== LENGTH || busy) return;
  busy = true;
  const password = typed;
  typed = "";
  const payment = state.payment;
  took({ ...state, phase: "waiting", message: null });
  try {
    took(await call("POST", "/api/customer/password", { payment, password }));
  } catch (error) {
    drawn = "";
    say(error.message);
  } finally {
    busy = false;
    drawPad();
  }
}

for (const button of document.querySelectorAll("[data-digit]")) {
  button.addEventListener("click", () => press(button.dataset.digit));
}
document.getElementById("pad-clear").addEventListener("click", () => {
  typed = "";
  drawPad();
});
const back = () => {
  typed = typed.slice(0, -1);
  drawPad();
};
document.getElementById("pad-back").addEventListener("click", back);
document.getElementById("pad-form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (/^[0-9]$/.test(event.key)) press(event.key);
  else if (event.key === "Backspace") back();
  else if (event.key === "Enter") send();
  else return;
  event.preventDefault();
});

drawPad();
ask();
