// What exportMaskRcnn wrote, run again: one ONNX file that takes pictures of one size.
import { fieldsOf, ModelError, onnxInterface, type Runtime, type Session, textOf } from "@reprise/engine";
import type { Segmentation } from "./mask-rcnn.ts";
import type { Category } from "./model-file.ts";
import { type Picture, resizeInto } from "./transform.ts";

/** In the metadata of an ONNX file: its classes 1 … K, JSON. */
export const categoriesKey = "reprise.mask-rcnn.categories";

/** An exported network: it segments pictures as MaskRcnn does. */
export class ExportedMaskRcnn {
  readonly categories: readonly Category[];
  readonly height: number;
  readonly width: number;
  readonly #session: Session;

  private constructor(
    session: Session,
    { categories, height, width }: Pick<ExportedMaskRcnn, "categories" | "height" | "width">,
  ) {
    this.#session = session;
    this.categories = categories;
    this.height = height;
    this.width = width;
  }

  /**
   * @param source  the file's name for messages
   * @throws ModelError where exportMaskRcnn did not write the file
   */
  static async load(runtime: Runtime, bytes: Uint8Array, source: string): Promise<ExportedMaskRcnn> {
    const { inputs } = onnxInterface(bytes, { name: source });
    const [batch, channels, height, width] = inputs.find(({ name }) => name === "image")?.shape ?? [];
    const categories = categoriesIn(bytes);
    if (!categories || batch !== 1 || channels !== 3 || typeof height !== "number" || typeof width !== "number")
      throw new ModelError(
        `${source}: not a Mask R-CNN that "mask-rcnn export" wrote; give such a file, or the weights`,
      );
    return new ExportedMaskRcnn(await runtime.load(bytes, { purpose: "infer" }), { categories, height, width });
  }

  /**
   * Pictures of other sizes are resized into the file's size, both sides by one factor; the rest is gray. Detections
   * below the score that the file was exported with are not to be had.
   */
  async segment(pictures: readonly Picture[]): Promise<readonly Segmentation[]> {
    const found: Segmentation[] = [];
    for (const picture of pictures) found.push(await this.#segmentOne(picture));
    return found;
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  async #segmentOne(picture: Picture): Promise<Segmentation> {
    const { height, width } = this;
    const scale = Math.min(height / picture.height, width / picture.width);
    const rows = Math.max(1, Math.round(picture.height * scale));
    const columns = Math.max(1, Math.round(picture.width * scale));
    const data = new Float32Array(3 * height * width);
    const area = picture.height * picture.width;
    for (let c = 0; c < 3; c++) {
      const plane = data.subarray(c * height * width, (c + 1) * height * width).fill(gray[c]!);
      const own = Float32Array.from(picture.data.subarray(c * area, (c + 1) * area));
      resizeInto(own, picture, [rows, columns], plane, width);
    }
    const out = await this.#session.run({ image: { dtype: "float32", shape: [1, 3, height, width], data } });
    const D = Number(out.count!.data[0]);
    const ratios = [picture.width / columns, picture.height / rows];
    const most = [picture.width, picture.height];
    return {
      boxes: Float32Array.from(out.boxes!.data.subarray(0, 4 * D) as Float32Array, (value, i) =>
        Math.min(value * ratios[i % 2]!, most[i % 2]!),
      ),
      scores: (out.scores!.data as Float32Array).slice(0, D),
      labels: Int32Array.from({ length: D }, (_, d) => Number(out.labels!.data[d])),
      masks: (out.masks!.data as Float32Array).slice(0, (out.masks!.data.length / out.labels!.data.length) * D),
    };
  }
}

/** ImageNet's mean: what the network sees as zeros, as in padding. */
const gray = [0.485 * 255, 0.456 * 255, 0.406 * 255];

function categoriesIn(bytes: Uint8Array): readonly Category[] | undefined {
  for (const { id, bytes: entry } of fieldsOf(bytes)) {
    if (id !== 14) continue; // ModelProto.metadata_props
    const [key, value] = [1, 2].map((at) => [...fieldsOf(entry)].find((field) => field.id === at)?.bytes);
    if (key && value && textOf(key) === categoriesKey) return JSON.parse(textOf(value)) as readonly Category[];
  }
  return undefined;
}
