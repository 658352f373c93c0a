// One live line for all pages of a browser: a worker they share. Each page says what it follows and what it has.
const pages = new Map(); // port -> { cases: Map(case -> seq), news, at }
const stand = new Map(); // case -> the newest event number that came through
let source = null, opened = "", timer = 0;

self.onconnect = (event) => {
  const port = event.ports[0];
  pages.set(port, { cases: new Map(), news: false, at: Date.now() });
  port.onmessage = ({ data }) => hear(port, data);
};

function hear(port, said) {
  const page = pages.get(port);
  if (!page) return;
  page.at = Date.now();
  if (said.bye) pages.delete(port);
  if (said.news) page.news = true;
  if (said.follow) {
    page.cases.set(said.follow, said.seq);
    if (!stand.has(said.follow) || stand.get(said.follow) > said.seq) { stand.set(said.follow, said.seq); opened = ""; }
  }
  if (said.bye || said.news || said.follow) { clearTimeout(timer); timer = setTimeout(open, 25); }
}

function wanted() {
  const cases = new Set();
  let news = false;
  for (const page of pages.values()) { page.cases.forEach((_, id) => cases.add(id)); news = news || page.news; }
  for (const id of [...stand.keys()]) if (!cases.has(id)) stand.delete(id);
  return { cases: [...cases].sort(), news };
}

function open() {
  const { cases, news } = wanted();
  const key = `${cases.join(" ")}|${news}`;
  if (key === opened && source && source.readyState !== 2) return;
  if (source) source.close();
  source = null;
  opened = key;
  if (!cases.length && !news) return;
  const of = cases.map((id) => `${id}:${stand.get(id)}`).join(" ");
  source = new EventSource(`/live?of=${encodeURIComponent(of)}&news=${news}&lang=${self.name.split(" ")[0]}`);
  source.addEventListener("fact", (message) => {
    const fact = JSON.parse(message.data);
    stand.set(fact.case, Math.max(stand.get(fact.case) ?? 0, fact.seq));
    for (const [port, page] of pages) if (page.cases.has(fact.case)) port.postMessage({ fact });
  });
  source.addEventListener("draft", (message) => {
    const draft = JSON.parse(message.data);
    for (const [port, page] of pages) if (page.cases.has(draft.case_id)) port.postMessage({ draft });
  });
  source.addEventListener("news", () => { for (const [port, page] of pages) if (page.news) port.postMessage({ news: true }); });
  source.onopen = () => tell({ state: "open" });
  source.onerror = () => {
    tell({ state: "lost" });
    if (source.readyState === 2) { opened = ""; clearTimeout(timer); timer = setTimeout(open, 1000); }
  };
}

function tell(said) { for (const port of pages.keys()) port.postMessage(said); }

setInterval(() => { // a page that crashed says no goodbye
  for (const [port, page] of pages) if (Date.now() - page.at > 200000) pages.delete(port);
  open();
}, 60000);
