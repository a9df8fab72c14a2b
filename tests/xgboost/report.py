"""What the checks print, and whether they held."""

import time


class Report:
    """Prints every comparison with its figures and counts those that failed."""

    def __init__(self):
        self.failed = []
        self.checked = 0
        self.check = ""
        self.started = time.time()

    def begin(self, check, title):
        self.check = check
        print(f"\n== {check}: {title}", flush=True)

    def say(self, text):
        print(f"        {text}", flush=True)

    def expect(self, held, text):
        """Records whether a comparison held; `text` names it and gives the figures."""
        self.checked += 1
        if not held:
            self.failed.append(f"{self.check}: {text}")
        print(f"  {'ok  ' if held else 'FAIL'}  {text}", flush=True)
        return bool(held)

    def end(self):
        """Prints the sum and answers the exit code."""
        print(f"\n{self.checked} comparisons, {len(self.failed)} failed, {time.time() - self.started:.0f} s")
        for text in self.failed:
            print(f"  FAIL  {text}")
        return 1 if self.failed else 0
