// Elements, and how they are kept up to date: what is the same stays the same element.

const svgNames = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (on…) and children. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNames, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets an attribute where it is another; null and false remove it. */
export function set(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Sets the text where it is another. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const kept = new WeakMap();

/**
 * Makes the children of an element those of a list: by key, in order, with the fewest moves.
 * `make(item)` returns a new element, `update(element, item)` is called for each.
 */
export function patch(parent, items, key, make, update) {
  let known = kept.get(parent);
  if (!known) kept.set(parent, (known = new Map()));
  const wanted = new Set();
  let next = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    wanted.add(name);
    let element = known.get(name);
    if (!element) known.set(name, (element = make(item)));
    update(element, item);
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  for (const [name, element] of known) {
    if (wanted.has(name)) continue;
    known.delete(name);
    element.remove();
  }
}

const collator = new Intl.Collator("en", { numeric: true });

/** Order of names in which worker-10 comes after worker-9. */
export const byName = (one, other) => collator.compare(one.name, other.name);

/** `1 node`, `2 nodes`. */
export const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/** Bytes as people read them. */
export function bytes(number) {
  if (number === null || number === undefined) return "–";
  let unit = 0;
  while (number >= 1024 && unit < 4) {
    number /= 1024;
    unit += 1;
  }
  return `${number < 10 && unit ? number.toFixed(1) : Math.round(number)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/** Seconds as people read them. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  for (const [size, word] of units) if (seconds >= size) return `${Math.floor(seconds / size)} ${word}`;
  return `${Math.round(seconds)} s`;
}

/** Time of day, with milliseconds where asked for. */
export function clock(seconds, fine = false) {
  const date = new Date(seconds * 1000);
  const text = date.toLocaleTimeString("en-GB");
  return fine ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/** True where the person asked for less motion. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A document of the server; its words as an error where it has none. */
export async function ask(path, query = {}) {
  const answer = await fetch(`${path}?${new URLSearchParams(query)}`, { credentials: "same-origin" });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}
