// CVAT's XML and folders of masks, to COCO and back; holes are kept.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CocoDataset,
  cocoFromCvat,
  cvatFromCoco,
  decodeRle,
  encodePng,
  encodeRle,
  rleToJson,
  segmentationToRle,
} from "@reprise/data";
import { readMaskFolders } from "@reprise/data/node";
import { afterAll, describe, expect, test } from "vitest";

/** 8 × 6 with a hole of 2 × 2. */
const ring = Uint8Array.from({ length: 48 }, (_, at) => {
  const [x, y] = [at % 8, Math.floor(at / 8)];
  const inside = x >= 1 && x <= 6 && y >= 1 && y <= 5;
  return inside && !(x >= 3 && x <= 4 && y >= 2 && y <= 3) ? 1 : 0;
});

// As CVAT writes it: the runs go row by row through the mask's own box.
const xml = `<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
  <meta><job><labels><label><name>nut &amp; bolt</name><color>#fff</color></label><label><name>fig</name></label></labels></job></meta>
  <image id="0" name="a &lt;1&gt;.png" width="8" height="6">
    <polygon label="fig" source="manual" occluded="0" points="1.00,1.00;5.00,1.00;5.00,4.00;1.00,4.00" z_order="0">
    </polygon>
    <polygon label="fig" group_id="3" points="0,0;2,0;2,2"/>
    <polygon label="fig" group_id="3" points="4,4;7,4;7,6"/>
    <box label="nut &amp; bolt" xtl="2" ytl="1" xbr="6" ybr="5"/>
    <mask label="fig" rle="0, 8, 2, 4, 2, 14" left="1" top="1" width="6" height="5"/>
  </image>
  <image id="1" name="b.png" width="4" height="4"/>
</annotations>`;

test("CVAT's shapes become objects: parts of a group one, masks with their holes", () => {
  const { images, annotations, categories } = cocoFromCvat(xml, "c.xml");
  expect(images.map(({ file_name }) => file_name)).toEqual(["a <1>.png", "b.png"]);
  expect(categories.map(({ name }) => name)).toEqual(["nut & bolt", "fig"]);
  const [mask, polygon, group, box] = annotations;
  expect(decodeRle(segmentationToRle(mask!.segmentation!, 6, 8))).toEqual(ring);
  expect(polygon).toMatchObject({ category_id: 2, bbox: [1, 1, 4, 3], area: 12, iscrowd: 0 });
  expect(group!.segmentation).toHaveLength(2);
  expect(box).toMatchObject({ category_id: 1, bbox: [2, 1, 4, 4] });
});

test("to CVAT and back nothing is lost", () => {
  const dataset: CocoDataset = {
    images: [{ id: 7, file_name: 'q"uote.png', width: 8, height: 6 }],
    categories: [{ id: 1, name: "a<b" }],
    annotations: [
      {
        ...{ id: 1, image_id: 7, category_id: 1, bbox: [1, 1, 6, 5], area: 26 },
        segmentation: rleToJson(encodeRle(ring, 6, 8)),
      },
      {
        ...{ id: 2, image_id: 7, category_id: 1, bbox: [0, 0, 7, 6], area: 5 },
        segmentation: [
          [0, 0, 2, 0, 2, 2],
          [4, 4, 7, 4, 7, 6],
        ],
      },
    ],
  };
  const back = cocoFromCvat(cvatFromCoco(dataset), "c.xml");
  expect(back.images[0]).toMatchObject({ file_name: 'q"uote.png', width: 8, height: 6 });
  expect(back.categories).toEqual(dataset.categories);
  expect(back.annotations.map(({ segmentation }) => segmentation)).toEqual(
    dataset.annotations.map(({ segmentation }) => segmentation),
  );
});

describe("what has no area is refused by name", () => {
  const image = (shape: string) =>
    `<annotations><image id="0" name="a.png" width="8" height="6">${shape}</image></annotations>`;
  test.each([
    ["{}", "c.xml: is not CVAT's XML: it has no <annotations>."],
    [image('<points label="p" points="1,2"/>'), 'the shape "p" is a points, which has no area.'],
    [image('<polygon label="p" points="1,2;3,4"/>'), 'a polygon of "p" has 2 points, an area needs 3.'],
    [image('<polygon label="p" points="1,2;x"/>'), 'the polygon "p" has the points "1,2;x".'],
    [image('<box label="p" xtl="1"/>'), 'the box "p" has the ytl "undefined", which is no number.'],
    [
      image('<mask label="p" rle="0,9" left="7" top="0" width="3" height="3"/>'),
      "a mask reaches 8, 0; the image is 8 × 6.",
    ],
  ])("%s", (text, message) => {
    expect(() => cocoFromCvat(text, "c.xml")).toThrow(message);
  });
});

describe("folders of masks", async () => {
  const folder = await mkdtemp(join(tmpdir(), "masks-"));
  afterAll(() => rm(folder, { recursive: true }));
  const put = async (name: string, part: string, file: string, pixels: Uint8Array, width: number, height: number) => {
    await mkdir(join(folder, name, part), { recursive: true });
    await writeFile(join(folder, name, part, file), encodePng(pixels, width, height));
  };
  await put("x", "images", "x.png", new Uint8Array(48), 8, 6);
  await put(
    "x",
    "masks",
    "1.png",
    ring.map((v) => 255 * v),
    8,
    6,
  );
  await put("x", "masks", "2.png", new Uint8Array(48), 8, 6);

  test("each mask is an object, an empty one none", async () => {
    const { images, annotations } = await readMaskFolders(folder, { category: "nucleus" });
    expect(images).toEqual([{ id: 1, file_name: "x/images/x.png", width: 8, height: 6 }]);
    expect(annotations).toHaveLength(1);
    expect(decodeRle(segmentationToRle(annotations[0]!.segmentation!, 6, 8))).toEqual(ring);
  });

  test("a mask of another size, a folder without folders", async () => {
    await expect(readMaskFolders(join(folder, "x", "masks"))).rejects.toThrow(
      "holds no folders NAME with NAME/images and NAME/masks.",
    );
    await put("y", "images", "y.png", new Uint8Array(48), 8, 6);
    await put("y", "masks", "1.png", new Uint8Array(16), 4, 4);
    await expect(readMaskFolders(folder)).rejects.toThrow("the mask is 4 × 4, its image 8 × 6.");
  });
});
