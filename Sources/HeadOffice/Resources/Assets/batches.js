// A batch's file is fetched by its own request, so that the page can then show what became of the batch.
const token = document.querySelector('meta[name="csrf-token"]').content;
const notice = document.getElementById("batch-notice");

function keep(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

for (const form of document.querySelectorAll("form[data-file]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    notice.hidden = true;
    try {
      const response = await fetch(form.action, {
        method: "POST", body: new URLSearchParams({ csrf: token }),
      });
      if (response.ok) {
        keep(await response.blob(), form.dataset.file);
        location.reload();
        return;
      }
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      notice.textContent = page.querySelector(".lead-text")?.textContent ?? String(response.status);
    } catch {
      notice.textContent = notice.dataset.unsure;
    }
    notice.hidden = false;
    button.disabled = false;
  });
}
