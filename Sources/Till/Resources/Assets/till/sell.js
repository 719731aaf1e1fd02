// Ring up: type, arrows, Enter; F2 quantity, F4 price, Delete removes, F6 holds, F7 resumes, F9 settles.
import { call, words } from "./api.js";
import { editLine } from "./edit-line.js";
import { holding } from "./held.js";
import { yuan } from "./money.js";
import { onScan } from "./scanner.js";

const search = document.getElementById("search");
const results = document.getElementById("results");
const basketBody = document.getElementById("basket-lines");
const totalText = document.getElementById("total");
const countText = document.getElementById("item-count");
const settle = document.getElementById("settle");
const clear = document.getElementById("clear");
const editQuantity = document.getElementById("edit-quantity");
const holdButton = document.getElementById("hold");
const editPrice = document.getElementById("edit-price");
const notice = document.getElementById("notice");

let found = [];
let chosen = 0;
let basket = { lines: [], total: 0 };
let line = 0;
let asked = 0;
let foundFor = "";
let leaving = false;
let looking = false;
let queue = Promise.resolve();
let complaints = 0;
let mayHush = true;

function say(text, bad = true) {
  if (text && bad) complaints += 1;
  notice.textContent = text;
  notice.hidden = !text;
  notice.className = bad ? "notice notice-bad" : "notice notice-good";
}

// One change after another: a scanner is quicker than an answer, and nothing it read may be lost. What went wrong
// stays on the screen through what was already waiting; only something new takes it away.
function inTurn(work) {
  const known = complaints;
  queue = queue
    .then(() => {
      mayHush = known === complaints;
      return work();
    })
    .catch((error) => say(error.message));
  return queue;
}

function cell(row, text, className) {
  const element = row.insertCell();
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

function drawResults() {
  results.replaceChildren();
  found.forEach((product, index) => {
    const item = document.createElement("li");
    item.id = `result-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(index === chosen));
    const name = document.createElement("span");
    name.className = "result-name";
    name.textContent = product.name;
    const detail = document.createElement("span");
    detail.className = "result-detail";
    detail.textContent = `${product.spec} · ${product.sku}`;
    const price = document.createElement("span");
    price.className = "result-price";
    price.textContent = yuan(product.price);
    item.append(name, detail, price);
    item.addEventListener("click", () => add(product));
    results.append(item);
  });
  search.setAttribute("aria-activedescendant", found.length ? `result-${chosen}` : "");
  document.getElementById(`result-${chosen}`)?.scrollIntoView({ block: "nearest" });
  document.getElementById("no-result").hidden = !(search.value.trim() && !found.length);
  document.getElementById("search-hint").hidden = Boolean(search.value.trim());
}

function drawBasket() {
  basketBody.replaceChildren();
  line = Math.min(line, Math.max(basket.lines.length - 1, 0));
  basket.lines.forEach((entry, index) => {
    const row = basketBody.insertRow();
    row.setAttribute("aria-selected", String(index === line));
    row.addEventListener("click", () => {
      line = index;
      drawBasket();
    });
    const name = cell(row, "", "basket-name");
    const title = document.createElement("div");
    title.textContent = entry.name;
    const detail = document.createElement("div");
    detail.className = "muted";
    detail.textContent = entry.spec;
    name.append(title, detail);
    const price = cell(row, "", "number");
    if (entry.price !== entry.list) {
      const list = document.createElement("s");
      list.className = "muted";
      list.textContent = yuan(entry.list);
      const by = document.createElement("div");
      by.className = "repriced";
      by.textContent = `${words("repricedBy")} ${entry.repricedBy} · ${entry.repriceReason ?? ""}`;
      by.title = entry.repriceReason ?? "";
      price.append(list, " ", yuan(entry.price), by);
    } else {
      price.textContent = yuan(entry.price);
    }
    const quantity = cell(row, "", "number quantity");
    for (const [sign, step] of [["−", -1], [String(entry.quantity), 0], ["+", 1]]) {
      if (step === 0) {
        const value = document.createElement("span");
        value.textContent = sign;
        quantity.append(value);
        continue;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.setAttribute("aria-label", `${words(step > 0 ? "more" : "fewer")} ${entry.name}`);
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        changed(entry.line, (now) => ({ quantity: now.quantity + step }));
      });
      quantity.append(button);
    }
    cell(row, yuan(entry.amount), "number amount");
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "remove";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${words("remove")} ${entry.name}`);
    remove.addEventListener("click", (event) => {
      event.stopPropagation();
      take(entry.line);
    });
    cell(row, "", "number").append(remove);
    if (index === line) row.scrollIntoView({ block: "nearest" });
  });
  document.getElementById("basket-empty").hidden = basket.lines.length > 0;
  totalText.textContent = yuan(basket.total);
  countText.textContent = String(basket.lines.reduce((sum, entry) => sum + entry.quantity, 0));
  settle.disabled = !basket.lines.length || basket.total <= 0;
  for (const button of [clear, editQuantity, editPrice, holdButton]) button.disabled = !basket.lines.length;
}

function took(answer) {
  basket = answer;
  if (mayHush) say("");
  drawBasket();
}

async function put(product) {
  const before = basket.lines.length;
  const answer = await call("POST", "/api/basket/lines", { code: product.sku, quantity: 1 });
  const at = answer.lines.findIndex((entry) => entry.sku === product.sku);
  line = at >= 0 ? at : before;
  took(answer);
}

function clearSearch() {
  asked += 1;
  search.value = "";
  found = [];
  chosen = 0;
  drawResults();
  search.focus();
}

function add(product) {
  clearSearch();
  return inTurn(() => put(product));
}

// What was typed or scanned before any answer could be shown: the first that is found goes in.
function addTyped(typed) {
  clearSearch();
  return inTurn(async () => {
    const answer = await call("GET", `/api/products?q=${encodeURIComponent(typed)}`);
    if (answer.products.length) return put(answer.products[0]);
    say(`${typed} · ${words("nothingFound")}`);
    if (!search.value) {
      search.value = typed;
      search.select();
    }
  });
}

// Finds the entry again when its turn comes: lines may have moved meanwhile.
function changed(id, what) {
  return inTurn(async () => {
    const index = basket.lines.findIndex((entry) => entry.line === id);
    if (index < 0) return;
    const { quantity, price, reason } = what(basket.lines[index]);
    if (quantity === 0) {
      took(await call("DELETE", `/api/basket/lines/${id}`));
    } else {
      line = index;
      took(await call("PUT", `/api/basket/lines/${id}`, { quantity, price, reason }));
    }
  });
}

function take(id) {
  return changed(id, () => ({ quantity: 0 }));
}

// One question at a time, and the newest text next: typing never waits for a timer.
async function look() {
  if (looking) return;
  looking = true;
  try {
    let mine;
    do {
      mine = asked;
      await lookFor(search.value, mine);
    } while (mine !== asked);
  } finally {
    looking = false;
  }
}

async function lookFor(typed, mine) {
  if (!typed.trim()) {
    found = [];
    chosen = 0;
    drawResults();
    return;
  }
  try {
    const answer = await call("GET", `/api/products?q=${encodeURIComponent(typed)}`);
    if (mine !== asked) return;
    found = answer.products;
    foundFor = typed;
    chosen = 0;
    drawResults();
  } catch (error) {
    if (mine === asked) say(error.message);
  }
}

search.addEventListener("input", () => {
  asked += 1;
  look();
});

search.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    if (found.length) {
      chosen = (chosen + step + found.length) % found.length;
      drawResults();
    } else if (basket.lines.length) {
      line = Math.min(Math.max(line + step, 0), basket.lines.length - 1);
      drawBasket();
    }
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (!search.value.trim()) return;
    if (found[chosen] && foundFor === search.value) add(found[chosen]);
    else addTyped(search.value);
  } else if (event.key === "Escape") {
    clearSearch();
    say("");
  }
});

function begin() {
  return inTurn(async () => {
    if (!basket.lines.length || leaving) return;
    leaving = true;
    try {
      const payment = await call("POST", "/api/payments");
      location.assign(`/pay/${payment.id}`);
    } catch (error) {
      leaving = false;
      throw error;
    }
  });
}

// A page that comes back from the browser's memory shows what is true now.
window.addEventListener("pageshow", (event) => {
  leaving = false;
  if (event.persisted) load();
});

const edit = editLine((id, change) => {
  changed(id, () => change);
  search.focus();
}, () => search.focus());

const hold = holding({
  inTurn,
  say,
  took,
  isEmpty: () => basket.lines.length === 0,
  back: () => search.focus(),
});

const clearAll = () => {
  clearSearch();
  return inTurn(async () => took(await call("DELETE", "/api/basket")));
};

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.altKey) return;
  const entry = basket.lines[line];
  const act = {
    F2: () => entry && edit("quantity", entry),
    F4: () => entry && edit("price", entry),
    F6: hold.put,
    F7: hold.show,
    F9: begin,
    F3: () => {
      search.focus();
      search.select();
    },
  }[event.key];
  if (act) {
    event.preventDefault();
    act();
  } else if (event.key === "Delete" && entry && !search.value) {
    event.preventDefault();
    if (event.ctrlKey) clearAll();
    else take(entry.line);
  }
});

// Wherever the cursor is, what a scanner reads goes into the basket.
onScan(6, (code, field, full) => {
  // A busy machine may stretch a scan: in the search box all of it is still there.
  const isWhole = field === search && (/^\d+$/.test(full) || !/^\d+$/.test(code));
  addTyped(isWhole ? full : code);
});

settle.addEventListener("click", begin);
clear.addEventListener("click", clearAll);
for (const [button, kind] of [[editQuantity, "quantity"], [editPrice, "price"]]) {
  button.addEventListener("click", () => basket.lines[line] && edit(kind, basket.lines[line]));
}
document.getElementById("hold").addEventListener("click", hold.put);
document.getElementById("held").addEventListener("click", hold.show);

function load() {
  return inTurn(async () => took(await call("GET", "/api/basket")));
}

load();
search.focus();
