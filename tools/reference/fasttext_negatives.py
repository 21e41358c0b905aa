"""Negative sampling among hundreds of words and labels by fastText 0.9.2: mean loss, and SHA-256 of the files.

    python3 tools/reference/fasttext_negatives.py > methods/fasttext/test/fixtures/negatives.json

Needs the program `fasttext` (Debian: fasttext 0.9.2). The text is that of methods/fasttext/test/negatives.test.ts, which
has the same generator.
"""
import hashlib
import json
import pathlib
import subprocess
import tempfile

STATE = 1


def below(n):
    """The minimal standard generator, as methods/fasttext/src/reference/random.ts has it."""
    global STATE
    scaling = (2**31 - 3) // n
    while True:
        STATE = STATE * 48271 % (2**31 - 1)
        draw = (STATE - 1) // scaling
        if draw < n:
            return draw


lines = [" ".join(f"w{below(1 + below(600))}" for _ in range(30)) for _ in range(250)]
labelled = [f"__label__{below(1 + below(400))} {line}" for line in lines]
found = []
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder)
    for model in ["skipgram", "cbow", "supervised"]:
        text = labelled if model == "supervised" else lines
        (path / "text").write_text("\n".join(text) + "\n")
        flags = "-dim 6 -epoch 2 -minCount 1 -bucket 800 -thread 1 -loss ns".split()
        done = subprocess.run(
            ["fasttext", model, "-input", path / "text", "-output", path / "m", *flags],
            capture_output=True, text=True, check=True,
        )
        digest = {end: hashlib.sha256((path / f"m.{end}").read_bytes()).hexdigest() for end in ["bin", "vec"]}
        found.append({"model": model, "loss": float(done.stderr.split("avg.loss:")[-1].split()[0]), **digest})
digest = hashlib.sha256(("\n".join(labelled) + "\n").encode()).hexdigest()
print(json.dumps({"program": "fastText 0.9.2 (Debian)", "text": digest, "found": found}, indent=2))
