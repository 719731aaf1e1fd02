// Closes the day after a second press.
import { call } from "./api.js";

const close = document.getElementById("close-day");
const notice = document.getElementById("notice");

async function closeDay() {
  if (close.dataset.armed !== "yes") {
    close.dataset.armed = "yes";
    close.textContent = close.dataset.sure;
    return;
  }
  close.disabled = true;
  try {
    const made = await call("POST", "/api/day-closes", { first: Number(close.dataset.first) });
    location.assign(`/day-close/${made.id}`);
  } catch (error) {
    notice.textContent = error.message;
    notice.hidden = false;
    notice.scrollIntoView({ block: "nearest" });
    close.disabled = false;
  }
}

if (close) {
  close.addEventListener("click", closeDay);
  if (!close.disabled) close.focus();
}
