// Whole fen in, text out, and back; never a fraction of a number.

export function yuan(fen) {
  const sign = fen < 0 ? "-" : "";
  const digits = String(Math.abs(fen)).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}¥${whole}.${digits.slice(-2)}`;
}

// Fen of a typed amount such as 12, 12.5 or 12.50; null for anything else. A comma is never guessed
// at: 30,49 would be a hundred times too much to one reader and the right price to another.
export function fen(typed) {
  const plain = typed
    .trim()
    .replace(/[０-９]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[．。]/g, ".")
    .replace(/^[¥￥]\s*/, "");
  const match = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(plain);
  if (!match) return null;
  return Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
}
