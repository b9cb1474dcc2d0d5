"""What the demo prints: calm, aligned lines, in colour only where that helps."""
import os
import sys
import threading
import time


class Console:
    def __init__(self):
        self._start = time.monotonic()
        self._lock = threading.Lock()  # workers print, too
        self._colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def title(self, text):
        self.line()
        self.line(self._paint("1", text))

    def step(self, who, text):
        seconds = f"{time.monotonic() - self._start:6.2f} s"
        self.line(f"{self._paint('2', seconds)}  {self._paint('36', f'{who:<12}')}{text}")

    def line(self, text=""):
        with self._lock:
            print(text, flush=True)

    def success(self, text):
        self.line()
        self.line(self._paint("32", text))

    def _paint(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text
