// A manager allows one sale above the per-sale limit: own login, own password, a reason (R-P3).
import { call, words } from "./api.js";
import { yuan } from "./money.js";

const dialog = document.getElementById("override-dialog");
const login = document.getElementById("override-login");
const password = document.getElementById("override-password");
const reason = document.getElementById("override-reason");
const notice = document.getElementById("override-notice");
let busy = false;

export function managerOverride(payment, took) {
  document.getElementById("override-cancel").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    password.value = "";
  });
  document.getElementById("override-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const missing = [login, password, reason].find((field) => !field.value.trim());
    if (missing) {
      missing.focus();
      return;
    }
    if (busy) return;
    busy = true;
    notice.hidden = true;
    try {
      const answer = await call("POST", `/api/payments/${payment}/override`, {
        login: login.value.trim(), password: password.value, reason: reason.value,
      });
      dialog.close();
      took(answer);
    } catch (error) {
      notice.textContent = error.message;
      notice.hidden = false;
      password.value = "";
      password.focus();
    } finally {
      busy = false;
    }
  });
  return (limit) => {
    document.getElementById("override-explain").textContent =
      `${words("overrideLimit")} ${yuan(limit)}. ${words("overrideExplain")}`;
    notice.hidden = true;
    for (const field of [login, password, reason]) field.value = "";
    dialog.showModal();
    login.focus();
  };
}
