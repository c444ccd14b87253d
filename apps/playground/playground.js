// The whole page: asks the gateway that served it, shows each answer as text, and follows its payment.
// Nothing from a model or a server is ever parsed as HTML.

const keyName = "lichen-key";
const pollMs = 700;
const pollForMs = 120_000;
const maxEventChars = 1 << 20;

const $ = (id) => document.getElementById(id);
const view = {
  gate: $("gate"),
  talk: $("talk"),
  composer: $("composer"),
  turns: $("turns"),
  empty: $("empty"),
  problem: $("problem"),
  said: $("said"),
  model: $("model"),
  prompt: $("prompt"),
  send: $("send"),
  stop: $("stop"),
};

let key = takeKey();
let messages = [];
/** Aborts the answer that is being given. */
let running;

/** The key of the address's fragment, which browsers never send, or the one this tab has kept. */
function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given !== null) {
    sessionStorage.setItem(keyName, given);
    // So that it is neither bookmarked nor seen over a shoulder.
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(keyName) ?? "";
}

async function api(path, init = {}) {
  let response;
  try {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The gateway does not answer. Does it still run? (lichen status)");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => undefined);
  const error = new Error(body?.error?.message ?? `The gateway answered with status ${response.status}.`);
  error.status = response.status;
  throw error;
}

async function begin() {
  show(view.problem, "");
  if (key === "") return askForKey();
  try {
    const { data } = await (await api("/v1/models")).json();
    view.model.replaceChildren(...data.map((model) => new Option(model.id, model.id)));
    if (data.length === 0)
      show(view.problem, "No provider offers a model at this moment. Reload in a few seconds.");
  } catch (error) {
    if (error.status === 401) {
      sessionStorage.removeItem(keyName);
      key = "";
      askForKey();
    }
    return show(view.problem, error.message);
  }
  view.gate.hidden = true;
  view.talk.hidden = view.composer.hidden = false;
  view.prompt.focus();
}

function askForKey() {
  view.gate.hidden = false;
  view.talk.hidden = view.composer.hidden = true;
  $("key").focus();
}

function show(element, text) {
  element.textContent = text;
  element.hidden = text === "";
}

function addTurn(kind) {
  const turn = $(`${kind}-turn`).content.firstElementChild.cloneNode(true);
  view.turns.append(turn);
  view.empty.hidden = true;
  return turn;
}

const fact = (turn, name) => turn.querySelector(`[data-fact=${name}]`);

async function ask(text) {
  const question = { role: "user", content: text };
  addTurn("user").querySelector(".text").textContent = text;
  const turn = addTurn("answer");
  const answer = turn.querySelector(".text");
  turn.classList.add("running");
  turn.scrollIntoView({ block: "end" });
  running = new AbortController();
  view.send.hidden = true;
  view.stop.hidden = false;
  const startedAt = performance.now();
  let firstAt;
  let usage;
  let said = "";
  try {
    const response = await api("/v1/chat/completions", {
      method: "POST",
      signal: running.signal,
      body: JSON.stringify({
        model: view.model.value,
        messages: [...messages, question],
        stream: true,
        stream_options: { include_usage: true },
        temperature: $("temperature").valueAsNumber,
        max_tokens: $("max-tokens").valueAsNumber,
      }),
    });
    // Known before the first word, and all there is where the answer is stopped.
    const early = (name) => response.headers.get(`x-lichen-${name}`) ?? "";
    fact(turn, "provider").replaceChildren(short(early("provider")));
    fact(turn, "model").replaceChildren(short(early("model")));
    const follow = early("request") === "" ? undefined : `/v1/receipts/${early("request")}`;
    running.signal.addEventListener("abort", () => follow && void followPayment(turn, follow, true));
    let complete = false;
    for await (const data of events(response.body)) {
      if (data === "[DONE]") {
        complete = true;
        break;
      }
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Error(chunk.error.message);
      const piece = chunk.choices?.[0]?.delta?.content ?? "";
      if (piece !== "") {
        firstAt ??= performance.now();
        said += piece;
        // Some models begin with empty lines.
        answer.append(answer.textContent === "" ? piece.trimStart() : piece);
        if (nearEnd()) turn.scrollIntoView({ block: "end" });
      }
      usage = chunk.usage ?? usage;
      if (chunk.lichen) tell(turn, chunk.lichen);
    }
    if (!complete) throw new Error("The answer broke off.");
    tellUsage(turn, usage, performance.now() - (firstAt ?? startedAt));
    messages = [...messages, question, { role: "assistant", content: said }];
    view.said.textContent = `Answer: ${said}`;
  } catch (error) {
    if (error.name === "AbortError") {
      view.said.textContent = "Stopped.";
    } else {
      const note = document.createElement("p");
      note.className = "failed";
      note.textContent = error.message;
      answer.after(note);
      view.said.textContent = error.message;
      fact(turn, "receipt").textContent = "none";
    }
  } finally {
    turn.classList.remove("running");
    for (const each of turn.querySelectorAll("[data-fact]"))
      if (each.textContent === "…") each.textContent = "–";
    running = undefined;
    view.send.hidden = false;
    view.stop.hidden = true;
    view.prompt.focus();
  }
}

const nearEnd = () => innerHeight + scrollY > document.body.scrollHeight - 200;

/** The data of each server-sent event. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += value;
    const parts = buffer.split(/\r?\n\r?\n/);
    buffer = parts.pop();
    if (buffer.length > maxEventChars) throw new Error("The gateway sent an event without end.");
    for (const part of parts) {
      const lines = part.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      if (lines.length > 0)
        yield lines.map((line) => line.slice(line.startsWith("data: ") ? 6 : 5)).join("\n");
    }
  }
}

function tell(turn, { provider, model, cost, receipt }) {
  fact(turn, "provider").replaceChildren(short(provider));
  fact(turn, "model").replaceChildren(`${model.name} `, short(model.id));
  fact(turn, "cost").textContent = `${cost.amount} ${cost.symbol}`;
  void followPayment(turn, receipt, false);
}

function tellUsage(turn, usage, generatingMs) {
  if (!usage) return;
  fact(turn, "tokens").textContent = `${usage.prompt_tokens} + ${usage.completion_tokens}`;
  const rate = Math.round(((usage.completion_tokens - 1) * 1000) / generatingMs);
  fact(turn, "speed").textContent = usage.completion_tokens > 1 ? `${rate} tokens/s` : "–";
}

/** Looks at the receipt until the chain shows the payment, for two minutes at most. */
async function followPayment(turn, path, stopped) {
  const until = performance.now() + pollForMs;
  const note = fact(turn, "payment");
  for (;;) {
    try {
      const view = await (await api(path)).json();
      if (stopped) {
        fact(turn, "cost").textContent = `${view.cost.amount} ${view.cost.symbol}`;
        fact(turn, "tokens").textContent = `${view.usage.promptTokens} + ${view.usage.completionTokens}`;
      }
      tellPayment(turn, view);
      if (view.status === "paid") return;
      note.textContent = "";
    } catch (error) {
      // A stopped answer's receipt exists only once the provider has said what it made.
      note.textContent = error.status === 404 ? "waiting for the provider's account" : error.message;
    }
    if (performance.now() > until) {
      note.textContent = "Not paid on chain yet; the receipt will show it.";
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function tellPayment(turn, { id, status, receipt }) {
  const stages = ["served", "signed", "paid"];
  for (const stage of stages) {
    const reached = stages.indexOf(stage) <= stages.indexOf(status);
    turn.querySelector(`[data-stage=${stage}]`).toggleAttribute("data-done", reached);
  }
  if (receipt?.payment) {
    const { transaction, blockNumber } = receipt.payment;
    fact(turn, "payment").replaceChildren("transaction ", short(transaction), ` in block ${blockNumber}`);
  }
  if (!receipt) return;
  const place = fact(turn, "receipt");
  const old = place.querySelector("a");
  if (old) URL.revokeObjectURL(old.href);
  const link = document.createElement("a");
  link.textContent = "Download receipt";
  link.download = `lichen-${id}.json`;
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(receipt)}\n`], { type: "application/json" }));
  place.replaceChildren(link);
}

/** A long hash, short to look at and whole to hover over or copy. */
function short(hash) {
  const element = document.createElement("span");
  element.className = "mono";
  element.title = hash;
  element.textContent = hash.length > 16 ? `${hash.slice(0, 8)}…${hash.slice(-6)}` : hash || "–";
  return element;
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  sessionStorage.setItem(keyName, key);
  $("key").value = "";
  void begin();
});
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = view.prompt.value.trim();
  if (text === "" || running !== undefined) return;
  view.prompt.value = "";
  void ask(text);
});
view.prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("ask").requestSubmit();
});
view.stop.addEventListener("click", () => running?.abort());
$("clear").addEventListener("click", () => {
  running?.abort();
  messages = [];
  view.turns.replaceChildren();
  view.empty.hidden = false;
  view.prompt.focus();
});
$("forget").addEventListener("click", () => {
  sessionStorage.removeItem(keyName);
  location.reload();
});
addEventListener("hashchange", () => {
  key = takeKey();
  void begin();
});
void begin();
