// Pictures of a training: the loss over its steps, and the confusion matrix of a test.

export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

const ink = "#1f2933";
const faint = "#cbd2d9";
const trainColour = "#2b6cb0";
const testColour = "#c05621";
/** More points than pixels would only make the file large. */
const MAX_POINTS = 400;

/**
 * The loss curve: training loss averaged over equal runs of steps, and the test loss at every evaluation, as a number
 * where it is more than twice any training loss. A loss that is not finite is left out.
 *
 * @param title  a line above the picture
 */
export function lossCurve(
  train: readonly LossPoint[],
  test: readonly LossPoint[],
  { title }: { readonly title: string },
): string {
  const [width, height, left, top, right, bottom] = [720, 420, 64, 60, 20, 45];
  const training = averaged(train.filter(finite));
  // The first epochs' running statistics can make a test loss that would press all others to the ground.
  const limit = 2 * Math.max(...training.map(({ loss }) => loss), training.length > 0 ? 0 : Infinity);
  const tested = test.filter(finite);
  const above = tested.filter(({ loss }) => loss > limit);
  const lines = [training, tested.filter(({ loss }) => loss <= limit)] as const;
  const all = lines.flat();
  const steps = Math.max(1, ...[...all, ...above].map(({ step }) => step));
  const ticksY = ticks(0, Math.max(1e-6, ...all.map(({ loss }) => loss)));
  const highest = ticksY.at(-1)!;
  const x = (step: number) => left + ((width - left - right) * step) / steps;
  const y = (loss: number) => height - bottom - ((height - top - bottom) * loss) / highest;
  const path = (points: readonly LossPoint[]) =>
    points.map(({ step, loss }, i) => `${i === 0 ? "M" : "L"}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  const ticksX = ticks(0, steps).filter((step) => step <= steps);
  return document(width, height, title, [
    ...ticksY.map(
      (loss) => rule(left, y(loss), width - right, y(loss)) + label(left - 8, y(loss) + 4, short(loss), "end"),
    ),
    ...ticksX.map((step) => label(x(step), height - bottom + 18, short(step), "middle")),
    label((left + width - right) / 2, height - 8, "step", "middle"),
    `<path d="${path(lines[0])}" fill="none" stroke="${trainColour}" stroke-width="1.5"/>`,
    `<path d="${path(lines[1])}" fill="none" stroke="${testColour}" stroke-width="1.5"/>`,
    ...lines[1].map(
      ({ step, loss }) =>
        `<circle cx="${x(step).toFixed(1)}" cy="${y(loss).toFixed(1)}" r="2.5" fill="${testColour}"/>`,
    ),
    ...above.map(({ step, loss }) => label(x(step), top + 14, `↑ ${short(loss)}`, "middle", testColour)),
    label(left, top - 18, "training loss", "start", trainColour),
    ...(tested.length > 0 ? [label(left + 100, top - 18, "test loss", "start", testColour)] : []),
  ]);
}

/**
 * The confusion matrix as squares: blue what was right, orange what was wrong, darker with the square root of its share of
 * the row, so that rare mistakes are seen. Counts stand in squares that are large enough for them.
 *
 * @param matrix  rows labels, columns predictions, [K][K]
 */
export function confusionPicture(
  matrix: readonly (readonly number[])[],
  classes: readonly string[],
  { title }: { readonly title: string },
): string {
  const K = classes.length;
  const cell = Math.max(2, Math.min(34, Math.floor(900 / K)));
  const fontSize = Math.min(12, cell);
  const named = cell >= 9;
  const longest = Math.max(...classes.map((name) => cut(name).length));
  const side = named ? 20 + Math.ceil(0.6 * fontSize * longest) : 20;
  const [left, top, size] = [side, 36 + side, K * cell];
  const squares = matrix.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.flatMap((count, j) => {
      if (count === 0) return [];
      const depth = Math.sqrt(count / total);
      const [x, y] = [left + j * cell, top + i * cell];
      const told = escaped(`${classes[i]} taken for ${classes[j]}: ${count} of ${total}`);
      const square = `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="${i === j ? trainColour : testColour}" fill-opacity="${depth.toFixed(3)}"><title>${told}</title></rect>`;
      if (cell < 26) return [square];
      return [square, label(x + cell / 2, y + cell / 2 + 4, String(count), "middle", depth > 0.7 ? "#fff" : ink, 11)];
    });
  });
  const lines = Array.from({ length: K + 1 }, (_, i) => i).filter((i) => named || i === 0 || i === K);
  const grid = lines.flatMap((i) => [
    rule(left, top + i * cell, left + size, top + i * cell),
    rule(left + i * cell, top, left + i * cell, top + size),
  ]);
  const names = (named ? classes : []).flatMap((name, i) => {
    const middle = (i + 0.5) * cell + 0.35 * fontSize;
    return [
      label(left - 6, top + middle, cut(name), "end", ink, fontSize),
      `<g transform="translate(${left + middle} ${top - 6}) rotate(-90)">${label(0, 0, cut(name), "start", ink, fontSize)}</g>`,
    ];
  });
  const width = Math.max(left + size + 20, 8 * title.length + 20, 300);
  return document(width, top + size + 32, title, [
    ...squares,
    ...grid,
    ...names,
    label(12, top + size + 22, "rows: label, columns: predicted", "start"),
  ]);
}

function document(width: number, height: number, title: string, parts: readonly string[]): string {
  const attributes = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const heading = label(width / 2, 22, title, "middle", ink, 14);
  return `<svg ${attributes} role="img" font-family="sans-serif" font-size="12"><title>${escaped(title)}</title><rect width="100%" height="100%" fill="#fff"/>${heading}${parts.join("\n")}</svg>\n`;
}

const label = (x: number, y: number, text: string, anchor: string, colour = ink, size = 12): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}" font-size="${size}">${escaped(text)}</text>`;
const rule = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${faint}" stroke-width="0.5"/>`;
const escaped = (text: string): string => text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
const cut = (name: string): string => (name.length > 20 ? `${name.slice(0, 19)}…` : name);
const finite = ({ loss }: LossPoint): boolean => Number.isFinite(loss);
const short = (n: number): string => String(Number(n.toPrecision(3)));

/** Round numbers from `low` to at least `high`, four to eight of them. */
function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  return Array.from({ length: Math.ceil((high - low) / step - 1e-9) + 1 }, (_, i) => low + i * step);
}

function averaged(points: readonly LossPoint[]): LossPoint[] {
  const run = Math.ceil(points.length / MAX_POINTS);
  return Array.from({ length: Math.ceil(points.length / run) || 0 }, (_, i) => {
    const part = points.slice(i * run, (i + 1) * run);
    return { step: part.at(-1)!.step, loss: part.reduce((sum, { loss }) => sum + loss, 0) / part.length };
  });
}
