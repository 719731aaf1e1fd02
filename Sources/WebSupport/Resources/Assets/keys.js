// Keyboard shortcuts. An element with data-key="F2" is clicked, or focused if it takes text, when
// that key is pressed; F1 opens the element <dialog id="keys-help">, if the page has one.

function chord(event) {
  return (event.ctrlKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + event.key;
}

document.addEventListener("keydown", (event) => {
  // A scanner and an input method type keys of their own; only named chords are taken.
  if (event.isComposing || event.repeat) return;
  const pressed = chord(event);
  const help = document.getElementById("keys-help");
  if (pressed === "F1" && help instanceof HTMLDialogElement) {
    event.preventDefault();
    help.open ? help.close() : help.showModal();
    return;
  }
  const scope = document.querySelector("dialog[open]") ?? document;
  for (const element of scope.querySelectorAll("[data-key]")) {
    if (element.dataset.key !== pressed || element.disabled) continue;
    event.preventDefault();
    if (element.matches("input:not([type=submit]):not([type=button]), textarea, select")) {
      element.focus();
      element.select?.();
    } else {
      element.click();
    }
    return;
  }
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
