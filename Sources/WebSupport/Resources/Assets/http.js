// Talks JSON to this site. The secret that forms carry goes along from the page's meta element.

/** What the server refused, or that it could not be reached: `message` is ready to show. */
export class Refusal extends Error {
  constructor(status, code, message, incident) {
    super(message);
    this.status = status;
    this.code = code;
    this.incident = incident;
  }
}

const words = {
  "zh-Hans": { offline: "连接不上服务，请检查后重试。", unexpected: "系统出现意外情况，请稍后重试。" },
  en: {
    offline: "The service cannot be reached. Check the connection and try again.",
    unexpected: "Something unexpected happened. Please try again later.",
  },
};

function word(key) {
  return (words[document.documentElement.lang] ?? words["zh-Hans"])[key];
}

/**
 * Sends a request and returns the decoded answer.
 * Throws `Refusal` with status 0 when no answer came: the caller must then ask what became of it,
 * never assume that nothing happened.
 */
export async function send(method, path, body, { signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]').content;
  }
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      redirect: "error",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "no_answer", word("offline"));
  }
  const isJSON = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
  let answer = null;
  try {
    answer = isJSON ? await response.json() : null;
  } catch {
    throw new Refusal(0, "no_answer", word("offline"));
  }
  if (!response.ok) {
    throw new Refusal(
      response.status,
      answer?.code ?? "unexpected",
      answer?.message ?? word("unexpected"),
      answer?.incident,
    );
  }
  return answer;
}

export const get = (path, options) => send("GET", path, undefined, options);
export const post = (path, body = {}, options) => send("POST", path, body, options);
