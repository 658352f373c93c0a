// A report in somebody's hands: a selection is a passage to ask about, what is being typed is kept, proposals come in.
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

export function proofread() {
  const report = $("[data-proof]"), pick = $("#pick");
  for (const one of all("[data-proposal]")) follow(one);
  if (!report) return;
  keepTyping();
  if (pick) pickPassages(report, pick);
}

// ── a selection becomes a passage: the whole sentences it touches, of one part of the report
function pickPassages(report, pick) {
  let due = 0;
  document.addEventListener("selectionchange", () => { clearTimeout(due); due = setTimeout(look, 120); });
  addEventListener("resize", () => { pick.hidden = true; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") pick.hidden = true; });

  function look() {
    if (pick.contains(document.activeElement)) return;
    const chosen = touched();
    if (!chosen.length) { pick.hidden = true; return; }
    const first = chosen[0];
    pick.elements.part.value = first.dataset.part;
    pick.elements.at.value = first.dataset.at;
    pick.elements.keys.value = chosen.map((one) => one.dataset.key).join(",");
    pick.elements.words.value = getSelection().toString().slice(0, 500);
    place();
  }

  function touched() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed || !selection.toString().trim()) return [];
    const range = selection.getRangeAt(0);
    const found = all(".said[data-key]", report).filter((one) => range.intersectsNode($(".sentence", one)));
    return found.filter((one) => one.dataset.part === found[0].dataset.part);
  }

  function place() {
    const boxes = getSelection().getRangeAt(0).getClientRects();
    const last = boxes[boxes.length - 1];
    if (!last) return;
    pick.hidden = false;
    const left = Math.min(last.right + scrollX - pick.offsetWidth / 2, document.documentElement.clientWidth - pick.offsetWidth - 8);
    pick.style.left = `${Math.max(8, left)}px`;
    pick.style.top = `${last.bottom + scrollY + 8}px`;
  }
}

// ── what is typed stays until it is sent, whatever happens to the page
function keepTyping() {
  for (const form of all("[data-keep]")) {
    const field = form.elements.text, name = `proof ${form.dataset.keep}`;
    const kept = sessionStorage.getItem(name);
    if (kept !== null && kept !== field.value) { field.value = kept; form.closest("details").open = true; }
    field.addEventListener("input", () => sessionStorage.setItem(name, field.value));
    form.addEventListener("submit", (event) => { // a sentence that is only moved keeps what was begun on it
      if (!["up", "down", "add"].includes(event.submitter?.value)) sessionStorage.removeItem(name);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === field) $("[value=replace]", form).click();
      if (event.key === "Escape") { const fold = form.closest("details"); fold.open = false; $("summary", fold).focus(); event.stopPropagation(); }
    });
  }
  // an opened form is ready to be typed in
  document.addEventListener("toggle", (event) => { if (event.target.open && event.target.matches?.(".hand.edit")) $("textarea", event.target).focus({ preventScroll: true }); }, true);
}

// ── a proposal that is being made is asked for until it is there
function follow(section) {
  const look = async () => {
    const answer = await fetch(section.dataset.proposal, { headers: { accept: "text/html" } }).catch(() => null);
    if (answer?.status === 404) return;
    const fresh = document.createElement("template");
    fresh.innerHTML = answer?.ok ? await answer.text() : "";
    const made = fresh.content.firstElementChild;
    if (!made || made.dataset.proposal) { setTimeout(look, 900); return; }
    section.replaceWith(made);
  };
  setTimeout(look, 600);
}
