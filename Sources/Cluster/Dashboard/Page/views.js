// The views beside the picture: units, etcd, plan and history, as tables.

import { ask, byName, bytes, clock, count, h, patch, say, set } from "./dom.js";
import { toneOfState } from "./map.js";
import { doing, perform } from "./run.js";

function table(words, rows) {
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, words.map((word) => h("th", { scope: "col" }, word)))), rows));
}

/** Units, each with its place. */
export function unitsView(open) {
  const body = h("tbody");
  const empty = h("p", { class: "muted" });
  const element = h("section", { class: "card" }, h("h2", {}, "Units"), empty, table(["unit", "wanted", "state", "where", "why not"], body));
  let wanted = "";
  let shown = null;
  function draw(cluster) {
    shown = cluster;
    const units = [...cluster.units.values()].sort(byName).filter((unit) =>
      [unit.name, unit.node ?? "", ...Object.keys(unit.states)].some((text) => text.toLowerCase().includes(wanted)));
    say(empty, !cluster.head.has_fleet ? "fleet does not answer: what is shown is what it said last." : units.length ? "" : "There are no units.");
    patch(body, units, (unit) => unit.name, (unit) => h("tr", {}, h("th", { scope: "row" },
      h("button", { class: "link", onclick: () => open("unit", unit.name) }, unit.name)), h("td"), h("td"), h("td"), h("td")), (row, unit) => {
      const cells = row.children;
      const states = Object.values(unit.states);
      const kinds = [...new Set(states)].map((state) => (states.length > 1 ? `${states.filter((one) => one === state).length} ${state}` : state));
      say(cells[1], unit.wanted);
      say(cells[2], kinds.join(", ") || "–");
      set(cells[2], "data-tone", unit.wanted !== "launched" ? "plain" : unit.is_well ? "good" : toneOfState(states.find((state) => state !== "active")));
      const names = Object.keys(unit.states).sort();
      say(cells[3], names.length > 6 ? count(names.length, "machine") : names.join(", ") || "–");
      say(cells[4], unit.reason ?? "");
    });
  }
  return {
    element,
    draw,
    find(text) {
      wanted = text.trim().toLowerCase();
      if (shown) draw(shown);
    },
  };
}

/** etcd's members in figures. */
export function etcdView(open) {
  const body = h("tbody");
  const words = h("p", { class: "lead" });
  const alarms = h("ul", { class: "alarms" });
  const element = h("section", { class: "card" }, h("h2", {}, "etcd"), words, alarms,
    table(["member", "part", "log index", "behind", "database", "version", "id"], body));
  function draw(cluster) {
    const etcd = cluster.etcd;
    say(words, !etcd ? "No member answers." : etcd.quorum
      ? `A majority answers. ${etcd.leader ?? "Nobody"} leads since term ${etcd.term ?? "–"}; the store is at revision ${etcd.revision ?? "–"}.`
      : "There is no majority: nothing can be read or written.");
    const notes = [...(etcd?.alarms ?? []), ...(etcd?.clusters ? [`The members belong to ${etcd.clusters.length} clusters: ${etcd.clusters.join(", ")}`] : [])];
    patch(alarms, notes, (text) => text, (text) => h("li", {}, text), () => {});
    const newest = Math.max(0, ...(etcd?.members ?? []).map((one) => one.index ?? 0));
    patch(body, etcd?.members ?? [], (one) => one.id, (one) => h("tr", {}, h("th", { scope: "row" },
      h("button", { class: "link", onclick: () => open("node", one.name) }, one.name)), ...Array.from({ length: 6 }, () => h("td"))), (row, one) => {
      const cells = row.children;
      const values = [one.part, one.index ?? "–", one.index === undefined ? "–" : newest - one.index, bytes(one.size), one.version ?? "–", one.id];
      values.forEach((value, index) => say(cells[index + 1], String(value)));
      set(cells[1], "data-tone", one.part === "silent" ? "bad" : one.part === "learner" ? "busy" : "good");
    });
  }
  return { element, draw };
}

const marks = { destroys: ["−", "bad"], restarts: ["~", "busy"], none: ["+", "good"] };

/** What `slipway up` would do. It is asked for when it is opened, and by its button. */
export function planView() {
  const words = h("p", { class: "lead" });
  const steps = h("ol", { class: "steps" });
  const notes = h("ul", { class: "notes" });
  let name = null;
  const again = h("button", { class: "action", onclick: () => load() }, "Plan again");
  const roles = h("ul", { class: "roles" });
  const element = h("section", { class: "card" }, h("h2", {}, "What up would do"), words, steps, notes,
    h("div", { class: "buttons" }, again, h("span", { class: "acts" }, doing("Do it", () => ({ verb: "up", cluster: name })))),
    h("div", { class: "acts" }, h("h2", {}, "Scale"), roles));
  function drawRoles(cluster) {
    const counts = new Map();
    for (const node of cluster.nodes.values()) counts.set(node.role, (counts.get(node.role) ?? 0) + 1);
    patch(roles, [...counts].sort(), ([role]) => role, ([role, number]) => {
      const input = h("input", { type: "number", min: 0, max: 9999, value: number, "aria-label": `Nodes of role ${role}` });
      return h("li", {}, h("label", {}, h("span", {}, role), input), h("small"),
        h("button", { class: "action", onclick: () => perform({ verb: "scale", cluster: name, name: role, count: Number(input.value) }) }, "Scale"));
    }, (item, [, number]) => say(item.children[1], `${count(number, "node")} now`));
  }
  async function load() {
    const asked = name;
    say(words, "planning …");
    again.disabled = true;
    let plan;
    try {
      plan = await ask("plan", { cluster: asked });
    } catch (error) {
      plan = { steps: [], notes: error.message.split("\n"), failed: true };
    }
    if (asked !== name) return;
    again.disabled = false;
    say(words, plan.failed ? "There is no plan:" : !plan.file ? "" : plan.steps.length ? `${count(plan.steps.length, "step")} by ${plan.file}` : `Nothing to do: the cluster is as ${plan.file} says.`);
    patch(steps, plan.steps.map((step, index) => ({ ...step, index })), (step) => `${step.index} ${step.title}`, (step) => h("li", { "data-tone": marks[step.cost][1] },
      h("b", { "aria-label": step.cost }, marks[step.cost][0]), h("span", {}, step.title), h("small", {}, step.reason)), () => {});
    patch(notes, plan.notes, (text) => text, (text) => h("li", {}, text), () => {});
  }
  return {
    element,
    draw(cluster) {
      drawRoles(cluster);
      if (cluster.cluster === name) return;
      name = cluster.cluster;
      load();
    },
    leave() {
      name = null;
    },
  };
}

/** What was done to the cluster. */
export function historyView() {
  const words = h("p", { class: "muted" });
  const body = h("tbody");
  const element = h("section", { class: "card" }, h("h2", {}, "What was done"), words, table(["when", "command", "by", "outcome", "steps", "took"], body));
  let name = null;
  async function load() {
    const asked = name;
    let entries = [];
    try {
      entries = await ask("history", { cluster: asked });
      if (asked === name) say(words, entries.length ? "" : "Nothing is recorded.");
    } catch (error) {
      if (asked === name) say(words, error.message);
    }
    if (asked !== name) return;
    patch(body, entries, (entry) => entry.time, (entry) => {
      const date = new Date(entry.time / 1000);
      const took = entry.seconds < 10 ? `${entry.seconds.toFixed(1)} s` : `${Math.round(entry.seconds)} s`;
      return h("tr", {}, h("td", {}, `${date.toLocaleDateString("en-CA")} ${clock(entry.time / 1e6)}`), h("th", { scope: "row" }, h("code", {}, entry.command)), h("td", {}, entry.by),
        h("td", { "data-tone": { done: "good", failed: "bad", stopped: "bad" }[entry.outcome] ?? "" }, entry.outcome + (entry.failed.length ? `: ${entry.failed.join(", ")}` : "")), h("td", {}, String(entry.steps)), h("td", {}, took));
    }, () => {});
  }
  return {
    element,
    draw(cluster) {
      if (cluster.cluster === name) return;
      name = cluster.cluster;
      load();
    },
    leave() {
      name = null;
    },
  };
}
