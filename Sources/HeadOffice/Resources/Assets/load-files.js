// A load file: previewed by head office, then the same bytes are asked for under an id that makes a repeat harmless.
const file = document.getElementById("load-file");
const ask = document.getElementById("load-file-ask");
const preview = document.getElementById("load-file-preview");
const token = document.querySelector('meta[name="csrf-token"]').content;
let bytes = null;

function send(path) {
  return fetch(path, {
    method: "POST", body: bytes, headers: { "Content-Type": "text/csv", "X-CSRF-Token": token },
  });
}

function say(kind, text) {
  const notice = document.createElement("div");
  notice.className = "notice notice-" + kind;
  notice.setAttribute("role", "alert");
  notice.textContent = text;
  preview.replaceChildren(notice);
}

async function refused(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  say("danger", page.querySelector(".lead-text")?.textContent ?? String(response.status));
}

file?.addEventListener("change", async () => {
  ask.disabled = true;
  if (!file.files.length) return;
  bytes = await file.files[0].arrayBuffer();
  const response = await send("/load-files/preview");
  if (!response.ok) return refused(response);
  const part = new DOMParser().parseFromString(await response.text(), "text/html");
  preview.replaceChildren(...part.body.childNodes);
  ask.disabled = document.getElementById("load-file-verdict").dataset.right !== "yes";
});

ask?.addEventListener("click", async () => {
  ask.disabled = true;
  const query = new URLSearchParams({ file: file.dataset.id, name: file.files[0].name });
  try {
    const response = await send("/load-files/apply?" + query);
    if (!response.ok) return refused(response);
    location.href = "/load-files/" + (await response.json()).file;
  } catch {
    say("danger", preview.dataset.unsure);
    ask.disabled = false;
  }
});
