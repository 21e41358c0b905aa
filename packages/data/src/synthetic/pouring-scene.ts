// What a video of pouring shows: things that stay as they are through a video, and where all is at a moment.
import type { Random } from "../random.ts";
import { Canvas, type Colour, type Point } from "./pouring-canvas.ts";

/** How much videos differ from each other. */
export interface Nuisances {
  /** Probability of a left-handed video. */
  readonly mirror: number;
  /** Largest shift of the view, in its widths. */
  readonly shift: number;
  readonly zoom: number;
  /** Colours of the background are drawn. */
  readonly background: boolean;
  /** Things that lie about, at most. */
  readonly clutter: number;
  /** Standard deviation of a pixel, of 1. */
  readonly noise: number;
  /** Standard deviation of the camera's place from frame to frame. */
  readonly shake: number;
  /** Largest change of the light over a video, of 1. */
  readonly light: number;
  /** Probability of a pause after each phase. */
  readonly pause: number;
  readonly speed: number;
  /** Probability of a cup that hides what is in it. */
  readonly opaque: number;
}

/** One moment: everything in 0…1 but the tilt, which is in radians. */
export interface Pose {
  readonly lift: number;
  readonly tilt: number;
  /** Share of the liquid that has left the bottle. */
  readonly poured: number;
  /** How near the hand is to the bottle. */
  readonly grip: number;
  /** The liquid is in the air. */
  readonly stream: boolean;
}

const smooth = (p: number) => p * p * (3 - 2 * p);

/** Reach, lift, pour, place, recede. The first and last, second and fourth differ in the levels of the liquid alone. */
export function poseAt(phase: number, p: number): Pose {
  const e = smooth(p);
  const poses: readonly Pose[] = [
    { lift: 0, tilt: 0, poured: 0, grip: e, stream: false },
    { lift: e, tilt: 1.05 * e, poured: 0, grip: 1, stream: false },
    { lift: 1, tilt: 1.05 + 0.7 * p, poured: p, grip: 1, stream: true },
    { lift: 1 - e, tilt: 1.75 * (1 - e), poured: 1, grip: 1, stream: false },
    { lift: 0, tilt: 0, poured: 1, grip: 1 - e, stream: false },
  ];
  return poses[phase]!;
}

/** What stays through a video. */
export type Scene = ReturnType<typeof drawScene>;

const colour = (random: Random, low: number, high: number): Colour => [
  random.uniform(low, high),
  random.uniform(low, high),
  random.uniform(low, high),
];

export function drawScene(random: Random, level: Nuisances) {
  const liquid = colour(random, 90, 255) as unknown as [number, number, number];
  liquid[random.integer(3)] = random.uniform(0, 40);
  const random1 = (most: number) => random.uniform(-most, most);
  return {
    bottle: { x: random.uniform(0.24, 0.34), width: random.uniform(0.085, 0.12), height: random.uniform(0.26, 0.36) },
    neck: random.uniform(0.35, 0.5),
    cup: { x: random.uniform(0.68, 0.76), width: random.uniform(0.13, 0.18), height: random.uniform(0.14, 0.2) },
    glass: colour(random, 130, 240),
    liquid: liquid as Colour,
    hand: [random.uniform(150, 240), random.uniform(100, 190), random.uniform(80, 150)] as Colour,
    table: level.background ? colour(random, 40, 160) : ([120, 90, 60] as Colour),
    wall: level.background
      ? ([colour(random, 60, 230), colour(random, 60, 230)] as const)
      : ([[205, 210, 215] as Colour, [180, 185, 190] as Colour] as const),
    clutter: Array.from({ length: level.clutter }, () => ({
      at: [random.uniform(0, 1), random.uniform(0.05, 0.75)] as Point,
      size: [random.uniform(0.05, 0.25), random.uniform(0.05, 0.25)] as Point,
      colour: colour(random, 30, 240),
    })),
    zoom: 1 + random1(level.zoom),
    shift: [random1(level.shift), random1(level.shift)] as Point,
    mirrored: random.uniform() < level.mirror,
    opaque: random.uniform() < level.opaque,
    gain: 1 + random1(level.light),
    drift: random1(level.light),
  };
}

const TABLE = 0.8;

/** The scene at a moment, seen by a camera a little beside its place. */
export function drawPose(scene: Scene, pose: Pose, camera: Point, size: number): Canvas {
  const { bottle, cup } = scene;
  const canvas = new Canvas(size);
  const seen = ([x, y]: Point): Point => {
    const X = (x - 0.5) * scene.zoom + 0.5 + scene.shift[0] + camera[0];
    const Y = (y - 0.5) * scene.zoom + 0.5 + scene.shift[1] + camera[1];
    return [scene.mirrored ? 1 - X : X, Y];
  };
  const fill = (corners: readonly Point[], paint: Colour, opacity?: number) =>
    canvas.polygon(corners.map(seen), paint, opacity);
  const box = (x: number, y: number, width: number, height: number): Point[] => [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
  canvas.gradient(...scene.wall);
  for (const { at, size: extent, colour: paint } of scene.clutter) fill(box(...at, ...extent), paint);
  fill(box(-1, TABLE, 3, 2), scene.table);

  const left = cup.x - cup.width / 2;
  const level = 0.85 * pose.poured * cup.height;
  if (scene.opaque) fill(box(left, TABLE - cup.height, cup.width, cup.height), scene.glass);
  else {
    fill(box(left, TABLE - cup.height, cup.width, cup.height), scene.glass, 0.45);
    fill(box(left + 0.012, TABLE - level, cup.width - 0.024, level), scene.liquid);
  }

  // The bottle turns about the middle of its foot; `on` takes across and along its axis to the picture.
  const foot: Point = [
    bottle.x + (cup.x - 0.3 - bottle.x) * pose.lift,
    TABLE - (cup.height + 0.22) * pose.lift - 0.1 * Math.sin(Math.PI * pose.lift),
  ];
  const [sin, cos] = [Math.sin(pose.tilt), Math.cos(pose.tilt)];
  const on = (across: number, along: number): Point => [
    foot[0] + across * cos + along * sin,
    foot[1] + across * sin - along * cos,
  ];
  const half = bottle.width / 2;
  const neck = half * scene.neck;
  const shoulder = 0.68 * bottle.height;
  const full = (0.62 - 0.54 * pose.poured) * bottle.height;
  if (pose.stream) {
    const [x, y] = on(0, bottle.height);
    const surface = TABLE - Math.max(level, 0.01);
    const end = Math.max(left + 0.03, Math.min(x + 0.02, left + cup.width - 0.03));
    fill(
      [
        [x - 0.01, y],
        [x + 0.012, y],
        [end + 0.012, surface],
        [end - 0.012, surface],
      ],
      scene.liquid,
    );
  }
  const outline = [
    on(-half, 0),
    on(half, 0),
    on(half, shoulder),
    on(neck, shoulder + 0.12 * bottle.height),
    on(neck, bottle.height),
    on(-neck, bottle.height),
    on(-neck, shoulder + 0.12 * bottle.height),
    on(-half, shoulder),
  ];
  fill(outline, scene.glass, 0.55);
  const inside = half - 0.01;
  fill([on(-inside, 0.01), on(inside, 0.01), on(inside, full), on(-inside, full)], scene.liquid);

  const held = on(-half * 0.6, 0.45 * bottle.height);
  const away: Point = [-0.2, 0.5];
  const hand: Point = [away[0] + (held[0] - away[0]) * pose.grip, away[1] + (held[1] - away[1]) * pose.grip];
  fill(
    [
      [-1, 0.62],
      [-1, 0.78],
      [hand[0], hand[1] + 0.035],
      [hand[0], hand[1] - 0.035],
    ],
    scene.hand,
  );
  canvas.ellipse(seen(hand), [0.13 * scene.zoom, 0.1 * scene.zoom], scene.hand);
  return canvas;
}
