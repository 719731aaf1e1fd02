// Follows what becomes of the money: held, paid to the store, or returned to the card.
const receipt = document.getElementById("receipt");

async function look() {
  try {
    const response = await fetch(receipt.dataset.path, {
      headers: { Accept: "application/json" },
      cache: "no-store",
      credentials: "same-origin",
    });
    if (response.ok) {
      const { state } = await response.json();
      if (state !== receipt.dataset.state) return location.reload();
    }
  } catch {
    // The phone has no line just now; the code stays readable, and it is asked again.
  }
  setTimeout(look, 3000);
}

if (receipt.dataset.state === "held") setTimeout(look, 2000);
