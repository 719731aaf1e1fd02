// Withdraws a request that is still waiting, after a second press.
import { call } from "./api.js";

const notice = document.getElementById("notice");

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-withdraw]");
  if (!button) return;
  if (button.dataset.armed !== "yes") {
    button.dataset.armed = "yes";
    button.textContent = button.dataset.sure;
    return;
  }
  button.disabled = true;
  try {
    await call("POST", `/api/refunds/${button.dataset.withdraw}/withdrawal`, {});
    button.dataset.armed = "";
    document.dispatchEvent(new Event("huiyika-changed"));
  } catch (error) {
    notice.textContent = error.message;
    notice.hidden = false;
    button.disabled = false;
    button.dataset.armed = "";
  }
});
