// Card number, then its face, then the password, then the answer.
import { call, words } from "./api.js";
import { showFace } from "./card-face.js";
import { yuan } from "./money.js";
import { managerOverride } from "./override.js";
import { follow } from "./print-state.js";
import { onScan } from "./scanner.js";

const root = document.getElementById("pay");
const id = root.dataset.payment;
const number = document.getElementById("card-number");
const password = document.getElementById("card-password");
const notice = document.getElementById("notice");
const code = document.getElementById("code");
const steps = ["card", "customer", "password", "phone", "waiting", "choice", "refused", "done", "ended"];
let busy = false;
let overrideLimit = null;
// The customer types the password at the other screen.
let isAtCustomer = false;

function show(step) {
  for (const name of steps) {
    const part = document.getElementById(`step-${name}`);
    if (part) part.hidden = name !== step;
  }
  root.dataset.step = step;
  for (const key of document.querySelectorAll("[data-steps]")) {
    key.hidden = !key.dataset.steps.split(" ").includes(step);
  }
  if (step === "card") number.focus();
  if (step === "password") password.focus();
  if (step === "phone") code.focus();
  // A stray Enter must not take the password away from the customer's screen.
  if (step === "customer") document.activeElement?.blur();
  if (step === "choice") document.getElementById("choice-retry").focus();
  if (step === "refused") document.getElementById("refused-cancel").focus();
  if (step === "done") document.getElementById("open-slip").focus();
  if (step === "ended") document.getElementById("back-to-sell").focus();
}

function say(text) {
  notice.textContent = text ?? "";
  notice.hidden = !text;
}

// One payment answer (Docs/TILL-API.md, "payment"), whatever the request was.
function took(payment) {
  const isStill = payment.state === "phone" && root.dataset.step === "phone";
  if (!isStill) say("");
  if (payment.card) showFace(payment.card);
  switch (payment.state) {
    case "begun":
      if (isAtCustomer) waitForCustomer();
      else show("card");
      break;
    case "phone":
      if (!isStill) show("phone");
      tookPhone(payment.phone);
      break;
    case "refused":
      password.value = "";
      say(payment.message);
      if (payment.mayRetype && isAtCustomer) waitForCustomer();
      else show(payment.mayRetype ? (number.value ? "password" : "card") : "refused");
      break;
    case "not_stored":
    case "no_answer": {
      const offline = document.getElementById("choice-stand-in");
      offline.disabled = !payment.standIn.allowed;
      overrideLimit = payment.standIn.overrideLimit ?? null;
      document.getElementById("choice-override").hidden = overrideLimit === null;
      document.getElementById("choice-why").textContent =
        payment.message ?? payment.standIn.message ?? "";
      show("choice");
      break;
    }
    case "asking":
      show("waiting");
      setTimeout(refresh, 700);
      break;
    case "completed":
      document.getElementById("done-receipt").textContent = payment.receipt;
      document.getElementById("done-mode").textContent = words(
        { authorised: "paidOnline", phone: "paidByPhone" }[payment.mode] ?? "paidOffline",
      );
      document.getElementById("done-remaining").textContent =
        payment.remaining === null ? words("balanceUnknown") : yuan(payment.remaining);
      document.getElementById("open-slip").href = `/orders/${id}/slip`;
      follow(`/api/sales/${id}/slips`);
      show("done");
      break;
    default:
      document.getElementById("ended-why").textContent = payment.message ?? "";
      show("ended");
  }
}

// The QR stays until a phone has paid, the code was typed, or somebody cancels.
let shownUntil = 0;
let timer = null;
function tookPhone(phone) {
  document.getElementById("qr-expired").hidden = !phone.isExpired;
  document.getElementById("qr-waiting").hidden = phone.isExpired;
  document.getElementById("qr").classList.toggle("is-over", phone.isExpired);
  const tries = document.getElementById("code-tries");
  tries.hidden = phone.triesLeft === 5;
  tries.textContent = words("codeTries").replace("9", phone.triesLeft);
  code.disabled = phone.triesLeft === 0;
  if (shownUntil !== phone.expires) drawCode(phone.expires);
  clearTimeout(timer);
  timer = setTimeout(refresh, 1000);
}

async function drawCode(expires) {
  shownUntil = expires;
  try {
    const answer = await call("GET", `/api/payments/${id}/qr`);
    document.getElementById("qr").src = `data:image/svg+xml,${encodeURIComponent(answer.svg)}`;
    const time = new Date(answer.expires).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai" });
    document.getElementById("qr-until").textContent = words("qrUntil").replace("00:00", time);
  } catch (error) {
    shownUntil = 0;
    say(error.message);
  }
}

// Looks at the payment until the other screen has moved it.
function waitForCustomer() {
  if (root.dataset.step !== "customer") show("customer");
  setTimeout(() => root.dataset.step === "customer" && refresh(), 600);
}

async function guarded(work) {
  if (busy) return;
  busy = true;
  try {
    await work();
  } catch (error) {
    say(error.message);
    if (error.code === "till_unreachable" || error.status >= 500) setTimeout(refresh, 1500);
  } finally {
    busy = false;
  }
}

async function refresh() {
  try {
    took(await call("GET", `/api/payments/${id}`));
  } catch (error) {
    say(error.message);
  }
}

document.getElementById("card-form").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    const answer = await call("POST", `/api/payments/${id}/card`, { number: number.value });
    say("");
    showFace(answer);
    isAtCustomer = answer.customerScreen;
    if (isAtCustomer) waitForCustomer();
    else show("password");
  });
});

document.getElementById("password-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = password.value;
  if (!/^\d{6}$/.test(typed)) {
    say(words("passwordSixDigits"));
    password.focus();
    return;
  }
  guarded(async () => {
    say("");
    show("waiting");
    password.value = "";
    try {
      took(await call("POST", `/api/payments/${id}/attempts`, { number: number.value, password: typed }));
    } catch (error) {
      show("password");
      throw error;
    }
  });
});

document.getElementById("code-form").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    say("");
    try {
      took(await call("POST", `/api/payments/${id}/code`, { code: code.value }));
    } finally {
      code.value = "";
      code.focus();
    }
  });
});

const showCode = () =>
  guarded(async () => took(await call("POST", `/api/payments/${id}/qr`, {})));
document.getElementById("by-phone").addEventListener("click", showCode);
document.getElementById("qr-renew").addEventListener("click", showCode);

// A payment is for cards or for phones: the other way takes a payment of its own for the same basket.
const startAnew = (isByPhone) =>
  guarded(async () => {
    show("waiting");
    try {
      const ended = await call("POST", `/api/payments/${id}/cancel`, {});
      if (ended.state !== "cancelled") return took(ended);
      const next = await call("POST", "/api/payments", {});
      if (isByPhone) await call("POST", `/api/payments/${next.id}/qr`, {});
      location.replace(`/pay/${next.id}`);
    } catch (error) {
      await refresh();
      throw error;
    }
  });
document.getElementById("by-card").addEventListener("click", () => startAnew(false));
document.getElementById("choice-phone").addEventListener("click", () => startAnew(true));

const changeCard = () => {
  password.value = "";
  isAtCustomer = false;
  showFace(null);
  show("card");
  call("DELETE", `/api/payments/${id}/card`).catch((error) => say(error.message));
};
for (const button of document.querySelectorAll("[data-change-card]")) button.addEventListener("click", changeCard);

// The pad is out of reach or broken: the password is typed here, masked.
const typeHere = () => {
  isAtCustomer = false;
  call("DELETE", `/api/payments/${id}/card`).catch((error) => say(error.message));
  show("password");
};
document.getElementById("type-here").addEventListener("click", typeHere);

const post = (path, body) => () =>
  guarded(async () => {
    show("waiting");
    try {
      took(await call("POST", `/api/payments/${id}/${path}`, body));
    } catch (error) {
      await refresh();
      throw error;
    }
  });
document.getElementById("choice-retry").addEventListener("click", post("retry", {}));
document.getElementById("choice-stand-in").addEventListener("click", post("stand-in", {}));
for (const button of document.querySelectorAll("[data-cancel]")) {
  button.addEventListener("click", post("cancel", {}));
}

const askManager = managerOverride(id, took);
document.getElementById("choice-override").addEventListener("click", () => askManager(overrideLimit));

// A card scanned, wherever the cursor is. Scanned once more while the password is due, it must not run
// into the password and cost the customer a try.
const isForCards = () => ["card", "customer", "password"].includes(root.dataset.step);
const takeCard = (scanned) => {
  if (root.dataset.step !== "card") return;
  number.value = scanned;
  document.getElementById("card-form").requestSubmit();
};
onScan(7, takeCard, isForCards);

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const step = root.dataset.step;
  if (event.key === "Escape" && ["card", "customer", "password", "phone", "choice", "refused"].includes(step)) post("cancel", {})();
  if (event.key === "F7" && step === "card") showCode();
  if (event.key === "F7" && step === "choice") startAnew(true);
  if (step === "customer" && event.key === "F6") {
    event.preventDefault();
    typeHere();
  }
  if (step === "choice" && event.key === "F5") {
    event.preventDefault();
    post("retry", {})();
  }
  if (step === "choice" && event.key === "F9" && overrideLimit !== null) {
    event.preventDefault();
    askManager(overrideLimit);
  }
  if (step === "choice" && event.key === "F8") {
    event.preventDefault();
    if (!document.getElementById("choice-stand-in").disabled) post("stand-in", {})();
  }
});

refresh();
