// Details of one node or unit, beside the picture.

import { ask, bytes, clock, count, duration, h, patch, say, set } from "./dom.js";
import { toneOf, toneOfState } from "./map.js";
import { doing } from "./run.js";

const rungWords = {
  storage: "its files are there", defined: "libvirt has its definition", on: "it is switched on",
  address: "its address answers", etcd: "its etcd is healthy, or its proxy answers",
  flannel: "its containers have a subnet", cloud_config: "its cloud-config is applied", fleet: "fleet lists it",
  ready: "it climbed its whole ladder",
};
const mostLines = 600;

/** A drawer; `open(cluster, kind, name)` fills it, `draw(cluster)` keeps it up to date. */
export function panel(element, { close, open }) {
  let shown = null;
  let journal = null;
  let busy = null;
  let asked = 0;

  function leave() {
    journal?.close();
    busy?.close();
    [journal, busy, shown] = [null, null, null];
  }

  function frame(kind, name) {
    const body = h("div", { class: "body" });
    element.replaceChildren(
      h("header", {}, h("p", { class: "kind" }, kind), h("h2", { id: "panel-title" }, name), h("p", { class: "state" }),
        h("button", { class: "close", "aria-label": "Close", onclick: close }, "✕")), body);
    return body;
  }

  const facts = () => h("dl", { class: "facts" });
  function drawFacts(list, pairs) {
    patch(list, pairs.filter(([, value]) => value !== null && value !== undefined && value !== ""), ([name]) => name,
      ([name]) => h("div", {}, h("dt", {}, name), h("dd")), (row, [, value]) => say(row.lastChild, String(value)));
  }

  // Nodes

  function openNode(cluster, name) {
    const body = frame("node", name);
    const act = (verb) => () => ({ verb, cluster: shown.cluster.cluster, name });
    body.append(
      h("div", { class: "acts" }, doing("Start", act("start")), doing("Restart", act("restart")), doing("Stop", act("stop")),
        doing("Drain", act("drain")), doing("Undrain", act("undrain"))),
      facts(), h("h3", {}, "Way to readiness"), h("ol", { class: "rungs" }),
      h("h3", {}, "Busy with"), h("div", { class: "load" }, h("p", { class: "muted" }, "asking …")),
      h("h3", {}, "Units"), h("ul", { class: "rows" }),
      h("h3", {}, "Journal"), h("pre", { class: "journal", role: "log", tabindex: 0, "aria-label": `Journal of ${name}` }));
    follow(cluster.cluster, name, body.querySelector(".journal"));
    busy = listen("load", cluster.cluster, name);
    busy.addEventListener("load", (event) => drawLoad(JSON.parse(event.data), body.querySelector(".load")));
    busy.addEventListener("end", (event) => {
      busy?.close();
      body.querySelector(".load").replaceChildren(h("p", { class: "muted" }, JSON.parse(event.data)));
    });
  }

  const listen = (path, cluster, name) => new EventSource(`${path}?${new URLSearchParams({ cluster, name })}`);

  function follow(cluster, name, pre) {
    const lines = [];
    let waiting = false;
    journal = listen("journal", cluster, name);
    const show = (line) => {
      lines.push(line);
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        const isAtEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 30;
        pre.append(...lines.splice(0).slice(-mostLines));
        while (pre.children.length > mostLines) pre.firstElementChild.remove();
        if (isAtEnd) pre.scrollTop = pre.scrollHeight;
      });
    };
    journal.addEventListener("line", (event) => show(line(JSON.parse(event.data))));
    journal.addEventListener("end", (event) => {
      journal?.close();
      show(h("span", { class: "end" }, `${JSON.parse(event.data)}\n`));
    });
  }

  function line(text) {
    const [, time, rest] = /^(\d+\.\d+) (.*)$/.exec(text) ?? [];
    if (!time) return h("span", { class: "more" }, `${text}\n`);
    const colon = rest.indexOf(": ");
    return h("span", {}, h("time", {}, clock(Number(time))), " ", h("b", {}, rest.slice(0, colon)), `${rest.slice(colon)}\n`);
  }

  function drawLoad(load, place) {
    const members = Object.entries(load.members).map(([address, number]) => {
      const node = [...shown.cluster.nodes.values()].find((one) => one.address === address);
      return `${node?.name ?? address} (${number})`;
    });
    const used = load.memory ? load.memory - load.free_memory : null;
    let list = place.querySelector("dl");
    if (!list) place.replaceChildren((list = facts()), h("meter", { min: 0, max: 1, high: 0.9, "aria-label": "Memory in use" }));
    drawFacts(list, [
      ["load", load.load?.toFixed(2)], ["up for", duration(load.uptime)],
      ["memory", used === null ? null : `${bytes(used)} of ${bytes(load.memory)}`],
      ["connections to etcd", members.sort().join(", ") || "none"],
    ]);
    place.querySelector("meter").value = used === null ? 0 : used / load.memory;
  }

  function drawNode(cluster, node) {
    set(element, "data-tone", node ? toneOf(node) : "bad");
    say(element.querySelector(".state"), node ? node.state : "gone");
    if (!node) return;
    const acts = element.querySelector(".acts").children;
    const isOn = node.rungs.some((rung) => rung.name === "on" && rung.done);
    [isOn, !isOn, !isOn, !isOn || node.is_draining || node.fleet !== true, !node.is_draining].forEach((isOff, index) => { acts[index].disabled = isOff; });
    const days = node.certificates_end ? Math.floor((node.certificates_end - Date.now() / 1000) / 86400) : null;
    drawFacts(element.querySelector(".facts"), [
      ["role", node.role], ["runtime", node.runtime], ["address", node.address],
      ["etcd", node.part ? `${node.part}${node.etcd === "unhealthy" ? ", unhealthy" : ""}` : null],
      ["fleet", node.fleet === true ? (node.is_draining ? "listed, draining" : "listed") : node.fleet === false ? "missing" : null],
      ["processors", node.cpus], ["memory", node.memory ? bytes(node.memory) : null],
      ["metadata", Object.entries(node.metadata).map(([key, value]) => `${key}=${value}`).sort().join(", ")],
      ["certificates", days === null ? null : `${count(days, "day")} left`],
      ["starts with the host", node.autostart === undefined ? null : node.autostart ? "yes" : "no"],
      ["image", node.image], ["machine", node.machine_id],
    ]);
    patch(element.querySelector(".rungs"), node.rungs, (rung) => rung.name, (rung) => h("li", {}, h("b", {}, rung.name), ` ${rungWords[rung.name] ?? ""}`),
      (item, rung) => set(item, "data-done", rung.done));
    const units = [...cluster.units.values()].filter((unit) => node.name in unit.states || unit.node === node.name);
    patch(element.querySelector(".rows"), units, (unit) => unit.name, (unit) => h("li", {},
      h("button", { class: "chip", onclick: () => open("unit", unit.name) }, unit.name), h("span")), (item, unit) => {
      set(item.firstChild, "data-tone", toneOfState(unit.states[node.name]));
      say(item.lastChild, unit.states[node.name] ?? "expected");
    });
  }

  // Units

  function openUnit(cluster, name) {
    const act = (verb) => () => ({ verb, cluster: shown.cluster.cluster, name });
    frame("unit", name).append(
      h("div", { class: "acts" }, doing("Start", act("launch")), doing("Stop", act("halt"))),
      facts(), h("h3", {}, "What each machine says"), h("table", { class: "answers" },
        h("thead", {}, h("tr", {}, ["machine", "state", "answer", "units"].map((word) => h("th", { scope: "col" }, word)))), h("tbody")),
      h("h3", {}, "Text"), h("pre", { class: "text", tabindex: 0, "aria-label": `Text of ${name}` }));
  }

  async function drawUnit(cluster, unit) {
    set(element, "data-tone", unit?.is_well ? "good" : unit ? "busy" : "bad");
    say(element.querySelector(".state"), unit ? (unit.is_well ? "as wanted" : "not as wanted") : "gone");
    // What is the same object has not changed.
    if (!unit || shown.unit === unit) return;
    shown.unit = unit;
    const number = ++asked;
    let more;
    try {
      more = await ask("unit", { cluster: cluster.cluster, name: unit.name });
    } catch (error) {
      more = { text: error.message, places: [], reason: null };
    }
    if (number !== asked || shown?.name !== unit.name) return;
    drawFacts(element.querySelector(".facts"), [
      ["wanted", unit.wanted], ["placed", unit.is_global ? "on every machine it fits" : unit.node ?? "nowhere"],
      ["why", more.reason ?? unit.reason],
    ]);
    patch(element.querySelector("tbody"), more.places, (place) => place.node, (place) => h("tr", {},
      h("th", { scope: "row" }, h("button", { class: "link", onclick: () => open("node", place.node) }, place.node)), h("td"), h("td"), h("td")),
    (row, place) => {
      const cells = row.children;
      say(cells[1], place.state ?? "–");
      set(cells[1], "data-tone", toneOfState(place.state?.split("/")[0]));
      say(cells[2], place.is_here ? place.reason ?? "here" : place.refusal ?? "would take it");
      say(cells[3], String(place.units));
    });
    const pre = element.querySelector(".text");
    if (pre.dataset.text === more.text) return;
    pre.dataset.text = more.text;
    pre.replaceChildren(...more.text.split("\n").map(unitLine));
  }

  function unitLine(text) {
    if (text.startsWith("[")) return h("b", {}, `${text}\n`);
    const [, key, value] = /^([^=]+)(=.*)$/.exec(text) ?? [];
    return key ? h("span", {}, h("i", {}, key), `${value}\n`) : h("span", {}, `${text}\n`);
  }

  return {
    open(cluster, kind, name) {
      leave();
      shown = { cluster, kind, name };
      element.hidden = false;
      if (kind === "node") openNode(cluster, name);
      else openUnit(cluster, name);
      this.draw(cluster);
      element.focus({ preventScroll: true });
    },
    close() {
      leave();
      element.hidden = true;
      element.replaceChildren();
    },
    draw(cluster) {
      if (!shown) return;
      shown.cluster = cluster;
      if (shown.kind === "node") drawNode(cluster, cluster.nodes.get(shown.name));
      else drawUnit(cluster, cluster.units.get(shown.name));
    },
  };
}
