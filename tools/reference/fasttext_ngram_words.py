"""What fastText 0.9.2 learns from lines of one long word each, where all there is to learn is in character n-grams.

    python3 tools/reference/fasttext_ngram_words.py > methods/fasttext/test/fixtures/ngram-words.json

Needs the program `fasttext` (Debian: fasttext 0.9.2). The words are made by the generator of
methods/fasttext/test/start.test.ts, so that the texts are the same.
"""
import json
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


def text():
    syllables = [["".join(chr(98 + below(12)) for _ in range(3)) for _ in range(20)] for _ in range(4)]
    lines = []
    for i in range(3000):
        parts = [syllables[i % 4 if below(3) == 0 else below(4)][below(20)] for _ in range(12)]
        lines.append(f"__label__{i % 4} {''.join(parts)}\n")
    return lines


def main():
    lines = text()
    folder = tempfile.mkdtemp()
    open(f"{folder}/train", "w").writelines(lines[:2400])
    open(f"{folder}/test", "w").writelines(lines[2400:])
    found = []
    for loss in ["softmax", "hs", "ns", "ova"]:
        for threads in [1, 12]:
            flags = f"-minn 3 -maxn 4 -dim 16 -bucket 20000 -lr 0.5 -thread {threads} -loss {loss}".split()
            subprocess.run(["fasttext", "supervised", "-input", f"{folder}/train", "-output", f"{folder}/m", *flags], check=True, capture_output=True)
            out = subprocess.run(["fasttext", "test", f"{folder}/m.bin", f"{folder}/test"], check=True, capture_output=True, text=True).stdout
            found.append({"loss": loss, "threads": threads, "precision": float(out.split("\n")[1].split("\t")[1])})
    first = lines[0] + lines[2999]
    print(json.dumps({"program": "fastText 0.9.2 (Debian)", "lines": first, "found": found}, indent=2))


main()
