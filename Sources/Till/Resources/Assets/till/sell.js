// Ring up: type, arrows, Enter; F2 quantity, F4 price, Delete removes, F9 settles.
import { call, words } from "./api.js";
import { fen, yuan } from "./money.js";

const search = document.getElementById("search");
const results = document.getElementById("results");
const basketBody = document.getElementById("basket-lines");
const totalText = document.getElementById("total");
const countText = document.getElementById("item-count");
const settle = document.getElementById("settle");
const clear = document.getElementById("clear");
const notice = document.getElementById("notice");

let found = [];
let chosen = 0;
let basket = { lines: [], total: 0 };
let line = 0;
let asked = 0;
let busy = false;

function say(text, bad = true) {
  notice.textContent = text;
  notice.hidden = !text;
  notice.className = bad ? "notice notice-bad" : "notice notice-good";
}

async function guarded(work) {
  if (busy) return;
  busy = true;
  try {
    await work();
  } catch (error) {
    say(error.message);
  } finally {
    busy = false;
  }
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
      by.textContent = `${words("repricedBy")} ${entry.repricedBy}`;
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
        change(index, { quantity: entry.quantity + step });
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
      take(index);
    });
    cell(row, "", "number").append(remove);
    if (index === line) row.scrollIntoView({ block: "nearest" });
  });
  document.getElementById("basket-empty").hidden = basket.lines.length > 0;
  totalText.textContent = yuan(basket.total);
  countText.textContent = String(basket.lines.reduce((sum, entry) => sum + entry.quantity, 0));
  settle.disabled = !basket.lines.length || basket.total <= 0;
  clear.disabled = !basket.lines.length;
}

function took(answer) {
  basket = answer;
  say("");
  drawBasket();
}

function add(product) {
  return guarded(async () => {
    const before = basket.lines.length;
    took(await call("POST", "/api/basket/lines", { code: product.sku, quantity: 1 }));
    const at = basket.lines.findIndex((entry) => entry.sku === product.sku);
    line = at >= 0 ? at : before;
    search.value = "";
    found = [];
    drawResults();
    drawBasket();
    search.focus();
  });
}

function change(index, what) {
  const entry = basket.lines[index];
  if (!entry) return undefined;
  if (what.quantity === 0) return take(index);
  return guarded(async () => {
    line = index;
    took(await call("PUT", `/api/basket/lines/${entry.line}`, what));
  });
}

function take(index) {
  const entry = basket.lines[index];
  if (!entry) return undefined;
  return guarded(async () => took(await call("DELETE", `/api/basket/lines/${entry.line}`)));
}

// A small dialog instead of window.prompt, so that it can be styled, labelled and driven by keys.
function askFor(kind, entry) {
  const dialog = document.getElementById("edit");
  const input = document.getElementById("edit-value");
  document.getElementById("edit-title").textContent = words(kind);
  document.getElementById("edit-name").textContent = entry.name;
  document.getElementById("edit-bad").hidden = true;
  input.value = kind === "price" ? yuan(entry.price).replace(/[¥,]/g, "") : String(entry.quantity);
  dialog.dataset.kind = kind;
  dialog.showModal();
  input.select();
}

document.getElementById("edit-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const dialog = document.getElementById("edit");
  const typed = document.getElementById("edit-value").value;
  const value =
    dialog.dataset.kind === "price" ? fen(typed) : /^\d{1,4}$/.test(typed.trim()) ? Number(typed) : null;
  if (value === null) {
    document.getElementById("edit-bad").hidden = false;
    return;
  }
  dialog.close();
  change(line, { [dialog.dataset.kind]: value });
  search.focus();
});
document.getElementById("edit-cancel").addEventListener("click", () => {
  document.getElementById("edit").close();
  search.focus();
});

async function look() {
  const mine = ++asked;
  const typed = search.value;
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
    chosen = 0;
    drawResults();
  } catch (error) {
    if (mine === asked) say(error.message);
  }
}

let typing;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(look, 60);
});

search.addEventListener("keydown", async (event) => {
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
    clearTimeout(typing);
    await look();
    if (found[chosen]) await add(found[chosen]);
  } else if (event.key === "Escape") {
    search.value = "";
    look();
  }
});

function begin() {
  return guarded(async () => {
    if (!basket.lines.length) return;
    const payment = await call("POST", "/api/payments");
    location.assign(`/pay/${payment.id}`);
  });
}

document.addEventListener("keydown", (event) => {
  if (document.getElementById("edit").open) return;
  const entry = basket.lines[line];
  if (event.key === "F2" && entry) {
    event.preventDefault();
    askFor("quantity", entry);
  } else if (event.key === "F4" && entry) {
    event.preventDefault();
    askFor("price", entry);
  } else if (event.key === "Delete" && entry && !search.value) {
    event.preventDefault();
    take(line);
  } else if (event.key === "F9") {
    event.preventDefault();
    begin();
  } else if (event.key === "F3") {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

settle.addEventListener("click", begin);
clear.addEventListener("click", () => guarded(async () => took(await call("DELETE", "/api/basket"))));
document.getElementById("edit-quantity").addEventListener("click", () => {
  if (basket.lines[line]) askFor("quantity", basket.lines[line]);
});
document.getElementById("edit-price").addEventListener("click", () => {
  if (basket.lines[line]) askFor("price", basket.lines[line]);
});

guarded(async () => took(await call("GET", "/api/basket")));
search.focus();
