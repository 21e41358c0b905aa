"""Makes methods/fasttext/test/fixtures/version-11*: models in version 11 of the file, and what two programs say of them.

    python3 tools/reference/fasttext_version_11.py PROGRAM

PROGRAM is fastText at commit 437f878bcca6 (26 Sep 2017), the last one that writes version 11: `make opt`, here with
g++ 12.2 (its own tag v0.1.0 is of December and writes version 12). `own` is what PROGRAM says, `later` what the program
`fasttext` on the path (0.9.2+ds-1+b1, Debian) says of the same files. The tests never run this script.
"""
import json
import pathlib
import subprocess
import sys

fixtures = pathlib.Path(__file__).parents[2] / "methods/fasttext/test/fixtures"
base = ["-thread", "1", "-epoch", "8", "-lr", "0.4", "-dim", "4", "-bucket", "50"]
models = {
    "softmax": ["supervised", "-wordNgrams", "2"],
    # Character n-grams that a classifier of this version keeps in its file and does not use.
    "hs": ["supervised", "-loss", "hs", "-wordNgrams", "3", "-minn", "2", "-maxn", "4"],
    "skipgram": ["skipgram", "-minCount", "2", "-t", "0.01"],
}
words = ["salmon", "brûlée", "flour", "unseen", "咖啡", "</s>"]
programs = {"own": sys.argv[1], "later": "fasttext"}


def ask(program, *args, stdin=""):
    return subprocess.run([program, *map(str, args)], input=stdin, capture_output=True, text=True, check=True).stdout


facts = {}
for name, [verb, *flags] in models.items():
    path = fixtures / f"version-11-{name}"
    text = fixtures / ("train.txt" if verb == "supervised" else "plain.txt")
    ask(programs["own"], verb, "-input", text, "-output", path, *base, *flags)
    path.with_suffix(".vec").unlink()
    file = path.with_suffix(".bin")
    facts[file.name] = {
        who: ask(program, "predict-prob", file, fixtures / "test.txt", 4)
        if verb == "supervised"
        else ask(program, "print-word-vectors", file, stdin="\n".join(words) + "\n")
        for who, program in programs.items()
    }
(fixtures / "version-11.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
