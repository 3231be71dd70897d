#!/usr/bin/env python3
"""Drives Debian's Chromium without a window: opens a page, waits for what it shows, takes pictures.

    browser.py STEP…      each step is a word and its value, in the order in which they are done:

    --size WxH            size of the page (before --open: of the window)
    --scheme light|dark   what the page is told that the person prefers
    --motion reduce       the same, of motion
    --mobile WxH          a phone's screen
    --open URL            opens the page
    --wait EXPRESSION     waits until the JavaScript expression is true, 60 seconds at most
    --run EXPRESSION      evaluates it (and waits for a promise) and prints its value as JSON
    --key NAME            presses a key: Tab, Enter, Escape, or a character
    --names ROLE          prints as JSON the names that a screen reader says of all elements of a role: button, say
    --shot FILE           takes a picture of the screen
    --touch FILE          makes an empty file: a sign for whoever waits for it

It speaks Chromium's DevTools protocol over a pipe, so that no port is open.
https://chromedevtools.github.io/devtools-protocol/
"""
import base64, json, os, pathlib, shutil, subprocess, sys, tempfile, time

DEADLINE = 60


class Browser:
    def __init__(self, size):
        to_child, self.out = os.pipe()
        self.inp, from_child = os.pipe()
        self.profile = tempfile.mkdtemp(prefix="slipway-browser-")
        # The protocol's pipes are descriptors 3 and 4.
        def wire():
            os.dup2(to_child, 30), os.dup2(from_child, 31)
            os.dup2(30, 3), os.dup2(31, 4)
        self.process = subprocess.Popen(
            [
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-extensions", "--disable-background-networking", "--remote-debugging-pipe",
                f"--user-data-dir={self.profile}", f"--window-size={size[0]},{size[1]}", "about:blank",
            ],
            preexec_fn=wire, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_child), os.close(from_child)
        self.buffer, self.number, self.session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Runtime.enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("method") == "Runtime.exceptionThrown":
                details = answer["params"]["exceptionDetails"]
                thrown = details.get("exception", {}).get("description", details["text"])
                print(f"the page has failed: {thrown}", file=sys.stderr)
            if answer.get("method") == "Runtime.consoleAPICalled" and answer["params"]["type"] == "error":
                print(f"the page says: {answer['params']['args']}", file=sys.stderr)
            if answer.get("id") != self.number:
                continue
            if "error" in answer:
                sys.exit(f"{method}: {answer['error']['message']}")
            return answer["result"]

    def read(self):
        while b"\0" not in self.buffer:
            part = os.read(self.inp, 1 << 20)
            if not part:
                sys.exit("Chromium has ended; does it run here? try: chromium --headless --dump-dom about:blank")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", "failed"))
        return result["result"].get("value")

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def measures(text):
    width, height = text.split("x")
    return int(width), int(height)


def main(words):
    if len(words) % 2 or not words or words[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if words[:1] in (["-h"], ["--help"]) else 2
    steps = list(zip(words[::2], words[1::2]))
    size = next((measures(value) for step, value in steps if step == "--size"), (1440, 900))
    browser = Browser(size)
    features = {}
    try:
        for step, value in steps:
            if step in ("--size", "--mobile"):
                width, height = measures(value)
                browser.call(
                    "Emulation.setDeviceMetricsOverride", width=width, height=height,
                    deviceScaleFactor=2 if step == "--mobile" else 1, mobile=step == "--mobile",
                )
            elif step in ("--scheme", "--motion"):
                features[f"prefers-{'color-scheme' if step == '--scheme' else 'reduced-motion'}"] = value
                pairs = [{"name": name, "value": text} for name, text in features.items()]
                browser.call("Emulation.setEmulatedMedia", features=pairs)
            elif step == "--open":
                browser.call("Page.navigate", url=value)
            elif step == "--wait":
                wait(browser, value)
            elif step == "--run":
                print(json.dumps(browser.value(value)), flush=True)
            elif step == "--key":
                press(browser, value)
            elif step == "--names":
                nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
                print(json.dumps([node.get("name", {}).get("value", "") for node in nodes if is_of(node, value)]), flush=True)
            elif step == "--shot":
                data = browser.call("Page.captureScreenshot", format="png")["data"]
                pathlib.Path(value).write_bytes(base64.b64decode(data))
            elif step == "--touch":
                pathlib.Path(value).touch()
            else:
                sys.exit(f"there is no step {step}; see --help")
    finally:
        browser.end()
    return 0


KEYS = {"Tab": 9, "Enter": 13, "Escape": 27}


def press(browser, name):
    key = {"key": name, "code": name, "windowsVirtualKeyCode": KEYS.get(name) or ord(name.upper())}
    text = "\r" if name == "Enter" else name if name not in KEYS else ""
    browser.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **key, **({"text": text} if text else {}))
    browser.call("Input.dispatchKeyEvent", type="keyUp", **key)


def is_of(node, role):
    return not node.get("ignored") and node.get("role", {}).get("value") == role


def wait(browser, expression):
    end = time.monotonic() + DEADLINE
    while True:
        try:
            if browser.value(f"Boolean({expression})"):
                return
            why = "it is not true"
        except RuntimeError as error:
            why = str(error)
        if time.monotonic() > end:
            text = browser.value("document.body?.innerText ?? ''")
            sys.exit(f"waited in vain for {expression}: {why}\n--- the page:\n{text}")
        time.sleep(0.02)


sys.exit(main(sys.argv[1:]))
