// The face of the card's programme, to compare with the plastic: its picture where there is one, else its colour and title.
export function showFace(card) {
  const plate = document.getElementById("card-face");
  plate.hidden = !card;
  if (!card) return;
  const picture = document.getElementById("face-picture");
  plate.classList.toggle("has-picture", Boolean(card.picture));
  picture.hidden = !card.picture;
  if (card.picture && picture.getAttribute("src") !== card.picture) picture.src = card.picture;
  picture.alt = card.title;
  plate.style.setProperty("--face", card.colour);
  document.getElementById("face-title").textContent = card.title;
  document.getElementById("face-name").textContent = card.name;
  document.getElementById("face-mask").textContent = card.mask;
  document.getElementById("face-test").hidden = !card.test;
}
