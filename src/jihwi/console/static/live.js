// The live part of a page: new events are appended, and what stands is fetched again when something happened.
import { stands } from "./standing.js";

const $ = (selector, root = document) => root.querySelector(selector);
const KEEP = 400; // lines of the timeline a page holds

export function followLive() {
  const region = $("[data-now]");
  if (!region) return;
  if ("poll" in region.dataset) poll(region);
  const page = $("[data-case]"), news = "followNews" in region.dataset;
  if (!page && !news) return;
  const state = { seq: Number(page?.dataset.seq ?? 0), due: 0, busy: false, again: false };
  const hear = (said) => heard(said, region, page, state);
  const line = connect(hear);
  state.line = line;
  if (news) line({ news: true });
  if (page) line({ follow: page.dataset.case, seq: state.seq });
}

// one line a browser where workers can be shared, else one of this page's own
function connect(hear) {
  if ("SharedWorker" in window) {
    const worker = new SharedWorker(document.body.dataset.live, { name: reader() });
    worker.port.onmessage = ({ data }) => hear(data);
    setInterval(() => worker.port.postMessage({ here: true }), 60000);
    addEventListener("pagehide", () => worker.port.postMessage({ bye: true }));
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    return (said) => worker.port.postMessage(said);
  }
  return (said) => ownLine(said, hear);
}

// who reads, and in which language: pages of another sign-in share no line with this one's
const reader = () => `${document.documentElement.lang} ${document.body.dataset.csrf.slice(0, 8)}`;

function ownLine(said, hear) {
  if (said.bye) return;
  let at = said.seq ?? 0;
  const open = () => {
    const of = said.follow ? `${said.follow}:${at}` : "";
    const source = new EventSource(`/live?of=${encodeURIComponent(of)}&news=${Boolean(said.news)}&lang=${document.documentElement.lang}`);
    source.addEventListener("fact", (message) => { const fact = JSON.parse(message.data); at = fact.seq; hear({ fact }); });
    source.addEventListener("draft", (message) => hear({ draft: JSON.parse(message.data) }));
    source.addEventListener("news", () => hear({ news: true }));
    source.onopen = () => hear({ state: "open" });
    source.onerror = () => { hear({ state: "lost" }); if (source.readyState === 2 && !over) setTimeout(open, 1000); };
  };
  open();
}

function heard(said, region, page, state) {
  if (said.fact && page) append(said.fact, page, state);
  if (said.draft) draft(said.draft.text);
  if (said.state) showState(said.state, region, state);
  if (said.fact || said.news) refreshSoon(region, state);
}

let lost = false;
function showState(now, region, state) {
  const sign = $("#line-state");
  if (now === "lost" && !lost) { lost = true; setTimeout(() => { if (lost && !over) { sign.textContent = document.body.dataset.saidGone; sign.hidden = false; refreshSoon(region, state); } }, 400); }
  if (now === "open" && lost && !over) {
    lost = false;
    sign.textContent = document.body.dataset.saidBack;
    setTimeout(() => { if (!lost) sign.hidden = true; }, 1500);
    refreshSoon(region, state);
  }
}

// signed out here or elsewhere: nothing more comes, and the page says so instead of standing still
let over = false;
function ended(state) {
  over = true;
  state.line?.({ bye: true });
  const sign = $("#line-state"), { saidEnded, saidEnter } = document.body.dataset;
  const way = Object.assign(document.createElement("a"), { textContent: saidEnter, href: `/enter?next=${encodeURIComponent(location.pathname + location.search)}` });
  sign.replaceChildren(`${saidEnded} `, way);
  sign.hidden = false;
}

function append(fact, page, state) {
  if (fact.seq <= state.seq) return;
  state.seq = fact.seq;
  page.dataset.seq = fact.seq;
  const list = $("#events");
  if ("window" in page.dataset || !list) return;
  list.insertAdjacentHTML("beforeend", fact.html);
  list.lastElementChild.classList.add("fresh");
  while (list.children.length > KEEP) { list.firstElementChild.remove(); list.start += 1; }
  if (fact.kind === "turn_finished" || fact.kind === "turn_failed") draft(null);
}

function draft(text) {
  const place = $("#draft");
  if (!place) return;
  const words = $(".text", place);
  words.textContent = text === null ? "" : (words.textContent + text).slice(-2000);
  place.hidden = text === null;
}

function refreshSoon(region, state) {
  if (state.busy) { state.again = true; return; }
  clearTimeout(state.due);
  const now = Date.now();
  state.first ??= now;
  state.due = setTimeout(() => { state.first = undefined; refresh(region, state); }, now - state.first > 800 ? 0 : 180);
}

async function refresh(region, state) {
  state.busy = true;
  const answer = await fetch(region.dataset.now, { headers: { accept: "text/html" } }).catch(() => null);
  if (answer?.redirected) ended(state);
  else if (answer?.ok) { stands(region, await answer.text()); count(answer.headers.get("x-waiting")); }
  state.busy = false;
  if (state.again) { state.again = false; refreshSoon(region, state); }
}

// how much waits, in the menu and in the window's name
function count(waiting) {
  const sign = $("[data-waiting]");
  if (!sign || waiting === null) return;
  sign.textContent = waiting;
  sign.hidden = waiting === "0";
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (waiting !== "0") document.title = `(${waiting}) ${document.title}`;
}

function poll(region) {
  const look = async () => {
    const answer = await fetch(region.dataset.now, { headers: { accept: "text/html" } }).catch(() => null);
    if (answer?.ok && !answer.redirected) stands(region, await answer.text());
    if ($("[data-busy='1']", region) || !answer?.ok) setTimeout(look, 500);
  };
  setTimeout(look, 300);
}
