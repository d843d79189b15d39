// Niceties for whoever has a keyboard or a clipboard. Every page does all it can without them.
"use strict";
{
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const cards = () => all("main .card[tabindex]");
  const dialog = document.querySelector("#keys");
  const hint = document.querySelector(".hint");
  const kept = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("keys", value);
      return localStorage.getItem("keys");
    } catch { return null; }
  };
  let off = kept() === "off";

  const show = () => {
    hint.hidden = off || !matchMedia("(hover: hover)").matches;
    dialog.querySelector(".switch").textContent = off ? "Turn keys on" : "Turn keys off";
  };
  const step = (by) => {
    const list = cards();
    const here = list.findIndex((card) => card.contains(document.activeElement));
    const next = list[here < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, here + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  const press = (key) => {
    // An answer is for the card that has the focus, so that a stray key answers nothing.
    const card = document.activeElement?.closest(".card");
    const place = key === "u" || key === "/" ? document : card;
    const found = place?.querySelector(`[data-key="${key}"]`);
    if (!found || found.hidden) return false;
    if (found.matches("input")) found.select();
    else found.click();
    if (found.matches("summary")) found.parentElement.querySelector("input[type=date]")?.focus();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (event.target.closest("input:not([readonly]), select, textarea")) return;
    const { key } = event;
    if (key === "?") { show(); dialog.showModal(); }
    else if (off) return;
    else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key >= "1" && key <= "6") all("nav a")[key - 1]?.click();
    else if (key === "/" && !document.querySelector('[data-key="/"]')) location.assign(`${all("nav a")[3].href}#q`);
    else if (!/^[a-z/]$/.test(key) || !press(key)) return;
    event.preventDefault();
  });
  dialog.querySelector(".switch").addEventListener("click", () => {
    off = !off;
    kept(off ? "off" : "on");
    show();
  });

  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const of = button.dataset.of ? document.getElementById(button.dataset.of) : button.previousElementSibling;
      const words = button.textContent;
      try {
        await navigator.clipboard.writeText(of.value ?? of.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(of); // no clipboard without https: then it is marked, to be copied by hand
        button.textContent = "Marked: copy it now";
      }
      setTimeout(() => { button.textContent = words; }, 2000);
    });
  }
  if (location.hash === "#q") document.querySelector("#q")?.focus();
  show();
}
