// Scans a till's QR with the camera, in browsers that can read one; elsewhere the phone's own scanner does, or the link
// is pasted.
const start = document.getElementById("scan-start");
const stop = document.getElementById("scan-stop");
const camera = document.getElementById("camera");
const none = document.getElementById("scan-none");
const problem = document.getElementById("scan-problem");
let stream = null;

function end() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  camera.hidden = true;
  stop.hidden = true;
  start.hidden = false;
}

// Only this site's payment addresses are opened, whatever else a code says.
function paymentPath(text) {
  try {
    const address = new URL(text.trim());
    const isOurs = address.origin === location.origin && address.pathname.startsWith("/p/q/");
    return isOurs ? address.pathname : null;
  } catch {
    return null;
  }
}

async function scan(detector) {
  while (stream) {
    const codes = await detector.detect(camera).catch(() => []);
    const path = codes.map((code) => paymentPath(code.rawValue)).find((found) => found);
    if (path) {
      end();
      return location.assign(path);
    }
    await new Promise((done) => setTimeout(done, 200));
  }
}

async function begin(detector) {
  problem.hidden = true;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    problem.hidden = false;
    return;
  }
  camera.srcObject = stream;
  await camera.play();
  camera.hidden = false;
  stop.hidden = false;
  start.hidden = true;
  scan(detector);
}

const link = document.getElementById("link");
document.getElementById("link-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const path = paymentPath(link.value);
  document.getElementById("link-problem").hidden = Boolean(path);
  if (path) location.assign(path);
  else link.select();
});

const formats = (await globalThis.BarcodeDetector?.getSupportedFormats?.().catch(() => [])) ?? [];
if (formats.includes("qr_code") && navigator.mediaDevices) {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  start.hidden = false;
  none.hidden = true;
  start.addEventListener("click", () => begin(detector));
  stop.addEventListener("click", end);
}
