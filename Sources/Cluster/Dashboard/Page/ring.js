// etcd as a ring of its members: who leads, who follows, who is silent, and each step of the log from one to the others.

import { byName, bytes, calm, patch, s, say, set } from "./dom.js";

const width = 360;
const heightOf = (count) => (count === 1 ? 110 : count === 2 ? 120 : 236);

/** An SVG that `draw(etcd)` keeps up to date. */
export function ring(open) {
  const edges = s("g", { class: "edges" });
  const pulses = s("g", { class: "pulses" });
  const members = s("g");
  // A picture's parts would be hidden from screen readers, and these are buttons.
  const svg = s("svg", { class: "ring", role: "group" },
    edges, pulses, members);
  let before = null;

  function places(list) {
    const [x, y] = [width / 2, heightOf(list.length) / 2];
    if (list.length === 1) return [{ x, y: y - 14 }];
    const first = list.length === 2 ? 0 : -Math.PI / 2;
    const down = list.length === 3 ? 16 : list.length === 2 ? -14 : 0;
    return list.map((_, index) => {
      const angle = first + (index * 2 * Math.PI) / list.length;
      return { x: x + 122 * Math.cos(angle), y: y + down + 66 * Math.sin(angle) };
    });
  }

  function pulse(from, to) {
    if (calm() || document.hidden) return;
    const dot = s("circle", { r: 3.5, cx: 0, cy: 0 });
    pulses.append(dot);
    const at = (place) => ({ transform: `translate(${place.x}px, ${place.y}px)` });
    dot.animate([at(from), at(to)], { duration: 520, easing: "ease-in-out" }).onfinish = () => dot.remove();
  }

  function draw(etcd) {
    const list = [...(etcd?.members ?? [])].sort(byName);
    set(svg, "viewBox", `0 0 ${width} ${heightOf(list.length)}`);
    const place = new Map(places(list).map((one, index) => [list[index].id, one]));
    const leader = list.find((one) => one.part === "leader");
    const followers = leader ? list.filter((one) => one !== leader) : [];
    patch(edges, list.length > 1 ? followers : [], (one) => one.id, () => s("line"), (line, one) => {
      const [from, to] = [place.get(leader.id), place.get(one.id)];
      set(line, "x1", from.x);
      set(line, "y1", from.y);
      set(line, "x2", to.x);
      set(line, "y2", to.y);
      set(line, "data-part", one.part);
    });
    patch(members, list, (one) => one.id, (one) => {
      const group = s("g", { class: "member", tabindex: 0, role: "button" },
        s("circle", { class: "halo", r: 27 }), s("circle", { class: "core", r: 20 }),
        s("path", { class: "crown", d: "M-9-3-5 2 0-6 5 2 9-3 7 7H-7z" }),
        s("path", { class: "cross", d: "M-6-6 6 6M6-6-6 6" }), s("text", { class: "letter", y: 5 }),
        s("text", { class: "label" }), s("text", { class: "note" }));
      const go = () => open(group.dataset.name);
      group.addEventListener("click", go);
      group.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        go();
      });
      return group;
    }, (group, one) => {
      const { x, y } = place.get(one.id);
      group.dataset.name = one.name;
      set(group, "data-part", one.part);
      group.style.transform = `translate(${x}px, ${y}px)`;
      // Members are not asked at the same moment, so that a few entries are no lag.
      const lag = leader && one.index !== undefined && leader.index - one.index >= 5 ? leader.index - one.index : null;
      const note = one.part === "silent" ? (one.started ? "silent" : "not started") : lag ? `${one.part}, ${lag} behind` : one.part;
      // Lines run within the ring, names stand outside.
      const isAbove = list.length > 2 && y < heightOf(list.length) / 2;
      set(group.querySelector(".label"), "y", isAbove ? -43 : 41);
      set(group.querySelector(".note"), "y", isAbove ? -30 : 55);
      say(group.querySelector(".label"), one.name);
      say(group.querySelector(".note"), note);
      say(group.querySelector(".letter"), one.part === "follower" ? "F" : one.part === "learner" ? "L" : "");
      set(group, "aria-label", `${one.name}: ${note}, ${bytes(one.size)}`);
    });
    const words = list.map((one) => `${one.name} ${one.part}`).join(", ");
    set(svg, "aria-label", etcd ? `etcd ${etcd.quorum ? "has a quorum" : "has no quorum"}: ${words}` : "etcd does not answer");
    if (before && leader && etcd.revision > before) {
      for (const one of followers) if (one.part !== "silent") pulse(place.get(leader.id), place.get(one.id));
    }
    before = etcd?.revision ?? before;
  }
  return { element: svg, draw };
}
