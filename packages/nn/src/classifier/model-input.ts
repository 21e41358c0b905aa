// What a model takes: which input, of what shape, in which layout; and how the user's images become that.
import { type InterfaceValue, ModelError } from "@reprise/engine";

/** How images [C, H, W] in the user's units become what the model takes. */
export interface ImageFormat {
  /** The image input, where the model has others besides; they must have initial values. */
  readonly input?: string;
  /** Of a model's input with four axes; found by which axis has 1 or 3 values where left out. */
  readonly layout?: "nchw" | "nhwc";
  /** What the model takes as its first channel; images are RGB. */
  readonly channelOrder?: "rgb" | "bgr";
  /** Subtracted from each channel, then divided by: one number a channel, in the images' units. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** Lowest and highest value of a pixel in the user's units; [0, 1] where left out. */
  readonly range?: readonly [number, number];
  /** One image as the model takes it, without the batch axis, where the model leaves it open. */
  readonly inputShape?: readonly number[];
}

/** What a model lacks that an option of the same name gives: whoever takes options in other words says which. */
export class ModelOptionError extends ModelError {
  readonly option: "input" | "output" | "scores" | "inputShape";

  constructor(message: string, option: ModelOptionError["option"]) {
    super(message);
    this.option = option;
  }
}

/** Types of inputs that images can be given as: of uint8 the range of pixels becomes 0 … 255. */
const imageDtypes = ["float32", "float16", "bfloat16", "float64", "uint8"] as const;

export interface ModelInput {
  readonly input: string;
  /** As the model declares it. */
  readonly dtype: (typeof imageDtypes)[number];
  /** As the user gives it: [C, H, W] where the model takes four axes. */
  readonly inputShape: readonly number[];
  readonly fixedBatch: number | undefined;
  /** Whether the model wants the channels last. */
  readonly nhwc: boolean;
}

/** Inputs of a model, as importOnnx or onnxInterface tells them. */
interface Inputs {
  readonly inputs: readonly Pick<InterfaceValue, "name" | "dtype" | "shape">[];
}

/** @throws ModelError if there is no such input, it holds no images, or the options do not fit it */
export function modelInput(model: Inputs, name: string, format: ImageFormat): ModelInput {
  const { input, dtype, shape } = theInput(model, name, format.input);
  const [batch, ...declared] = shape;
  const fixedBatch = typeof batch === "number" && batch > 0 ? batch : undefined;
  const own = format.inputShape ?? declared;
  const fits =
    own.length === declared.length && own.every((dim, i) => !(Number(declared[i]) > 0) || declared[i] === dim);
  if (!fits)
    throw new ModelError(
      `${name}: images of [${own.join(", ")}] do not fit its input "${input}" [${shape.join(", ")}].`,
    );
  if (!own.every((dim): dim is number => typeof dim === "number" && dim > 0))
    throw new ModelOptionError(
      `${name}: its input "${input}" [${shape.map((dim) => dim ?? "?").join(", ")}] leaves the size of an image open.`,
      "inputShape",
    );
  const isChannels = (dim: number | undefined) => dim === 1 || dim === 3;
  const nhwc =
    own.length === 3 &&
    (format.layout === undefined ? isChannels(own[2]) && !isChannels(own[0]) : format.layout === "nhwc");
  const inputShape = nhwc ? [own[2]!, own[0]!, own[1]!] : own;
  checkFormat(name, inputShape, format);
  if (dtype === "uint8" && (format.mean || format.std))
    throw new ModelError(`${name}: its input "${input}" takes bytes, which need no mean and standard deviation.`);
  return { input, dtype, inputShape, fixedBatch, nhwc };
}

function checkFormat(
  name: string,
  inputShape: readonly number[],
  { mean, std, range, channelOrder }: ImageFormat,
): void {
  const channels = inputShape.length === 3 ? inputShape[0]! : undefined;
  for (const [what, values] of [
    ["mean", mean],
    ["std", std],
  ] as const) {
    if (!values) continue;
    if (values.length !== channels)
      throw new ModelError(
        `${name}: ${what} has ${values.length} numbers; images of [${inputShape.join(", ")}] ` +
          (channels ? `have ${channels} channels. Give ${channels}.` : "have no channels; leave it out."),
      );
    const bad = values.find((v) => !Number.isFinite(v) || (what === "std" && v <= 0));
    if (bad !== undefined)
      throw new ModelError(
        `${name}: ${what} holds ${bad}, expected ${what === "std" ? "numbers above 0" : "numbers"}.`,
      );
  }
  if (channelOrder === "bgr" && channels !== 3)
    throw new ModelError(`${name}: channel order bgr needs 3 channels; images are [${inputShape.join(", ")}].`);
  if (range && !(range[0] < range[1]))
    throw new ModelError(`${name}: the range is ${range.join(" to ")}, expected the lower value first.`);
}

function theInput(model: Inputs, name: string, wanted: string | undefined) {
  const names = model.inputs.map((input) => input.name).join(", ");
  if (wanted !== undefined && !model.inputs.some((input) => input.name === wanted))
    throw new ModelError(`${name}: it has no input "${wanted}"; its inputs are ${names}.`);
  if (model.inputs.length !== 1)
    throw new ModelError(
      `${name}: it has ${model.inputs.length} inputs (${names}); ` +
        "an attack needs a classifier with one image input. Export it with the others fixed.",
    );
  const { name: input, dtype, shape } = model.inputs[0]!;
  const known = imageDtypes.find((one) => one === dtype);
  if (!known)
    throw new ModelError(
      `${name}: its input "${input}" is ${dtype ?? "of an unknown type"}; images are ${imageDtypes.join(", ")}. ` +
        "Put a Cast in front of it.",
    );
  if (!shape || shape.length < 2)
    throw new ModelError(
      `${name}: its input "${input}" has shape [${shape?.join(", ") ?? "?"}], expected [N, …] with a batch axis.`,
    );
  return { input, dtype: known, shape };
}
