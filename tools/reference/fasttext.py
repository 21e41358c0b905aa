"""Makes methods/fasttext/test/fixtures: small models of every kind, and what fastText 0.9.2 (Debian) says of them.

    python3 tools/reference/fasttext.py

Needs the program `fasttext` on the path. The tests never run this script. facts.json holds for each model the flags it
was trained with, the mean loss, the .vec file, and runs: a verb with its arguments (MODEL and TEXT stand for the model
and test.txt), standard input, and standard output, or its SHA-256 where that is long.
"""
import hashlib
import json
import pathlib
import random
import subprocess
import tempfile

out = pathlib.Path(__file__).parents[2] / "methods/fasttext/test/fixtures"
out.mkdir(exist_ok=True)


def run(*args, stdin=""):
    done = subprocess.run(["fasttext", *map(str, args)], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"fasttext {args}: {done.stderr}")
    return done.stdout


def analogies(*args, stdin):
    """The program goes on for ever at the end of its input: its output up to the prompt behind the last question."""
    prompt = "Query triplet (A - B + C)? "
    with subprocess.Popen(["fasttext", "analogies", *map(str, args)], stdin=-1, stdout=-1, text=True) as child:
        child.stdin.write(stdin)
        child.stdin.close()
        text = ""
        while text.count(prompt) <= stdin.count("\n"):
            text += child.stdout.read(1)
        child.kill()
    return text


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
train_lines = [line(random.choice(names)) for _ in range(160)]
test = [line(random.choice(names)) for _ in range(30)]
test[3] += " zzz unseen épée"
test[5] = "__label__fish"
test[6] = "words without a label of salmon"
test[7] = ""
test[8] = "__label__unknown tuna lemon"
(out / "train.txt").write_text("\n".join(train_lines) + "\n")
(out / "test.txt").write_text("\n".join(test) + "\n")
plain = [" ".join(word for word in line.split(" ") if not word.startswith("__label__")) for line in train_lines]
(out / "plain.txt").write_text("\n".join(plain) + "\n")

base = ["-thread", 1, "-epoch", 8, "-lr", 0.4]
models = {
    "softmax": ["supervised", "-dim", 5, "-wordNgrams", 2, "-bucket", 300],
    "hs": ["supervised", "-dim", 6, "-loss", "hs", "-wordNgrams", 3, "-bucket", 300],
    "ns": ["supervised", "-dim", 4, "-loss", "ns"],
    "ova": ["supervised", "-dim", 7, "-loss", "ova", "-minn", 2, "-maxn", 4, "-bucket", 300],
    "skipgram": ["skipgram", "-dim", 8, "-minCount", 2, "-bucket", 300, "-t", 0.01],
    "cbow": ["cbow", "-dim", 8, "-minCount", 2, "-minn", 0, "-maxn", 0, "-t", 0.01],
    "pretrained": ["supervised", "-dim", 4, "-pretrainedVectors", "start.vec"],
}
# More words than the text has, numbers in several notations, halfway cases of five digits.
(out / "start.vec").write_text(
    "4 4\nsalmon 0.5 -0.25 1e-2 2.03125\nteapot 1 2 3 4\nbrûlée -0.125 0 0.75 -1.5\nhow 2.03125 0.0999755859375 0 1\n"
)
text = (out / "test.txt").read_text()
words = "salmon brûlée flour unseen </s> 咖啡\n"
facts = {"version": "fasttext 0.9.2+ds-1+b1 (Debian)", "models": {}}


def runs_of(file, supervised):
    path = out / file
    runs = []

    def add(*args, stdin="", ask=run):
        places = {"MODEL": path, "TEXT": out / "test.txt"}
        output = ask(*(places.get(arg, arg) for arg in args), stdin=stdin).replace(str(path), "MODEL")
        long = len(output) > (2300 if args[0] == "dump" else 4000)
        told = {"sha256": hashlib.sha256(output.encode()).hexdigest()} if long else {"output": output}
        args = ["analogies", *args] if ask is analogies else args
        runs.append({"args": [*map(str, args)], **({"input": stdin} if stdin else {}), **told})

    if supervised:
        add("predict", "MODEL", "TEXT")
        add("predict-prob", "MODEL", "TEXT", 3)
        add("predict-prob", "MODEL", "TEXT", -1, 0.01)
        add("predict-prob", "MODEL", "-", 2, stdin="tuna lemon")
        add("test", "MODEL", "TEXT")
        add("test", "MODEL", "TEXT", 2, 0.1)
        if "all-quantized" not in file:  # 260 labels, a line each
            add("test-label", "MODEL", "TEXT")
    add("print-word-vectors", "MODEL", stdin=words)
    add("print-sentence-vectors", "MODEL", stdin=text if supervised else "salmon tuna\nunseen flour\n\n")
    add("print-ngrams", "MODEL", "tuna")
    add("nn", "MODEL", 4, stdin="salmon\nunseen\n")
    add("nn", "MODEL", stdin="dough\n")
    add("MODEL", 3, stdin="salmon tuna oven\nflour unseen dough\n", ask=analogies)
    add("dump", "MODEL", "args")
    add("dump", "MODEL", "dict")
    if file.endswith(".bin"):
        add("dump", "MODEL", "input")
        add("dump", "MODEL", "output")
    return runs


def train(name, source, command, *flags):
    done = subprocess.run(
        ["fasttext", command, "-input", source, "-output", out / name, *map(str, [*base, *flags])],
        capture_output=True, text=True, check=True, cwd=out,
    )
    return done.stderr.split("avg.loss:")[-1].split()[0]


for name, (command, *flags) in models.items():
    supervised = command == "supervised"
    loss = train(name, out / ("train.txt" if supervised else "plain.txt"), command, *flags)
    vectors = out / f"{name}.vec"
    facts["models"][f"{name}.bin"] = {
        "flags": [command, *map(str, flags)],
        "loss": loss,
        "vec": vectors.read_text(),
        "runs": runs_of(f"{name}.bin", supervised),
    }
    vectors.unlink()


def quantize(name, model, source, *flags):
    """Makes name.ftz of model.bin."""
    target = out / f"{name}.bin"
    target.write_bytes(model.read_bytes())
    run("quantize", "-input", source, "-output", out / name, "-thread", 1, *flags)
    target.unlink()
    facts["models"][f"{name}.ftz"] = {"runs": runs_of(f"{name}.ftz", True)}


quantize("softmax-quantized", out / "softmax.bin", out / "train.txt")
quantize("ova-pruned", out / "ova.bin", out / "train.txt", "-cutoff", 260, "-qnorm", "-retrain", "-epoch", 2)
quantize("hs-norms", out / "hs.bin", out / "train.txt", "-qnorm", "-dsub", 4)
quantize("softmax-cut", out / "softmax.bin", out / "train.txt", "-cutoff", 300)
# Quantised label rows need 256 labels: the four topics and 256 more, each said of a line of its own.
more = [f"__label__{i} " + " ".join(random.choices(sum(topics.values(), filler), k=3)) for i in range(256)]
with tempfile.TemporaryDirectory() as folder:
    many = pathlib.Path(folder) / "many.txt"
    many.write_text("\n".join(train_lines + more) + "\n")
    for loss in ["softmax", "hs"]:
        train("many", many, "supervised", "-dim", 3, "-loss", loss, "-wordNgrams", 2, "-bucket", 200)
        (out / "many.vec").unlink()
        norms = ["-qnorm"] if loss == "hs" else []
        quantize(f"{loss}-all-quantized", out / "many.bin", many, "-qout", *norms)
        (out / "many.bin").unlink()
# The authors' own model, which the site carries: quantised, pruned, a tree over 176 languages.
languages = pathlib.Path(__file__).parents[2] / "apps/site/content/journals/corr/JoulinGBM16/data/lid.176.ftz"
sentences = """The early bird catches the worm.
Der frühe Vogel fängt den Wurm.
Quem não tem cão caça com gato.
猿も木から落ちる。
Тише едешь, дальше будешь.
El que madruga encuentra todo cerrado.
Kiu ne havas hundon, ĉasas per kato.
ok

12345
"""
facts["languages"] = {"input": sentences, "output": run("predict-prob", languages, "-", 3, stdin=sentences)}
(out / "facts.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
