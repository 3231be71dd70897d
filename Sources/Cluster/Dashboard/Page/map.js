// The cluster as a picture: roles, their nodes, and units where they run.

import { ask, byName, calm, count, h, patch, say, set } from "./dom.js";
import { ring } from "./ring.js";

const crowded = 24;

/** Tone of a node: good, busy or bad. */
export const toneOf = (node) =>
  node.is_well ? "good" : ["starting", "leaving"].includes(node.state) || (node.state === "ready" && node.etcd !== "unhealthy") ? "busy" : "bad";

/** Tone of a unit on one node, by systemd's state. */
export const toneOfState = (state) =>
  ["active", "reloading"].includes(state) ? "good" : state === "failed" ? "bad" : state === "inactive" || !state ? "plain" : "busy";

/** A picture that `draw(cluster)` keeps up to date. */
export function map(open) {
  const etcd = ring((name) => open("node", name));
  const etcdCard = h("section", { class: "card etcd", "aria-label": "etcd" },
    h("h2", {}, "etcd"), h("p", { class: "words" }), etcd.element);
  const lane = h("section", { class: "card lane", "aria-label": "Units without a machine", hidden: true },
    h("h2", {}, "Waiting for a machine"), h("ul", { class: "waiting" }));
  const roles = h("div", { class: "roles" });
  const host = h("div", { class: "host" },
    h("p", { class: "network" }), h("div", { class: "sea" }, etcdCard, h("div", { class: "shore" }, lane, roles)));
  const chips = new Map();
  let wanted = "";

  function chip(key, unit, state, isGlobal) {
    let one = chips.get(key);
    if (!one) {
      one = h("button", { class: "chip", onclick: (event) => open("unit", event.currentTarget.dataset.unit) });
      chips.set(key, one);
    }
    one.dataset.unit = unit.name;
    say(one, unit.name.replace(/\.service$/, ""));
    const tone = unit.is_well && state === "inactive" ? "good" : toneOfState(state);
    set(one, "data-tone", unit.wanted === "launched" ? tone : "plain");
    set(one, "data-global", isGlobal);
    const words = `${unit.name}: ${state ?? "expected"}${isGlobal ? ", on every machine it fits" : ""}`;
    set(one, "aria-label", words);
    set(one, "title", words);
    return one;
  }

  /** Chips of each node, by its name: first those that run on one machine, then the global ones. */
  function placed(cluster) {
    const homes = new Map([...cluster.nodes.keys()].map((name) => [name, { own: [], global: [] }]));
    const live = new Set();
    for (const unit of cluster.units.values()) {
      const names = new Set(Object.keys(unit.states));
      if (unit.node && unit.wanted !== "inactive") names.add(unit.node);
      // The machine that the unit is scheduled to has its chip; what another still runs is one beside it.
      const main = unit.node ?? names.values().next().value;
      for (const name of names) {
        const home = homes.get(name);
        if (!home) continue;
        const key = unit.is_global || name !== main ? `${unit.name} ${name}` : unit.name;
        live.add(key);
        home[unit.is_global ? "global" : "own"].push(chip(key, unit, unit.states[name], unit.is_global));
      }
    }
    for (const [key, one] of chips) {
      if (live.has(key)) continue;
      chips.delete(key);
      one.remove();
    }
    return homes;
  }

  function arrange(container, list) {
    list.forEach((one, index) => {
      if (container.children[index] === one) return;
      const from = one.isConnected && one.parentElement !== container ? one.getBoundingClientRect() : null;
      container.insertBefore(one, container.children[index] ?? null);
      // What was in a tile that is not shown came from nowhere.
      if (from?.width) moves.push([one, from]);
    });
  }

  let moves = [];
  function playMoves() {
    // Positions are read together, after all has moved.
    const places = moves.map(([one, from]) => [one, from, one.getBoundingClientRect()]);
    moves = [];
    for (const [one, from, to] of places) {
      one.classList.add("moved");
      const options = { duration: calm() ? 1 : 900, easing: "cubic-bezier(.3, .9, .3, 1)" };
      const shift = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
      one.animate([{ transform: shift, zIndex: 5 }, { transform: "none", zIndex: 5 }], options).onfinish = () => {
        one.classList.remove("moved");
      };
    }
  }

  function tile() {
    const name = h("button", { class: "open", onclick: (event) => open("node", event.currentTarget.dataset.name) });
    return h("article", { class: "node" },
      h("header", {}, h("span", { class: "dot" }), name, h("span", { class: "part" })),
      h("p", { class: "where" }), h("p", { class: "ladder", role: "img" }), h("div", { class: "chips own" }),
      h("div", { class: "chips global" }));
  }

  function drawTile(article, node, home) {
    const name = article.querySelector(".open");
    name.dataset.name = node.name;
    say(name, node.name);
    set(article, "data-tone", toneOf(node));
    set(article, "data-state", node.state);
    set(name, "aria-label", `${node.name}, ${node.state}${node.part ? `, etcd ${node.part}` : ""}, ${count(home.own.length + home.global.length, "unit")}`);
    const part = article.querySelector(".part");
    const uses = sample.uses[node.name] ?? [];
    say(part, node.is_draining ? "draining" : uses.length && node.part ? `via ${uses.length > 1 ? count(uses.length, "member") : uses[0]}` : node.part ?? "");
    set(part, "title", uses.length ? `${node.part}: has connections to ${uses.join(", ")}` : null);
    set(part, "data-part", node.part);
    const state = node.is_well ? "" : node.state !== "ready" ? node.state : node.etcd === "unhealthy" ? "etcd unhealthy" : "not in fleet";
    const address = node.address ?? "no address";
    say(article.querySelector(".where"), (state ? [state, address] : [address, node.runtime]).join(" · "));
    const ladder = article.querySelector(".ladder");
    patch(ladder, node.rungs, (rung) => rung.name, () => h("i"), (step, rung) => {
      set(step, "data-done", rung.done);
      set(step, "title", rung.name);
    });
    set(ladder, "aria-label", `Reached: ${node.rungs.filter((rung) => rung.done).map((rung) => rung.name).join(", ") || "nothing"}`);
    arrange(article.querySelector(".own"), home.own);
    arrange(article.querySelector(".global"), home.global);
    article.hidden = Boolean(wanted) && !matches(node, home);
  }

  const matches = (node, home) =>
    [node.name, node.role, node.address ?? "", node.state, node.part ?? "", ...home.own.map((one) => one.dataset.unit)]
      .some((text) => text.toLowerCase().includes(wanted));

  function drawRole(section, role, cluster, homes) {
    const ready = role.nodes.filter((node) => node.is_well).length;
    say(section.querySelector("h2"), role.name);
    const line = section.querySelector(".words");
    const proxies = role.nodes.some((node) => node.part === "proxy" || node.part === "readonly");
    const members = (cluster.etcd?.members ?? []).filter((one) => one.part !== "silent").map((one) => one.name).sort();
    const used = (name) => role.nodes.filter((node) => sample.uses[node.name]?.includes(name)).length;
    const through = proxies ? ` · etcd through ${members.map((name) => (used(name) ? `${name} (${used(name)})` : name)).join(", ") || "no member"}` : "";
    say(line, `${ready} of ${role.nodes.length} well${through}`);
    set(section, "data-crowded", role.nodes.length > crowded);
    patch(section.querySelector(".nodes"), role.nodes, (node) => node.name, tile, (article, node) =>
      drawTile(article, node, homes.get(node.name)));
  }

  // Which members the proxies use: no event tells, so that it is looked at once, and when either are others.
  const sample = { of: "", uses: {} };
  async function takeSample(cluster) {
    const members = (cluster.etcd?.members ?? []).filter((one) => one.part !== "silent").map((one) => one.name);
    const proxies = [...cluster.nodes.values()].filter((node) => node.is_well && ["proxy", "readonly"].includes(node.part));
    const key = `${cluster.cluster} ${members.join(" ")} / ${proxies.map((node) => node.name).join(" ")}`;
    if (key === sample.of || !members.length || !proxies.length) return;
    const isFirst = !sample.of.startsWith(`${cluster.cluster} `);
    sample.of = key;
    if (isFirst) sample.uses = {};
    // Those whose member has gone find another first.
    else await new Promise((done) => setTimeout(done, 3000));
    if (sample.of !== key) return;
    const uses = await ask("uses", { cluster: cluster.cluster }).catch(() => ({}));
    if (sample.of !== key) return;
    sample.uses = uses;
    if (shown) draw(shown);
  }

  let shown = null;
  function draw(cluster) {
    shown = cluster;
    takeSample(cluster);
    const nodes = [...cluster.nodes.values()].sort(byName);
    say(host.querySelector(".network"), `${cluster.head.host} · ${cluster.head.network ? `network ${cluster.head.network}` : "no network"}`);
    const hasEtcd = nodes.some(isMember) || cluster.etcd;
    etcdCard.hidden = !hasEtcd;
    etcd.draw(cluster.etcd);
    const health = cluster.etcd;
    say(etcdCard.querySelector(".words"), !cluster.head.is_asked ? "asking …" : !health ? "no member answers" : !health.quorum ? "no quorum: nothing can be written"
      : health.alarms.length ? health.alarms.join("; ") : health.leader ? `term ${health.term}, revision ${health.revision}` : "electing a leader");
    set(etcdCard, "data-tone", (health?.quorum && !health.alarms.length) || !cluster.head.is_asked ? "good" : "bad");
    const byRole = Map.groupBy(nodes, (node) => node.role);
    const list = [...byRole].map(([name, nodes]) => ({ name, nodes })).sort((one, other) =>
      hasMember(other) - hasMember(one) || byName(one, other));
    const homes = placed(cluster);
    set(host, "data-crowded", list.some((role) => role.nodes.length > crowded));
    patch(roles, list, (role) => role.name, () => h("section", { class: "card role" },
      h("h2"), h("p", { class: "words" }), h("div", { class: "nodes" })), (section, role) => drawRole(section, role, cluster, homes));
    const waiting = [...cluster.units.values()].filter((unit) => unit.wanted !== "inactive" && !Object.keys(unit.states).length && !(unit.node && cluster.nodes.has(unit.node))).sort(byName);
    lane.hidden = !waiting.length;
    patch(lane.querySelector("ul"), waiting, (unit) => unit.name, () => h("li"), (item, unit) => {
      arrange(item, [chip(unit.name, unit, undefined, unit.is_global)]);
      if (!item.querySelector("span")) item.append(h("span"));
      say(item.querySelector("span"), unit.reason ?? "not placed yet");
    });
    playMoves();
  }

  const isMember = (node) => Boolean(node.part) && !["proxy", "readonly"].includes(node.part);
  const hasMember = (role) => (role.nodes.some(isMember) ? 1 : 0);

  return {
    element: host,
    draw,
    /** Shows only what has the text in its name. */
    find(text) {
      wanted = text.trim().toLowerCase();
      if (shown) draw(shown);
    },
  };
}
