// A form is sent once, and what was written in one that was refused is there again when its page is.
const NAME = "jihwi unsent";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const data = document.body.dataset;
const place = () => location.pathname + location.search;

// what a person fills in, and how far it is from what the page said; a password is nobody's to keep
const fields = (form) => [...form.elements].filter((one) => one.name && one.matches("textarea, select, input:not([type=hidden], [type=password], [type=file])"));
const written = (one) => one.matches("textarea, input:not([type=checkbox], [type=radio])") && one.value !== one.defaultValue;
const value = (one) => (one.matches("[type=checkbox], [type=radio]") ? one.checked : one.value);

// the same form on the next page: where it goes and what it is about, but not the tokens that change
function keyOf(form) {
  const about = all("input[type=hidden]", form).filter((one) => !["csrf", "digest", "back"].includes(one.name));
  return [form.getAttribute("action"), ...about.map((one) => `${one.name}=${one.defaultValue}`), ...fields(form).map((one) => one.name)].join(" ");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent !== "there") { // whether anybody is there is asked first: else the page would be gone, and the words with it
    event.preventDefault();
    if (!form.dataset.sent) ask(form, event.submitter);
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 8000); // a file was fetched, or nothing came back
  if (form.action.endsWith("/leave")) sessionStorage.clear();
  if (!data.person || !fields(form).some((one) => written(one) && one.value.trim())) return;
  const kept = { person: data.person, place: place(), key: keyOf(form), values: fields(form).map((one) => [one.name, value(one)]), words: fields(form).filter(written).map((one) => one.value) };
  sessionStorage.setItem(NAME, JSON.stringify(kept));
});

async function ask(form, submitter) {
  form.dataset.sent = "asked";
  for (const one of all(".unreached", form)) one.remove();
  const there = await fetch("/health", { cache: "no-store" }).catch(() => null);
  form.dataset.sent = "there";
  if (there) { form.requestSubmit(submitter); return; }
  delete form.dataset.sent;
  const said = note(data.saidUnreached);
  said.classList.add("bad", "unreached");
  form.insertAdjacentElement("afterbegin", said);
  said.scrollIntoView({ block: "center" });
}

addEventListener("pageshow", (event) => { if (event.persisted) for (const form of all("form[data-sent]")) delete form.dataset.sent; });

// on the page after: a refusal keeps it, anything else has taken it
function bringBack() {
  const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
  if (!kept) return;
  if ("refused" in data) { sessionStorage.setItem(NAME, JSON.stringify({ ...kept, refused: true })); return; }
  if (kept.refused && kept.person === data.person && kept.place !== place()) return; // still on the way back
  sessionStorage.removeItem(NAME);
  if (!kept.refused || kept.person !== data.person) return;
  const form = all("form").find((one) => keyOf(one) === kept.key);
  if (form) fill(form, kept.values); else show(kept.words);
}

function fill(form, values) {
  fields(form).forEach((one, at) => {
    const [name, said] = values[at] ?? [];
    if (name !== one.name) return;
    if (one.matches("[type=checkbox], [type=radio]")) one.checked = said; else one.value = said;
  });
  for (let one = form.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  form.insertAdjacentElement("afterbegin", note(data.saidKept));
  form.scrollIntoView({ block: "center" });
}

function show(words) {
  const place = note(data.saidOver);
  for (const one of words) place.append(Object.assign(document.createElement("pre"), { textContent: one }));
  document.querySelector("main").prepend(place);
}

function note(words) {
  const place = document.createElement("div");
  place.className = "note kept";
  place.setAttribute("role", "status");
  place.append(Object.assign(document.createElement("p"), { textContent: words }));
  return place;
}

bringBack();
