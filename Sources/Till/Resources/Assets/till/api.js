// Talks to the till's own JSON endpoints (Docs/TILL-API.md).

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

export class Refusal extends Error {
  constructor(status, body) {
    super(body?.message ?? "");
    this.status = status;
    this.code = body?.code ?? "no_answer";
    this.body = body ?? {};
  }
}

export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" ? {} : { "X-CSRF-Token": token() }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch {
    throw new Refusal(0, { code: "till_unreachable", message: words("tillUnreachable") });
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (response.status === 401) {
    location.assign("/sign-in");
  }
  if (!response.ok) throw new Refusal(response.status, answer);
  return answer;
}

// Words the page brought along for its module: <dl id="words"><dt>key</dt><dd>text</dd></dl>.
export function words(key) {
  const holder = document.getElementById("words");
  const entry = holder && [...holder.querySelectorAll("dt")].find((e) => e.textContent === key);
  return entry?.nextElementSibling?.textContent ?? key;
}
