// A scanner types like a person, only quicker: characters a few milliseconds apart, then Enter.
// Wherever the cursor stands, such a burst is a scan and no typing. A busy browser hands a key over late
// now and then: the average counts, so that one such hiccup does not cut a card's number in two.

const AVERAGE = 50;
const HICCUP = 200;
const TWICE = 300;

let burst = "";
let begun = -Infinity;
let at = -Infinity;
let field = null;
let before = "";
let last = { code: "", at: -Infinity };

function start(event) {
  const target = event.target;
  burst = "";
  begun = event.timeStamp;
  field = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement ? target : null;
  before = field ? field.value : "";
}

// Calls take(code, field, full) for a scan of at least `least` characters; the same code twice within
// 300 ms is one. What the scanner typed into a field is taken out again; `full` is what stood there. While
// isOn() is false nothing is taken for a scan.
export function onScan(least, take, isOn = () => true) {
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) {
        burst = "";
        return;
      }
      if (event.key === "Enter") {
        const code = burst;
        const isQuick = at - begun <= AVERAGE * (code.length - 1) && event.timeStamp - at <= HICCUP;
        const isScan = code.length >= least && isQuick && isOn();
        burst = "";
        if (!isScan) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const full = field ? field.value : "";
        if (full !== before && field) field.value = before;
        const isTwice = code === last.code && event.timeStamp - last.at < TWICE;
        last = { code, at: event.timeStamp };
        if (!isTwice) take(code, field, full);
        return;
      }
      if (!/^[0-9A-Za-z-]$/.test(event.key)) {
        if (event.key !== "Shift") burst = "";
        return;
      }
      if (!burst || event.timeStamp - at > HICCUP) start(event);
      burst += event.key;
      at = event.timeStamp;
    },
    true,
  );
}
