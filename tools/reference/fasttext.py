"""Makes methods/fasttext/test/fixtures: small models of every loss, and what fastText 0.9.2 (Debian) says of them.

    python3 tools/reference/fasttext.py

Needs the program `fasttext` on the path. The tests never run this script.
"""
import json
import pathlib
import random
import subprocess

out = pathlib.Path(__file__).parents[2] / "methods/fasttext/test/fixtures"
out.mkdir(exist_ok=True)


def run(*args, stdin=""):
    done = subprocess.run(["fasttext", *map(str, args)], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) and args[0] != "analogies":
        raise RuntimeError(done.stderr)
    return done.stdout


random.seed(7)
topics = {
    "bread": "flour yeast dough oven crust knead rise loaf bake sourdough".split(),
    "fish": "salmon tuna fillet grill lemon scales sea smoked raw sushi".split(),
    "café": "espresso crème brûlée milk foam roast grind cup naïve 咖啡".split(),
    "knife": "steel blade sharpen edge stone handle cut board chop grip".split(),
}
filler = "how do i the a of with and to is for when my it best way should can".split()


def line(topic):
    words = random.choices(topics[topic], k=random.randint(2, 6)) + random.choices(filler, k=random.randint(2, 8))
    random.shuffle(words)
    labels = [topic] if random.random() < 0.8 else [topic, random.choice(list(topics))]
    return " ".join(f"__label__{x}" for x in dict.fromkeys(labels)) + " " + " ".join(words)


names = ["bread"] * 5 + ["fish"] * 4 + ["café"] * 2 + ["knife"]
train = [line(random.choice(names)) for _ in range(160)]
test = [line(random.choice(names)) for _ in range(30)]
test[3] += " zzz unseen épée"
test[5] = "__label__fish"
test[6] = "words without a label of salmon"
test[7] = ""
test[8] = "__label__unknown tuna lemon"
(out / "train.txt").write_text("\n".join(train) + "\n")
(out / "test.txt").write_text("\n".join(test) + "\n")
plain = [" ".join(word for word in line.split(" ") if not word.startswith("__label__")) for line in train]
(out / "plain.txt").write_text("\n".join(plain) + "\n")

base = ["-thread", 1, "-epoch", 8, "-lr", 0.4]
models = {
    "softmax": ["supervised", "-dim", 5, "-wordNgrams", 2, "-bucket", 300],
    "hs": ["supervised", "-dim", 6, "-loss", "hs", "-wordNgrams", 3, "-bucket", 300],
    "ns": ["supervised", "-dim", 4, "-loss", "ns"],
    "ova": ["supervised", "-dim", 7, "-loss", "ova", "-minn", 2, "-maxn", 4, "-bucket", 300],
    "skipgram": ["skipgram", "-dim", 8, "-minCount", 2, "-bucket", 300, "-t", 0.01],
    "cbow": ["cbow", "-dim", 8, "-minCount", 2, "-minn", 0, "-maxn", 0, "-t", 0.01],
}
text = (out / "test.txt").read_text()
words = "salmon brûlée flour unseen </s> 咖啡\n"
facts = {"version": "fasttext 0.9.2+ds-1+b1 (Debian)", "models": {}}


def facts_of(file, command):
    path = out / file
    supervised = command == "supervised"
    fact = {"words": run("print-word-vectors", path, stdin=words)}
    if supervised:
        fact |= {
            "predict3": run("predict-prob", path, out / "test.txt", 3),
            "predictAll": run("predict-prob", path, out / "test.txt", -1, 0.01),
            "test1": run("test", path, out / "test.txt"),
            "test2": run("test", path, out / "test.txt", 2, 0.1),
            "testLabel": run("test-label", path, out / "test.txt"),
            "unended": run("predict-prob", path, "-", 2, stdin="tuna lemon"),
        }
    fact["sentences"] = run("print-sentence-vectors", path, stdin=text if supervised else "salmon tuna\nunseen flour\n\n")
    fact["nn"] = run("nn", path, 4, stdin="salmon\nunseen\n")
    fact["ngrams"] = run("print-ngrams", path, "tuna")
    fact["args"] = run("dump", path, "args")
    fact["dict"] = run("dump", path, "dict")
    facts["models"][file] = fact


for name, (command, *flags) in models.items():
    training = subprocess.run(
        ["fasttext", command, "-input", str(out / ("train.txt" if command == "supervised" else "plain.txt")), *map(str, base), "-output", str(out / name), *map(str, flags)],
        capture_output=True, text=True, check=True,
    )
    facts_of(f"{name}.bin", command)
    fact = facts["models"][f"{name}.bin"]
    fact["flags"] = [command, *map(str, flags)]
    fact["loss"] = training.stderr.split("avg.loss:")[-1].split()[0]
    fact["vec"] = (out / f"{name}.vec").read_text()
    (out / f"{name}.vec").unlink()


def quantize(name, source, *flags):
    target = out / f"{name}.bin"
    target.write_bytes((out / f"{source}.bin").read_bytes())
    run("quantize", "-input", out / "train.txt", "-output", out / name, "-thread", 1, *flags)
    target.unlink()
    facts_of(f"{name}.ftz", "supervised")


quantize("softmax-quantized", "softmax")
quantize("ova-pruned", "ova", "-cutoff", 260, "-qnorm", "-retrain", "-epoch", 2)
(out / "facts.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
