// The page: takes what the server tells, and draws what is chosen.

import { h, patch, say, set } from "./dom.js";
import { map } from "./map.js";
import { panel } from "./panel.js";
import { timeline } from "./timeline.js";
import { etcdView, historyView, planView, unitsView } from "./views.js";

const $ = (id) => document.getElementById(id);
const clusters = new Map();
const chosen = { cluster: null, view: "map", kind: null, name: null };

// Where one is: #CLUSTER/VIEW/KIND/NAME

function readPlace() {
  const [cluster, view, kind, name] = location.hash.slice(1).split("/").map(decodeURIComponent);
  chosen.cluster = clusters.has(cluster) ? cluster : [...clusters.keys()].sort()[0] ?? null;
  chosen.view = view in views ? view : "map";
  [chosen.kind, chosen.name] = ["node", "unit"].includes(kind) && name ? [kind, name] : [null, null];
}

function go(place) {
  const to = { ...chosen, ...place };
  const parts = [to.cluster, to.view, ...(to.kind ? [to.kind, to.name] : [])];
  location.hash = parts.map((part) => encodeURIComponent(part ?? "")).join("/");
}

const openPart = (kind, name) => go({ kind, name });
const closePart = () => {
  const { name } = chosen;
  go({ kind: null, name: null });
  // Back to where it was opened.
  document.querySelector(`.open[data-name="${CSS.escape(name ?? "")}"]`)?.focus();
};

const views = {
  map: { title: "Cluster", ...map(openPart) },
  units: { title: "Units", ...unitsView(openPart) },
  etcd: { title: "etcd", ...etcdView(openPart) },
  plan: { title: "Plan", ...planView() },
  history: { title: "History", ...historyView() },
};
const details = panel($("panel"), { close: closePart, open: openPart });
const events = timeline($("timeline"), (cluster, kind, name) => go({ cluster, kind, name }));

// Drawing: at most once a frame

let isDue = false;
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    draw();
  });
}

let opened = "";
let visible = null;
function draw() {
  readPlace();
  const cluster = clusters.get(chosen.cluster);
  patch($("clusters"), [...clusters.values()].sort((one, other) => one.cluster.localeCompare(other.cluster)), (one) => one.cluster,
    (one) => h("a", { href: `#${encodeURIComponent(one.cluster)}` }, h("span", { class: "dot" }), one.cluster), (link, one) => {
      set(link, "aria-current", one === cluster ? "page" : null);
      set(link, "data-tone", toneOf(one));
    });
  $("clusters").hidden = clusters.size < 2;
  for (const item of $("timeline").children) item.hidden = Boolean(item.dataset.cluster) && item.dataset.cluster !== chosen.cluster;
  if (!cluster) {
    say($("name"), isKnown ? "No clusters here" : "Looking around …");
    say($("view"), isKnown ? "Make one: slipway up Topologies/dev-test.yaml. It is shown here as it comes up." : "");
    [visible, $("counts").hidden, $("state").hidden] = [null, true, true];
    document.title = "Slipway";
    return;
  }
  drawHead(cluster);
  drawTabs();
  if (visible !== chosen.view) {
    views[visible]?.leave?.();
    visible = chosen.view;
    $("view").replaceChildren(views[visible].element);
    views[visible].find?.($("find").value);
  }
  views[visible].draw(cluster);
  // For whoever measures.
  if (!performance.getEntriesByName("first-cluster").length) performance.mark("first-cluster");
  const wanted = chosen.kind ? `${chosen.cluster} ${chosen.kind} ${chosen.name}` : "";
  if (wanted === opened) details.draw(cluster);
  else if (wanted) details.open(cluster, chosen.kind, chosen.name);
  else details.close();
  opened = wanted;
  document.body.classList.toggle("has-panel", Boolean(wanted));
}

const toneOf = (cluster) =>
  cluster.head.is_well ? "good" : !cluster.head.is_asked || cluster.head.work || [...cluster.nodes.values()].some((node) => node.state === "starting") ? "busy" : "bad";

function drawHead(cluster) {
  const { head, etcd } = cluster;
  const tone = toneOf(cluster);
  const nodes = [...cluster.nodes.values()];
  const units = [...cluster.units.values()];
  say($("name"), cluster.cluster);
  document.title = `${tone === "good" ? "" : "● "}${cluster.cluster} · Slipway`;
  $("state").hidden = $("counts").hidden = false;
  say($("state"), tone === "good" ? "all is well" : tone === "busy" ? "on its way" : "needs a look");
  set($("state"), "data-tone", tone);
  const wellNodes = nodes.filter((node) => node.is_well).length;
  const wellUnits = units.filter((unit) => unit.is_well).length;
  const silent = (etcd?.members ?? []).filter((one) => one.part === "silent").length;
  const members = etcd?.members.length ?? 0;
  const list = [
    { name: "nodes", value: `${wellNodes}/${nodes.length}`, note: "well", isWell: wellNodes === nodes.length },
    { name: "etcd", value: `${members - silent}/${members}`, note: !head.is_asked ? "asking" : etcd?.quorum ? `led by ${etcd.leader ?? "nobody"}` : "no quorum", isWell: Boolean(etcd?.quorum) && !silent },
    { name: "units", value: `${wellUnits}/${units.length}`, note: head.has_fleet ? "as wanted" : "fleet is silent", isWell: wellUnits === units.length && head.has_fleet },
  ];
  patch($("counts"), list, (one) => one.name, () => h("li", {}, h("span", { class: "what" }), h("b"), h("small")), (item, one) => {
    const [what, value, note] = item.children;
    say(what, one.name);
    say(value, one.value);
    say(note, one.note);
    set(item, "data-tone", one.isWell ? "good" : tone === "good" ? "busy" : tone);
  });
  $("work").hidden = !head.work;
  if (head.work) drawWork(head);
}

function drawWork({ work, run }) {
  const place = $("work");
  if (!place.firstElementChild) place.append(h("span"), h("progress", { "aria-label": "Steps done" }), h("ul"));
  const [words, bar, list] = place.children;
  const failed = run?.failed ? `, ${run.failed} failed` : "";
  say(words, `${work} is changing this cluster${run ? `: ${run.ended} of ${run.steps} steps${failed}` : ""}`);
  bar.hidden = list.hidden = !run;
  if (!run) return;
  [bar.max, bar.value] = [run.steps, run.ended];
  patch(list, run.running, (step) => step.id, (step) => h("li", {}, `${step.title} `, h("small")), (item, step) => say(item.lastChild, step.detail));
}

function drawTabs() {
  const list = Object.entries(views).map(([name, view]) => ({ name, title: view.title }));
  patch($("views"), list, (tab) => tab.name, (tab) => h("button", { role: "tab", id: `tab-${tab.name}`, onclick: () => go({ view: tab.name }) }, tab.title), (button, tab) => {
    const isChosen = tab.name === chosen.view;
    set(button, "aria-selected", isChosen ? "true" : "false");
    set(button, "aria-controls", "view");
    button.tabIndex = isChosen ? 0 : -1;
  });
  set($("view"), "aria-labelledby", `tab-${chosen.view}`);
}

// What the server tells

let isKnown = false;
const indexed = (document) => ({
  ...document,
  nodes: new Map(document.nodes.map((node) => [node.name, node])),
  units: new Map(document.units.map((unit) => [unit.name, unit])),
});

function take(change) {
  for (const document of change.clusters) clusters.set(document.cluster, indexed(document));
  for (const name of change.gone ?? []) clusters.delete(name);
  for (const delta of change.changes ?? []) {
    const cluster = clusters.get(delta.cluster);
    if (!cluster) continue;
    if (delta.head) cluster.head = delta.head;
    if (delta.etcd) cluster.etcd = delta.etcd;
    if (delta.has_no_etcd) delete cluster.etcd;
    for (const node of delta.nodes ?? []) cluster.nodes.set(node.name, node);
    for (const name of delta.gone_nodes ?? []) cluster.nodes.delete(name);
    for (const unit of delta.units ?? []) cluster.units.set(unit.name, unit);
    for (const name of delta.gone_units ?? []) cluster.units.delete(name);
  }
  $("trouble").hidden = !change.trouble;
  say($("trouble"), change.trouble ?? "");
  redraw();
}

let source = null;
function listen() {
  source?.close();
  source = new EventSource("events");
  source.addEventListener("all", (event) => {
    const all = JSON.parse(event.data);
    clusters.clear();
    isKnown = true;
    events.clear();
    events.add(all.events, false);
    link("good", "live");
    document.body.classList.toggle("may-write", all.may_write);
    take(all);
  });
  source.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    events.add(change.events, true);
    take(change);
  });
  source.onerror = async () => {
    if (source.readyState !== EventSource.CLOSED) return link("busy", "connecting again");
    // The browser gives up where the answer is an error; a server that was started anew has another token.
    const answer = await fetch("state", { method: "HEAD", credentials: "same-origin" }).catch(() => null);
    if (answer?.status === 401) return link("bad", "open the URL that slipway has printed");
    link("busy", "connecting again");
    setTimeout(listen, 2000);
  };
}

function link(state, text) {
  set($("link"), "data-state", state);
  say($("link"), text);
}

// A page that nobody sees for a while observes nothing.
let hiding = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (!document.hidden) {
    if (!source) listen();
    return;
  }
  hiding = setTimeout(() => {
    source?.close();
    source = null;
    link("busy", "resting");
  }, 60_000);
});

// Keys

document.querySelector(".skip").addEventListener("click", (event) => {
  // Followed as a link, it would lead to another place: these are kept in the URL's hash.
  event.preventDefault();
  $("main").focus();
});
$("find").addEventListener("input", (event) => {
  for (const view of Object.values(views)) view.find?.(event.target.value);
});
$("only-trouble").addEventListener("change", (event) => $("events").classList.toggle("only-trouble", event.target.checked));
$("views").addEventListener("keydown", (event) => {
  const names = Object.keys(views);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const view = names[(names.indexOf(chosen.view) + step + names.length) % names.length];
  go({ view });
  $(`tab-${view}`)?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (document.activeElement === $("find") && $("find").value) {
      $("find").value = "";
      $("find").dispatchEvent(new Event("input"));
    } else if (chosen.kind) closePart();
    return;
  }
  if (event.target.matches("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    $("find").focus();
  }
  const view = Object.keys(views)[Number(event.key) - 1];
  if (view) go({ view });
});
addEventListener("hashchange", redraw);
// Until there is something to draw, the page is as it is written: the browser paints that meanwhile.
listen();
