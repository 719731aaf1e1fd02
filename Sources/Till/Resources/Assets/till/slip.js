// Prints the copies: at the till's printer when one is set up, else by the browser. Either way the till knows, so
// that a reprint is marked as one.
import { call } from "./api.js";
import { follow } from "./print-state.js";

const button = document.getElementById("print");
const notice = document.getElementById("notice");

async function print() {
  button.disabled = true;
  try {
    const answer = await call("POST", button.dataset.path, {});
    if (answer.jobs.length === 0) window.print();
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
if (button.dataset.printer === "yes") follow(button.dataset.path);
// Printed once, the next thing is the next customer: Enter must not print again.
(document.querySelector("[data-printed]") ? document.getElementById("next") : button).focus();
