// Prints the two copies and tells the till so that a reprint is marked as one.
import { call } from "./api.js";

const button = document.getElementById("print");
const notice = document.getElementById("notice");

async function print() {
  button.disabled = true;
  try {
    await call("POST", button.dataset.path, {});
    window.print();
    location.reload();
  } catch (error) {
    notice.textContent = error.message;
    notice.hidden = false;
    button.disabled = false;
  }
}

button.addEventListener("click", print);
document.addEventListener("keydown", (event) => {
  if (event.key === "F9") {
    event.preventDefault();
    if (!button.disabled) print();
  }
});
// Printed once, the next thing is the next customer: Enter must not print again.
(document.querySelector("[data-printed]") ? document.getElementById("next") : button).focus();
