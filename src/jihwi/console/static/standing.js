// What stands on a page becomes what stands now, piece by piece: whatever somebody is at stays as it is under their hands.
const all = (selector, root) => [...root.querySelectorAll(selector)];

// the same thing on the page and in what came: by its key, else by what kind of thing it is and what it does
const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.id : "") || "";
function likeness(node) {
  if (node.nodeType !== 1) return `${node.nodeType}`;
  const does = node.matches("button, input, select, textarea") ? `${node.name}=${node.type === "text" ? "" : node.getAttribute("value")}` : node.getAttribute("action") ?? "";
  return `${node.nodeName} ${node.classList[0] ?? ""} ${does}`;
}

const first = (select) => Math.max(0, [...select.options].findIndex((one) => one.defaultSelected));
const dirty = (one) => (one.matches("[type=checkbox], [type=radio]") ? one.checked !== one.defaultChecked
  : one.matches("select") ? one.options.length > 0 && one.selectedIndex !== first(one) : one.value !== one.defaultValue);
const typed = (root) => all("textarea, input:not([type=hidden])", root).some(dirty);
const inHand = (root) => typed(root) || (root.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

export function stands(place, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  children(place, fresh.content);
}

function become(old, fresh) {
  if (old.nodeType !== 1) { if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue; return; }
  if (old.matches("input, textarea, select") && (dirty(old) || old === document.activeElement)) return;
  const own = (name) => name === "open" && old.nodeName === "DETAILS"; // what somebody has opened stays open
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !own(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value && !own(name)) old.setAttribute(name, value);
  children(old, fresh);
}

function children(old, fresh) {
  const coming = new Set([...fresh.childNodes].map(keyOf).filter(Boolean));
  const standing = new Map([...old.childNodes].filter(keyOf).map((one) => [keyOf(one), one]));
  let at = old.firstChild;
  for (const one of [...fresh.childNodes]) {
    const found = keyOf(one) ? standing.get(keyOf(one)) : alike(at, one);
    if (!found) { old.insertBefore(document.importNode(one, true), at); continue; }
    const ahead = at && at.compareDocumentPosition(found) & Node.DOCUMENT_POSITION_FOLLOWING;
    while (ahead && at !== found && !coming.has(keyOf(at))) at = leave(at);
    if (at === found) at = at.nextSibling; else old.insertBefore(found, at);
    become(found, one);
  }
  while (at) at = leave(at);
}

function alike(from, fresh) {
  if (fresh.nodeType !== 1) return from?.nodeType === fresh.nodeType ? from : null; // a blank is worth no element
  for (let one = from; one; one = one.nextSibling) if (!keyOf(one) && likeness(one) === likeness(fresh)) return one;
  return null;
}

// what is gone goes, but for a decision somebody is writing at: it says that it was settled, and keeps their words
function leave(node) {
  const next = node.nextSibling;
  if (node.nodeType !== 1) { node.remove(); return next; }
  if (node.matches(".decision.settled")) return next;
  if (node.matches(".decision") && inHand(node)) { settle(node); return next; }
  if (all(".decision", node).some((one) => one.matches(".settled") || inHand(one))) {
    for (let one = node.firstChild; one;) one = leave(one);
    return next;
  }
  node.remove();
  return next;
}

function settle(decision) {
  const { saidSettled, saidAway } = document.body.dataset;
  decision.classList.add("settled");
  for (const one of all("button", decision)) one.disabled = true;
  const said = Object.assign(document.createElement("p"), { className: "note bad", textContent: `${saidSettled} ` });
  said.setAttribute("role", "status");
  const away = Object.assign(document.createElement("button"), { type: "button", textContent: saidAway });
  away.addEventListener("click", () => {
    const around = decision.closest(".decisions, .inbox-item");
    decision.remove();
    if (around && !around.querySelector(".decision")) around.remove();
  });
  said.append(away);
  decision.append(said);
}
