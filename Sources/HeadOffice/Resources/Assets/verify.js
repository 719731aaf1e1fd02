// The file's hash is made here: the file itself never leaves the accountant's computer.
const file = document.getElementById("file");
const hash = document.getElementById("sha256");

file.addEventListener("change", async () => {
  const chosen = file.files[0];
  if (!chosen) return;
  const digest = await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer());
  hash.value = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  document.getElementById("verify-form").requestSubmit();
});
