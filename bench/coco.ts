// COCO's evaluation of a generated data set of 5,000 images (IMAGES=…) against pycocotools, each in its own process.
// PYTHONPATH may name the folder of a pycocotools that was built elsewhere.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type CocoAnnotation,
  type CocoDetection,
  type EvaluationType,
  evaluateCoco,
  parseCoco,
  parseDetections,
  polygonToRle,
  Random,
  rleArea,
  rleBox,
  rleToJson,
} from "@reprise/data";
import { median, printMachine, pythonPeer } from "./harness.ts";

interface Run {
  readonly stats: readonly number[];
  readonly evaluation: number;
  readonly whole: number;
  readonly peakMb: number;
}

const [, , mode, truthPath, detectionPath, type] = process.argv;
if (mode === "run") console.log(JSON.stringify(evaluated(truthPath!, detectionPath!, type as EvaluationType)));
else await compareWithPeer();

function evaluated(truths: string, detections: string, type: EvaluationType): Run {
  const start = performance.now();
  const dataset = parseCoco(readFileSync(truths, "utf8"), truths);
  const found = parseDetections(readFileSync(detections, "utf8"), detections);
  const read = performance.now();
  const { stats } = evaluateCoco(dataset, found, { type });
  const end = performance.now();
  return {
    stats,
    evaluation: (end - read) / 1000,
    whole: (end - start) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
}

async function compareWithPeer(): Promise<void> {
  printMachine();
  const probe = await pythonPeer("coco_evaluate.py", ["pycocotools"]);
  if (!probe) return;
  probe.close();
  const folder = mkdtempSync(join(tmpdir(), "reprise-coco-"));
  try {
    const [truths, detections] = [join(folder, "truths.json"), join(folder, "detections.json")];
    writeDataset(truths, detections, Number(process.env.IMAGES ?? 5000));
    const python = process.env.PYTHON ?? "/usr/bin/python3";
    const peer = fileURLToPath(new URL("peers/coco_evaluate.py", import.meta.url));
    const json = (program: string, args: string[]) =>
      JSON.parse(execFileSync(program, args, { encoding: "utf8" })) as Run;
    for (const type of ["bbox", "segm"]) {
      const pairs = Array.from({ length: Number(process.env.ROUNDS ?? 3) }, () => {
        const ours = json(process.execPath, [fileURLToPath(import.meta.url), "run", truths, detections, type]);
        return { ours, theirs: json(python, [peer, truths, detections, type]) };
      });
      const equal = pairs.every(({ ours, theirs }) => JSON.stringify(ours.stats) === JSON.stringify(theirs.stats));
      console.log(
        `${type}: AP ${pairs[0]!.ours.stats[0]!.toFixed(4)}, the twelve numbers ${equal ? "equal" : "DIFFER"}`,
      );
      for (const key of ["evaluation", "whole", "peakMb"] as const) {
        const of = (side: "ours" | "theirs") => median(pairs.map((pair) => pair[side][key])).toFixed(2);
        const ratio = median(pairs.map(({ ours, theirs }) => theirs[key] / ours[key])).toFixed(2);
        console.log(`  ${key}: ours ${of("ours")}, pycocotools ${of("theirs")}, ratio ${ratio}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** 640 × 480 pictures with some 7 objects of 80 classes and some 30 detections each, most of them near an object. */
function writeDataset(truths: string, detections: string, images: number): void {
  const random = new Random(18);
  const [width, height] = [640, 480];
  const annotations: CocoAnnotation[] = [];
  const found: CocoDetection[] = [];
  const star = (x: number, y: number, radius: number) =>
    Array.from({ length: 12 }, (_, i) => {
      const r = radius * (0.6 + 0.4 * random.uniform());
      const angle = (i * Math.PI) / 6;
      return [Math.round(100 * (x + r * Math.cos(angle))) / 100, Math.round(100 * (y + r * Math.sin(angle))) / 100];
    }).flat();
  for (let image = 1; image <= images; image++) {
    const objects = 1 + Math.floor(13 * random.uniform());
    for (let o = 0; o < objects; o++) {
      const radius = 8 * 20 ** random.uniform();
      const [x, y] = [width * random.uniform(), height * random.uniform()];
      const points = star(x, y, radius);
      const rle = polygonToRle(points, height, width);
      const category = 1 + Math.floor(80 * random.uniform());
      annotations.push({
        id: annotations.length + 1,
        image_id: image,
        category_id: category,
        segmentation: [points],
        area: rleArea(rle),
        bbox: rleBox(rle),
        iscrowd: 0,
      });
      for (let d = 0; d < 4; d++) {
        const shift = () => (radius / 4) * random.normal();
        const mask = polygonToRle(star(x + shift(), y + shift(), radius), height, width);
        found.push({
          image_id: image,
          category_id: random.uniform() < 0.7 ? category : 1 + Math.floor(80 * random.uniform()),
          score: Math.round(1000 * random.uniform()) / 1000,
          bbox: rleBox(mask),
          segmentation: rleToJson(mask),
        });
      }
    }
  }
  const categories = Array.from({ length: 80 }, (_, c) => ({ id: c + 1, name: `class ${c + 1}` }));
  const pictures = Array.from({ length: images }, (_, i) => ({ id: i + 1, width, height, file_name: `${i + 1}.png` }));
  writeFileSync(truths, JSON.stringify({ images: pictures, annotations, categories }));
  writeFileSync(detections, JSON.stringify(found));
}
