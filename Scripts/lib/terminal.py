#!/usr/bin/env python3
"""Runs a program on a terminal of its own, as a person would.

    terminal.py STEP… -- COMMAND…      each step is a word and its value, in the order in which they are done:

    --size COLUMNSxROWS   size of the terminal; before the first other step, from the start
    --wait REGEX          waits until what was said since the last step matches, 60 seconds at most
    --type TEXT           presses these keys

Everything that the program says comes on standard output. It has to end after the last step; its exit code is this one's,
or 3 where it left the terminal's settings otherwise than it found them.
"""
import fcntl, os, pty, re, select, struct, sys, termios, time

DEADLINE = 60


def resize(terminal, text):
    columns, rows = map(int, text.split("x"))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Conversation:
    def __init__(self, terminal):
        self.terminal, self.said, self.heard = terminal, b"", 0

    def hear(self, pause):
        """Takes what comes within the pause; false once there will be nothing more."""
        if not select.select([self.terminal], [], [], pause)[0]:
            return True
        try:
            part = os.read(self.terminal, 1 << 16)
        except OSError:
            part = b""
        self.said += part
        sys.stdout.buffer.write(part)
        return bool(part)

    def wait(self, pattern):
        end = time.monotonic() + DEADLINE
        while not (found := re.search(pattern.encode(), self.said[self.heard:])):
            if not self.hear(1) or time.monotonic() > end:
                sys.stdout.buffer.flush()
                sys.exit(f"waited in vain for {pattern}")
        self.heard += found.end()


def main(words):
    if "--" not in words or words[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if words[:1] in (["-h"], ["--help"]) else 2
    split = words.index("--")
    steps = list(zip(words[:split:2], words[1:split:2]))
    terminal, program = pty.openpty()
    while steps and steps[0][0] == "--size":
        resize(terminal, steps.pop(0)[1])
    before = termios.tcgetattr(program)
    child = os.fork()
    if child == 0:
        os.close(terminal)
        os.login_tty(program) if hasattr(os, "login_tty") else login(program)
        os.execvp(words[split + 1], words[split + 1:])
    talk = Conversation(terminal)
    for step, value in steps:
        if step == "--size":
            resize(terminal, value)
        elif step == "--wait":
            talk.wait(value)
        elif step == "--type":
            os.write(terminal, value.encode())
        else:
            sys.exit(f"there is no step {step}; see --help")
    end = time.monotonic() + DEADLINE
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
        talk.hear(0.05)
        if time.monotonic() > end:
            sys.exit("it does not end")
    while select.select([terminal], [], [], 0)[0] and talk.hear(0):
        pass
    sys.stdout.buffer.flush()
    if termios.tcgetattr(program) != before:
        print("the terminal's settings are not as they were", file=sys.stderr)
        return 3
    return os.waitstatus_to_exitcode(ended[1])


def login(terminal):
    """Makes the terminal this process's own, on its three streams."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for stream in range(3):
        os.dup2(terminal, stream)
    if terminal > 2:
        os.close(terminal)


sys.exit(main(sys.argv[1:]))
