// What the pages do beyond links and forms. Everything here is a comfort but the live line.
import { followLive } from "./live.js";
import { proofread } from "./proofing.js";
import { readReport } from "./reading.js";

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// an example becomes the request
for (const link of all("[data-say]")) {
  link.addEventListener("click", (event) => {
    const field = $("#request");
    if (!field || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    field.value = link.dataset.say;
    field.focus();
  });
}
const request = $("#request");
request?.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) request.form.requestSubmit(); });

// machinery in the timeline
const quiet = $("#show-quiet"), events = $("#events");
if (quiet && events) {
  quiet.checked = sessionStorage.getItem("quiet") === "yes";
  const show = () => { events.classList.toggle("with-quiet", quiet.checked); sessionStorage.setItem("quiet", quiet.checked ? "yes" : "no"); };
  quiet.addEventListener("change", show);
  show();
}

// an event's body is fetched when it is opened
document.addEventListener("toggle", async (event) => {
  const details = event.target;
  if (!details.open || !details.dataset?.from || details.dataset.read) return;
  details.dataset.read = "yes";
  const answer = await fetch(details.dataset.from, { headers: { accept: "text/html" } }).catch(() => null);
  if (answer?.ok) $(".body", details).innerHTML = await answer.text();
}, true);

// files dropped on the form
for (const form of all("[data-drop]")) {
  const field = $("input[type=file]", form);
  const over = (event, on) => { event.preventDefault(); form.classList.toggle("over", on); };
  form.addEventListener("dragover", (event) => over(event, true));
  form.addEventListener("dragleave", (event) => over(event, false));
  form.addEventListener("drop", (event) => { over(event, false); if (event.dataTransfer.files.length) field.files = event.dataTransfer.files; });
}

for (const button of all("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", () => navigator.clipboard.writeText($(`#${button.dataset.copy}`).textContent.trim()));
}
for (const button of all("[data-print]")) { button.hidden = false; button.addEventListener("click", () => print()); }

// what an address points at is opened, not only scrolled to
function reveal() {
  const place = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!place) return;
  const below = place.closest(".made-sentences li") && $("details", place.closest("li"));
  for (let one = below || place.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  place.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();

readReport();
proofread();
followLive();
