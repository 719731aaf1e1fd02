// Orders put aside (挂单): F6 holds this one, F7 lists them; arrows, Enter resumes, Delete twice discards.
import { call, words } from "./api.js";
import { yuan } from "./money.js";

const noteDialog = document.getElementById("hold-dialog");
const note = document.getElementById("hold-note");
const listDialog = document.getElementById("held-dialog");
const list = document.getElementById("held-list");
const notice = document.getElementById("held-notice");

export function holding({ inTurn, say, took, isEmpty, back }) {
  let held = [];
  let chosen = 0;
  let armed = "";

  document.getElementById("hold-form").addEventListener("submit", (event) => {
    event.preventDefault();
    noteDialog.close();
    inTurn(async () => {
      took(await call("POST", "/api/held", { note: note.value }));
      say(words("heldDone"), false);
    });
  });

  function complain(text) {
    notice.textContent = text;
    notice.hidden = !text;
  }

  function draw() {
    list.replaceChildren();
    chosen = Math.min(chosen, Math.max(held.length - 1, 0));
    held.forEach((each, index) => {
      const row = document.createElement("li");
      row.id = `held-${index}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(index === chosen));
      const time = new Intl.DateTimeFormat("zh-CN", {
        timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", month: "2-digit", day: "2-digit",
      }).format(each.heldAt);
      const name = document.createElement("span");
      name.className = "result-name";
      name.textContent = [each.note, each.names.join("、")].filter(Boolean).join(" · ");
      const detail = document.createElement("span");
      detail.className = "result-detail";
      detail.textContent =
        armed === each.id
          ? words("heldSure")
          : `${time} · ${each.heldBy} · ${each.itemCount} ${words("heldItems")}`;
      if (armed === each.id) detail.classList.add("is-sure");
      const price = document.createElement("span");
      price.className = "result-price";
      price.textContent = yuan(each.total);
      row.append(name, detail, price);
      row.addEventListener("click", () => {
        chosen = index;
        resume();
      });
      list.append(row);
    });
    list.setAttribute("aria-activedescendant", held.length ? `held-${chosen}` : "");
    document.getElementById(`held-${chosen}`)?.scrollIntoView({ block: "nearest" });
    document.getElementById("held-none").hidden = held.length > 0;
    for (const id of ["held-resume", "held-discard"]) document.getElementById(id).disabled = !held.length;
  }

  function resume() {
    const each = held[chosen];
    if (!each) return;
    inTurn(async () => {
      try {
        const answer = await call("POST", `/api/held/${each.id}/resume`, {});
        listDialog.close();
        took(answer.basket);
        if (answer.dropped) say(words("heldDropped"));
      } catch (error) {
        complain(error.message);
      }
    });
  }

  function discard() {
    const each = held[chosen];
    if (!each) return;
    if (armed !== each.id) {
      armed = each.id;
      draw();
      return;
    }
    inTurn(async () => {
      try {
        held = (await call("DELETE", `/api/held/${each.id}`)).held;
        armed = "";
        draw();
      } catch (error) {
        complain(error.message);
      }
    });
  }

  list.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (held.length) chosen = (chosen + (event.key === "ArrowDown" ? 1 : held.length - 1)) % held.length;
      armed = "";
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      resume();
    } else if (event.key === "Delete") {
      event.preventDefault();
      discard();
    }
  });
  document.getElementById("held-resume").addEventListener("click", resume);
  document.getElementById("held-discard").addEventListener("click", discard);
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  for (const dialog of [noteDialog, listDialog]) dialog.addEventListener("close", back);

  return {
    put() {
      if (isEmpty()) return;
      note.value = "";
      noteDialog.showModal();
      note.focus();
    },
    show() {
      inTurn(async () => {
        held = (await call("GET", "/api/held")).held;
        armed = "";
        chosen = 0;
        complain("");
        draw();
        if (!listDialog.open) listDialog.showModal();
        list.focus();
      });
    },
  };
}
