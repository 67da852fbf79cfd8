"""What the checks of a run came to: counts what passed, says why a check did not."""

import subprocess


class Report:
    """A line for each check, as it comes."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def check(self, name, why):
        if why:
            self.failed += 1
            print(f"FAIL  {name}: {why}", flush=True)
        else:
            self.passed += 1
            print(f"pass  {name}", flush=True)

    def skip(self, name, why):
        self.skipped += 1
        print(f"skip  {name}: {why}", flush=True)

    def tool(self, name, command, text=None, silent=False):
        """A command that has to end with 0; where `silent`, without a word, too."""
        run = subprocess.run([str(word) for word in command], input=text, text=True, capture_output=True)
        said = run.stderr + run.stdout
        self.check(name, said if run.returncode != 0 or silent else None)
