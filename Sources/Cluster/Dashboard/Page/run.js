// Commands: what a button stands for is shown before it runs, and what it says while it does.

import { h, say } from "./dom.js";

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

let busy = false;

/** Shows the command of an action in a dialog, and runs it when the person says so. */
export async function perform(action) {
  if (busy) return;
  busy = true;
  let source = null;
  let number = null;
  const command = h("code", {}, "…");
  const log = h("pre", { role: "log", tabindex: 0, "aria-label": "What the command says", hidden: true });
  const words = h("p", { class: "muted", role: "status" });
  const buttons = h("div", { class: "buttons" });
  const dialog = h("dialog", { class: "run", "aria-labelledby": "run-title" },
    h("h2", { id: "run-title" }, "Run this?"), h("p", { class: "command" }, command), log, words, buttons);
  const button = (text, act, kind = "") => h("button", { class: `action ${kind}`, onclick: act }, text);
  const offer = (...list) => {
    buttons.replaceChildren(...list);
    list[0]?.focus();
  };
  const complain = (error) => {
    say(words, error.message);
    offer(button("Close", () => dialog.close()));
  };
  const show = (text) => {
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
    log.hidden = false;
    log.append(text);
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  };
  const stop = () => button("Stop", async () => {
    say(words, "stopping …");
    offer();
    await post("stop", { run: number }).catch(complain);
  });
  const answer = async (yes) => {
    show(yes ? "y\n" : "n\n");
    offer(stop());
    await post("answer", { run: number, yes }).catch(complain);
  };
  const begin = async () => {
    offer();
    try {
      ({ number } = await post("run", action));
    } catch (error) {
      return complain(error);
    }
    say(dialog.querySelector("h2"), "Running");
    offer(stop());
    source = new EventSource(`output?run=${number}`);
    source.addEventListener("text", (event) => show(JSON.parse(event.data)));
    source.addEventListener("question", () => offer(button("No", () => answer(false)), button("Yes", () => answer(true), "bad")));
    source.addEventListener("end", (event) => {
      source.close();
      const { code, reason } = JSON.parse(event.data);
      say(dialog.querySelector("h2"), code === 0 ? "Done" : "Not done");
      say(words, reason ?? (code === 0 ? "" : `It ended with exit code ${code}.`));
      offer(button("Close", () => dialog.close()));
    });
    source.onerror = () => {
      source.close();
      complain(new Error("The dashboard does not answer any more. The command goes on where it runs; see the cluster's history."));
    };
  };
  dialog.addEventListener("close", () => {
    source?.close();
    dialog.remove();
    busy = false;
  });
  document.body.append(dialog);
  dialog.showModal();
  try {
    say(command, (await post("prepare", action)).command);
    offer(button("Run", begin), button("Cancel", () => dialog.close()));
  } catch (error) {
    complain(error);
  }
}

/** A button for an action. */
export const doing = (text, action) => h("button", { class: "action", onclick: () => perform(action()) }, text);
