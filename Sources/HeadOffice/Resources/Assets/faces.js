// A face picture is sent as it is; head office checks it and writes it anew.
const file = document.getElementById("face-file");
const place = document.getElementById("face-notice");
const token = document.querySelector('meta[name="csrf-token"]').content;

function say(text) {
  const notice = document.createElement("div");
  notice.className = "notice notice-danger";
  notice.setAttribute("role", "alert");
  notice.textContent = text;
  place.replaceChildren(notice);
}

file?.addEventListener("change", async () => {
  if (!file.files.length) return;
  const response = await fetch(file.dataset.action, {
    method: "POST", body: file.files[0],
    headers: { "Content-Type": "image/png", "X-CSRF-Token": token },
  });
  if (response.ok) {
    location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  say(page.querySelector(".lead-text")?.textContent ?? String(response.status));
  file.value = "";
});
