// The catalogue's import: the chosen file is previewed by head office, then the same bytes are applied.
const file = document.getElementById("catalogue-file");
const apply = document.getElementById("catalogue-apply");
const preview = document.getElementById("catalogue-preview");
const token = document.querySelector('meta[name="csrf-token"]').content;

async function send(path, body) {
  return fetch(path, {
    method: "POST", body, headers: { "Content-Type": "text/csv", "X-CSRF-Token": token },
  });
}

function say(kind, text) {
  const notice = document.createElement("div");
  notice.className = "notice notice-" + kind;
  notice.textContent = text;
  preview.replaceChildren(notice);
}

async function refused(path, response) {
  const body = await response.text();
  const page = new DOMParser().parseFromString(body, "text/html");
  const words = page.querySelector(".lead-text");
  say("danger", words ? words.textContent : String(response.status));
}

let bytes = null;
file?.addEventListener("change", async () => {
  apply.disabled = true;
  if (!file.files.length) return;
  bytes = await file.files[0].arrayBuffer();
  const response = await send("/catalogue/preview", bytes);
  if (!response.ok) return refused("/catalogue/preview", response);
  const part = new DOMParser().parseFromString(await response.text(), "text/html");
  preview.replaceChildren(...part.body.childNodes);
  apply.disabled = false;
});

apply?.addEventListener("click", async () => {
  apply.disabled = true;
  const response = await send("/catalogue/apply", bytes);
  if (!response.ok) return refused("/catalogue/apply", response);
  say("success", (await response.json()).message);
});
