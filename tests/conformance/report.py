"""What the checks of a run came to: counts what passed, says why a check did not."""

import subprocess
import threading


class Report:
    """A line for each check, as it comes."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.turn = threading.Lock()  # some checks go on at once

    def check(self, name, why):
        with self.turn:
            self.failed, self.passed = self.failed + bool(why), self.passed + (not why)
            print(f"FAIL  {name}: {why}" if why else f"pass  {name}", flush=True)

    def skip(self, name, why):
        with self.turn:
            self.skipped += 1
            print(f"skip  {name}: {why}", flush=True)

    def tool(self, name, command, text=None, silent=False):
        """A command that has to end with 0; where `silent`, without a word, too."""
        run = subprocess.run([str(word) for word in command], input=text, text=True, capture_output=True)
        said = run.stderr + run.stdout
        self.check(name, said if run.returncode != 0 or silent else None)
