// The report beside its sources: a click on a number opens the document at the very words, without leaving the page.
const $ = (selector, root = document) => root.querySelector(selector);

export function readReport() {
  const aside = $(".sources"), place = $("#source-open");
  if (!aside || !place) return;
  let came = null;

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("[data-source]");
    if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      came = link;
      await open(link);
    }
    if (event.target.closest?.("[data-close]")) close();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !place.hidden) close(); });

  async function open(link) {
    const address = new URL(link.href);
    address.searchParams.set("part", "text");
    address.hash = "";
    const answer = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) { location.href = link.href; return; }
    for (const one of document.querySelectorAll("[data-source][aria-current]")) one.removeAttribute("aria-current");
    for (const one of document.querySelectorAll(`.cite[data-source="${link.dataset.source}"]`)) one.setAttribute("aria-current", "true");
    const spot = $(`.spot[data-source="${link.dataset.source}"]`);
    const title = $(".title", place);
    title.textContent = spot.textContent.trim();
    title.href = link.href;
    const paper = $(".paper", place);
    paper.innerHTML = await answer.text();
    place.hidden = false;
    aside.classList.add("opened");
    paper.focus({ preventScroll: true });
    $("mark", paper)?.scrollIntoView({ block: "center" });
    if (matchMedia("(max-width: 1080px)").matches) place.scrollIntoView({ block: "start" });
  }

  function close() {
    place.hidden = true;
    aside.classList.remove("opened");
    for (const one of document.querySelectorAll("[data-source][aria-current]")) one.removeAttribute("aria-current");
    came?.focus();
  }
}
