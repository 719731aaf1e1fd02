// Printers of this till, what waits for them, and what a person has to say about a slip in question.
import { call, words } from "./api.js";

const notice = document.getElementById("notice");
const dialog = document.getElementById("edit");
let shown = "";
let changed = null;

function say(text) {
  notice.textContent = text ?? "";
  notice.hidden = !text;
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function state(text, level) {
  return element("span", text, { class: "state", "data-level": level });
}

function cell(...parts) {
  const made = element("td");
  made.append(...parts);
  return made;
}

function muted(text) {
  return element("div", text, { class: "muted" });
}

function button(label, style, press) {
  const made = element("button", label, { type: "button", class: style });
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      say("");
      await press(made);
      await refresh(true);
    } catch (error) {
      say(error.message);
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

function printerRow(printer, manages) {
  const row = element("tr", undefined, { "data-printer": printer.id });
  const name = cell(element("b", printer.name));
  if (printer.main) name.append(" ", state(words("main"), "plain"));
  const actions = element("div", undefined, { class: "row-buttons" });
  actions.append(
    button(words("test"), "button-plain", () => call("POST", `/api/printers/${printer.id}/test`, {})),
  );
  if (manages) {
    if (!printer.main) {
      actions.append(
        button(words("makeMain"), "button-plain", () => call("POST", `/api/printers/${printer.id}/main`, {})),
      );
    }
    const change = element("button", words("change"), { type: "button", class: "button-plain" });
    change.addEventListener("click", () => open(printer));
    const remove = element("button", words("remove"), { type: "button", class: "button-danger" });
    remove.addEventListener("click", async () => {
      if (remove.dataset.armed !== "yes") {
        remove.dataset.armed = "yes";
        remove.textContent = words("sure");
        return;
      }
      try {
        await call("DELETE", `/api/printers/${printer.id}`);
        await refresh(true);
      } catch (error) {
        say(error.message);
        await refresh(true);
      }
    });
    actions.append(change, remove);
  }
  row.append(
    name,
    cell(printer.slipText, muted(`${words("copies-short")}${printer.copies}`)),
    cell(printer.address, muted(printer.deviceText)),
    cell(`${printer.paper} mm`, muted(`${printer.encoding.toUpperCase()} · ${printer.languageText}`)),
    cell(state(printer.stateText, printer.level)),
    cell(actions),
  );
  return row;
}

function jobRow(job, printers) {
  const row = element("tr", undefined, { "data-job": job.id, "data-state": job.state });
  const what = cell(element("b", job.number || job.printerName), muted(job.title));
  const where = cell(job.printerName, muted(`${job.askedAtText} · ${job.askedBy}`));
  const how = cell(state(job.stateText, job.level));
  if (job.troubleText) how.append(muted(job.troubleText));
  const actions = element("div", undefined, { class: "row-buttons" });
  if (job.state === "unknown") {
    how.append(element("div", words("lookAtPaper"), { class: "look-at-paper" }));
    actions.append(
      button(words("wasPrinted"), "button-plain", () => call("POST", `/api/print-jobs/${job.id}/printed`, {})),
      button(words("again"), "button-primary", () => call("POST", `/api/print-jobs/${job.id}/again`, {})),
    );
  }
  if (job.state === "waiting") {
    const own = printers.find((p) => p.id === job.printer);
    for (const other of printers.filter((p) => p.address !== own?.address || p.device !== own?.device)) {
      actions.append(
        button(`${words("move")} ${other.name}`, "button-plain", () =>
          call("POST", `/api/print-jobs/${job.id}/move`, { printer: other.id }),
        ),
      );
    }
    actions.append(
      button(words("drop"), "button-danger", () => call("POST", `/api/print-jobs/${job.id}/drop`, {})),
    );
  }
  row.append(what, where, how, cell(actions));
  return row;
}

function show(answer) {
  const list = document.getElementById("printer-list");
  list.hidden = answer.printers.length === 0;
  document.getElementById("no-printers").hidden = answer.printers.length > 0;
  list.tBodies[0].replaceChildren(...answer.printers.map((p) => printerRow(p, answer.manages)));
  document.getElementById("queue").hidden = answer.printers.length === 0;
  document.getElementById("no-jobs").hidden = answer.jobs.length > 0;
  document
    .getElementById("job-list")
    .tBodies[0].replaceChildren(...answer.jobs.map((j) => jobRow(j, answer.printers)));
  document.getElementById("ended").hidden = answer.ended.length === 0;
  document
    .getElementById("ended-list")
    .tBodies[0].replaceChildren(...answer.ended.map((j) => jobRow(j, [])));
}

// Drawn anew only when something changed, so that no button moves under a finger.
async function refresh(force = false) {
  try {
    const answer = await call("GET", "/api/printers");
    const text = JSON.stringify(answer);
    if (text === shown && !force) return;
    shown = text;
    show(answer);
  } catch (error) {
    say(error.message);
  }
}

const field = (name) => document.getElementById(`edit-${name}`);
const texts = ["slip", "name", "device", "address", "encoding", "language"];
const numbers = ["paper", "copies"];

function help() {
  document.getElementById("address-help").textContent = words(`help-${field("device").value}`);
}

function open(printer) {
  changed = printer ?? null;
  document.getElementById("edit-form").reset();
  if (printer) for (const name of [...texts, ...numbers]) field(name).value = printer[name];
  if (printer) field("pictures").checked = printer.pictures;
  field("slip").disabled = Boolean(printer);
  document.getElementById("edit-title").textContent = words(printer ? "change" : "add");
  document.getElementById("edit-notice").hidden = true;
  help();
  dialog.showModal();
  field(printer ? "name" : "slip").focus();
}

if (dialog) {
  document.getElementById("add").addEventListener("click", () => open());
  document.getElementById("edit-cancel").addEventListener("click", () => dialog.close());
  field("device").addEventListener("change", help);
  document.getElementById("edit-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const entry = {};
    for (const name of texts) entry[name] = field(name).value;
    for (const name of numbers) entry[name] = Number.parseInt(field(name).value, 10) || 0;
    entry.pictures = field("pictures").checked;
    try {
      await (changed
        ? call("PUT", `/api/printers/${changed.id}`, entry)
        : call("POST", "/api/printers", entry));
      dialog.close();
      await refresh(true);
    } catch (error) {
      const place = document.getElementById("edit-notice");
      place.textContent = error.message;
      place.hidden = false;
    }
  });
}

refresh(true);
setInterval(refresh, 1500);
