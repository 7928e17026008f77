// Keyboard shortcuts. They follow links, move the focus and tick what is still to be sent; no key sends anything.
(() => {
  "use strict";
  const sections = { d: "/desk", t: "/triage", i: "/incidents", r: "/release", p: "/peers", s: "/sync" };
  let afterG = false;

  // Arabic and Russian layouts give other letters; the place of the key is what people remember.
  const letter = (event) =>
    /^[\x20-\x7e]$/.test(event.key) ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();

  const isTyping = (element) => element.closest("textarea,select,[contenteditable],input:not([type=radio],[type=checkbox])");

  const follow = (selector) => {
    const target = document.querySelector(selector);
    if (!target) return false;
    if (target.href) location.href = target.href;
    else target.focus();
    return true;
  };

  const step = (by) => {
    const links = [...document.querySelectorAll("main tbody th a")];
    if (!links.length) return false;
    const here = links.findIndex((link) => link === document.activeElement);
    const marked = links.findIndex((link) => link.getAttribute("aria-current"));
    const next = here < 0 ? Math.max(marked, 0) + (marked < 0 ? 0 : by) : here + by;
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
    return true;
  };

  const choose = (value) => {
    const radio = document.querySelector(`#rep input[type=radio][value=${value}]`);
    if (!radio) return false;
    radio.checked = true;
    radio.focus();
    return true;
  };

  // The row whose link has the focus; elsewhere the key scrolls, presses and ticks as it always does.
  const tick = () => {
    const box = document.activeElement.closest("main tbody th")?.parentElement.querySelector(".ck input");
    if (box) box.checked = !box.checked;
    return Boolean(box);
  };

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    a: () => choose("accept"),
    m: () => choose("add"),
    l: () => choose("link"),
    x: () => choose("reject"),
    " ": () => tick(),
    "?": () => follow(".foot a[href*='/help/keys']"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") { document.activeElement.blur(); return; }
    if (isTyping(event.target)) return;
    const key = letter(event);
    if (afterG) {
      afterG = false;
      if (sections[key] && follow(`.nav a[href^="${sections[key]}"]`)) event.preventDefault();
      return;
    }
    if (key === "g") { afterG = true; return; }
    const done = keys[key] ? keys[key]() : /^[a-z]$/.test(key) && follow(`[aria-keyshortcuts="${key}"]`);
    if (done) event.preventDefault();
  });

  const summary = document.querySelector(".err-sum");
  if (summary) summary.focus();
})();
