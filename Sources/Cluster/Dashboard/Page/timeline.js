// What has happened, the newest first.

import { clock, h } from "./dom.js";

const most = 200;

/** Shows events in a list; `open(kind, name)` opens what an event is about. */
export function timeline(list, open) {
  const empty = h("li", { class: "empty" }, "Nothing has happened since this page was opened.");
  list.append(empty);
  let last = 0;

  function item(event, isNew) {
    const kind = event.subject === "unit" ? "unit" : "node";
    const isOpenable = ["unit", "node", "machine"].includes(event.subject)
      || (event.subject === "etcd" && event.name !== event.cluster);
    const name = isOpenable
      ? h("button", { class: "name", onclick: () => open(event.cluster, kind, event.name) }, event.name)
      : h("b", { class: "name" }, event.name);
    return h("li", { class: isNew ? "new" : null, "data-cluster": event.cluster, "data-trouble": event.is_trouble },
      h("time", { datetime: new Date(event.time * 1000).toISOString(), title: clock(event.time, true) }, clock(event.time)),
      h("span", { class: "subject", "data-subject": event.subject }, event.subject),
      h("p", {}, name, event.node ? [" on ", h("b", {}, event.node)] : null, ` ${event.text}`));
  }

  return {
    /** Adds events that came after those that are shown. */
    add(events, isNew) {
      const fresh = events.filter((event) => event.number > last);
      if (!fresh.length) return;
      last = fresh.at(-1).number;
      empty.remove();
      list.prepend(...fresh.map((event) => item(event, isNew)).reverse());
      while (list.children.length > most) list.lastElementChild.remove();
    },
    /** Forgets what is shown, as before everything is told anew by another server. */
    clear() {
      last = 0;
      list.replaceChildren(empty);
    },
  };
}
