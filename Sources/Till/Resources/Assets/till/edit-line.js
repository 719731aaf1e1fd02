// The small dialog for a line's quantity or price; a price other than the list's needs a reason.
import { words } from "./api.js";
import { fen, yuan } from "./money.js";

const dialog = document.getElementById("edit");
const form = document.getElementById("edit-form");
const input = document.getElementById("edit-value");
const reason = document.getElementById("edit-reason");
const reasonPart = document.getElementById("edit-reason-part");
const bad = document.getElementById("edit-bad");
// So much above the list price is more likely a slip of the finger: it is asked for twice.
const FAR_ABOVE = 3;

// Gives a function (kind, entry) that opens the dialog; done(line, change) gets what was entered.
export function editLine(done, left) {
  let entry = null;
  let kind = "";
  let doubted = null;

  const complain = (text) => {
    bad.textContent = text;
    bad.hidden = !text;
  };

  const value = () =>
    kind === "price"
      ? fen(input.value)
      : /^[0-9０-９]{1,4}$/.test(input.value.trim())
        ? Number(input.value.trim().normalize("NFKC"))
        : null;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const entered = value();
    if (entered === null) {
      complain(words("badValue"));
      input.select();
      return;
    }
    if (kind === "quantity") {
      dialog.close();
      done(entry.line, { quantity: entered });
      return;
    }
    if (entered > entry.list * FAR_ABOVE && doubted !== entered) {
      doubted = entered;
      complain(`${words("farAbove")} ${yuan(entered)} / ${yuan(entry.list)}`);
      input.focus();
      return;
    }
    complain("");
    if (entered !== entry.list && !reason.value.trim()) {
      if (document.activeElement === reason) complain(words("reasonMissing"));
      reason.focus();
      return;
    }
    dialog.close();
    done(entry.line, { price: entered, reason: reason.value.trim() || undefined });
  });

  // The common reasons by their number.
  const presets = [...document.querySelectorAll("[data-reason]")];
  const choose = (index) => {
    reason.value = presets[index].dataset.reason;
    reason.focus();
  };
  presets.forEach((button, index) => button.addEventListener("click", () => choose(index)));
  reason.addEventListener("keydown", (event) => {
    const index = "12345".indexOf(event.key);
    if (event.key.length !== 1 || index < 0 || index >= presets.length || reason.value) return;
    event.preventDefault();
    choose(index);
  });

  dialog.addEventListener("close", left);
  document.getElementById("edit-cancel").addEventListener("click", () => dialog.close());

  return (what, line) => {
    kind = what;
    entry = line;
    doubted = null;
    document.getElementById("edit-title").textContent = words(kind);
    document.getElementById("edit-name").textContent =
      kind === "price" ? `${entry.name} · ${words("list")} ${yuan(entry.list)}` : entry.name;
    complain("");
    reasonPart.hidden = kind !== "price";
    reason.value = kind === "price" ? (entry.repriceReason ?? "") : "";
    input.value = kind === "price" ? yuan(entry.price).replace(/[¥,]/g, "") : String(entry.quantity);
    dialog.showModal();
    input.select();
  };
}
