// What the panel shows: the equation x + r = x′ in pictures, the search over c, and, when it is over, all the rest.

import { factsOf } from "@reprise/adversarial/attacks";
import type { AttackResult } from "../../../run/adversarial/attack.ts";
import { type AttackInputs, titleOf } from "../../../run/adversarial/inputs.ts";
import type { AttackSoFar } from "../../../run/adversarial/outcome.ts";
import type { Guess } from "../../../run/adversarial/verdicts.ts";
import { Downloads } from "./downloads.tsx";
import { Difference, Pixels } from "./pictures.tsx";
import { isDigit } from "./raster.ts";
import { SearchChart } from "./search-chart.tsx";
import { called, count, decimal, leadAsked, leadName, milliseconds, percent, plain } from "./wording.ts";

interface AttackViewProps {
  readonly soFar: AttackSoFar;
  /** Null while it runs. */
  readonly result: AttackResult | null;
  readonly inputs: AttackInputs;
}

/** Live and finished view in one, so that nothing jumps when the run ends. */
export function AttackView({ soFar, result, inputs }: AttackViewProps) {
  return (
    <div class="attack">
      <Equation soFar={soFar} result={result} inputs={inputs} />
      <div class="attack-columns">
        {inputs.attack === "lbfgs" ? (
          <SearchOverC soFar={soFar} c={result?.attack.penalty?.c} norm={inputs.norm} />
        ) : (
          <section aria-labelledby="attack-about">
            <h3 id="attack-about">{factsOf(inputs.attack).label}</h3>
            <p>{factsOf(inputs.attack).about}</p>
            {result && <Numbers result={result} inputs={inputs} />}
          </section>
        )}
        {result && (
          <section aria-labelledby="attack-probabilities">
            <h3 id="attack-probabilities">
              What {inputs.network === "own" ? "your model" : titleOf(inputs.network)} believes
            </h3>
            <Probabilities result={result} />
            <p class="small">{whereItStands(inputs)}</p>
          </section>
        )}
      </div>
      {result && (
        <>
          <section aria-labelledby="attack-transfer">
            <h3 id="attack-transfer">
              {result.verdicts.length > 1 ? "Does it fool the others?" : "Does it survive a file, and would noise do?"}
            </h3>
            <Verdicts result={result} />
          </section>
          <section aria-label="Numbers and files">
            {inputs.attack === "lbfgs" && (
              <>
                <h3>In numbers</h3>
                <Numbers result={result} inputs={inputs} />
              </>
            )}
            <Downloads result={result} inputs={inputs} />
          </section>
        </>
      )}
    </div>
  );
}

/** What the probabilities have to do with how the attack works. */
function whereItStands(inputs: AttackInputs): string {
  if (factsOf(inputs.attack).kind === "budget")
    return "This attack does not look for the nearest image: it uses all of ε. Where it crosses the border it often goes well beyond, and survives the 256 levels of a file (“8 bit”).";
  return leadAsked(inputs) > 0
    ? "κ holds x′ at a distance from the border between two labels: it is further from x than it need be, and rounding it to the 256 levels of a file (“8 bit”) is less likely to put it back."
    : "x′ stands just across the border between two labels, where the nearest image is; so the two are almost equally likely, and rounding it to the 256 levels of a file (“8 bit”) can put it back.";
}

interface SearchOverCProps {
  readonly soFar: AttackSoFar;
  /** Not yet known, or NaN when none reached the label. */
  readonly c: number | undefined;
  readonly norm: AttackInputs["norm"];
}

function SearchOverC({ soFar: { points, bestTarget }, c = Number.NaN, norm }: SearchOverCProps) {
  return (
    <section aria-labelledby="attack-search">
      <h3 id="attack-search">The search over c</h3>
      <SearchChart points={points} target={bestTarget} c={Number.isFinite(c) ? c : null} />
      <p class="small why">
        Each mark is one solved problem: minimise c‖r‖{norm === "squared" && "²"} + loss(x + r, label) in the box. c
        weighs the size of r, so every small enough c reaches the label, with an ever larger r. The nearest image is at
        the <em>largest</em> c whose minimiser still has the label, and that is what is searched; the paper prints
        “minimum c”.
      </p>
    </section>
  );
}

function Equation({ soFar: { original, shape, best, bestTarget }, result, inputs }: AttackViewProps) {
  const r = best ? best.map((value, i) => value - original[i]!) : null;
  const largest = r ? r.reduce((a, b) => Math.max(a, Math.abs(b)), 0) : 0;
  const scale = largest > 0 ? 1 / largest : 1;
  const network = titleOf(inputs.network);
  const first = result?.verdicts[0];
  const names = result ? result.names : inputs.network === "own" ? [] : null;
  const name = (label: number) => called(label, names);
  return (
    <div class="equation">
      <figure>
        <div class="picture">
          <Pixels
            pixels={original}
            shape={shape}
            alt={`The original image${first ? `, which ${network} calls ${name(first.clean.label)}` : ""}`}
          />
        </div>
        <figcaption>
          <b>x</b>
          {first ? ` — ${name(first.clean.label)}, ${percent(first.clean.probability)}` : " — the original"}
        </figcaption>
      </figure>
      <span class="sign" aria-hidden="true">
        +
      </span>
      <figure>
        <div class="picture">
          {r ? (
            <Difference
              r={r}
              shape={shape}
              scale={scale}
              alt={`The perturbation, scaled by ${plain(scale)}: ${whereabouts(r)}`}
            />
          ) : (
            <div class="raster" />
          )}
        </div>
        <figcaption>
          <b>r</b>
          {r && ` — shown × ${plain(scale)}`}
        </figcaption>
      </figure>
      <span class="sign" aria-hidden="true">
        =
      </span>
      <figure>
        <div class="picture">
          {best ? (
            <Pixels
              pixels={best}
              shape={shape}
              alt={
                first || bestTarget !== null
                  ? `The adversarial image, which ${network} calls ${name(first?.adversarial.label ?? bestTarget ?? 0)}`
                  : "The image that is tried now"
              }
            />
          ) : (
            <div class="raster" />
          )}
        </div>
        <figcaption>
          <b>x′</b>
          {first
            ? ` — ${name(first.adversarial.label)}, ${percent(first.adversarial.probability)}`
            : bestTarget !== null
              ? ` — ${name(bestTarget)}`
              : best && " — the one tried now"}
        </figcaption>
      </figure>
      <Legend shape={shape} />
      {result?.said && <p class="small said">{result.said}</p>}
    </div>
  );
}

function Legend({ shape }: Pick<AttackSoFar, "shape">) {
  if (shape[0] === 3) return <p class="small swatches">r around grey: grey is no change</p>;
  const [more, less] = isDigit(shape) ? ["r adds ink", "r takes it away"] : ["r brightens", "r darkens"];
  return (
    <p class="small swatches">
      <i class="adds" /> {more} <i class="removes" /> {less}
    </p>
  );
}

/** How much of a perturbation is where, in words. */
function whereabouts(r: Float32Array): string {
  const moved = r.reduce((sum, value) => sum + (Math.abs(value) > 0.01 ? 1 : 0), 0);
  const up = r.reduce((sum, value) => sum + (value > 0.01 ? 1 : 0), 0);
  return `${moved} of ${r.length} values move by more than 0.01, ${up} up, ${moved - up} down`;
}

function Probabilities({ result: { attack, verdicts, names } }: { readonly result: AttackResult }) {
  const { roundedProbabilities, adversarialProbabilities: after, adversarial } = verdicts[0]!;
  const { probabilitiesBefore: before, predictedBefore } = attack;
  return (
    <table class="probabilities">
      <caption class="hidden">Probability of each label, for the original and the adversarial image</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden">Label</span>
          </th>
          <td />
          <th scope="col" class="before">
            x
          </th>
          <th scope="col" class="after">
            x′
          </th>
          <th scope="col" class="eight">
            8 bit
          </th>
        </tr>
      </thead>
      <tbody>
        {shownLabels(before, after).map((label) => (
          <tr key={label} class={label === predictedBefore || label === adversarial.label ? "named" : undefined}>
            <th scope="row">{names?.[label] ?? label}</th>
            <td class="pair">
              <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="before" width={100 * before[label]!} height="4" />
                <rect class="after" y="5" width={100 * after[label]!} height="4" />
              </svg>
            </td>
            <td class="before">{percent(before[label]!)}</td>
            <td class="after">{percent(after[label]!)}</td>
            <td class="eight">{percent(roundedProbabilities[label]!)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** All of ten labels; of many, the likeliest of both images. */
function shownLabels(before: Float64Array, after: Float64Array): number[] {
  const labels = Array.from(before, (_, label) => label);
  if (labels.length <= 12) return labels;
  const best = (p: Float64Array) => [...labels].sort((a, b) => p[b]! - p[a]!).slice(0, 5);
  return [...new Set([...best(after), ...best(before)])];
}

function Verdicts({ result: { verdicts, names } }: { readonly result: AttackResult }) {
  return (
    <>
      <div class="scroll">
        <table class="verdicts">
          <caption class="hidden">What every network says of the original and the adversarial image</caption>
          <thead>
            <tr>
              <th scope="col">Network</th>
              <th scope="col">x′</th>
              <th scope="col">x</th>
              <th scope="col">x′ in 8 bits</th>
              <th scope="col">noise as large</th>
              {verdicts.length > 1 && <th scope="col">test error</th>}
            </tr>
          </thead>
          <tbody>
            {verdicts.map(({ network, testError, clean, adversarial, rounded, noiseChanged, noiseDraws }, i) => (
              <tr key={network}>
                <th scope="row" class="name">
                  {titleOf(network)}
                  {i === 0 && <span class="soft"> attacked</span>}
                </th>
                <Says guess={adversarial} clean={clean} names={names} />
                <td>
                  {names?.[clean.label] ?? clean.label} <span class="soft">{percent(clean.probability)}</span>
                </td>
                <Says guess={rounded} clean={clean} names={names} />
                <td>
                  {noiseChanged} of {noiseDraws} fooled
                </td>
                {testError !== null && <td>{percent(testError)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small">
        Noise as large: {verdicts[0]!.noiseDraws} images with Gaussian noise of the same distortion, clipped to the box,
        in place of r. {verdicts.length > 1 && "Test error is on MNIST’s 10,000 test images."}
      </p>
    </>
  );
}

interface SaysProps {
  readonly guess: Guess;
  readonly clean: Guess;
  readonly names: readonly string[] | null;
}

function Says({ guess, clean, names }: SaysProps) {
  const fooled = guess.label !== clean.label;
  return (
    <td class={fooled ? "fooled" : undefined}>
      {names?.[guess.label] ?? guess.label} <span class="soft">{percent(guess.probability)}</span>
      {fooled && <strong> fooled</strong>}
    </td>
  );
}

function Numbers({ result, inputs }: { readonly result: AttackResult; readonly inputs: AttackInputs }) {
  const { attack, points, times } = result;
  const { penalty } = attack;
  const rows: [string, string][] = [
    [`Distortion, √(‖r‖² / ${count(result.original.length)})`, decimal(attack.distortion)],
    ...(inputs.enlarge > 1
      ? ([[`Distortion with r × ${decimal(inputs.enlarge)}`, decimal(result.distance.distortion)]] satisfies [
          string,
          string,
        ][])
      : []),
    ["‖r‖₂", decimal(attack.l2)],
    ["‖r‖∞", decimal(attack.lInfinity)],
    ...(penalty
      ? ([
          [
            inputs.norm === "squared" ? "c, the weight of ‖r‖²" : "c, the weight of ‖r‖",
            Number.isFinite(penalty.c) ? decimal(penalty.c) : "none reached the label",
          ],
          ["Problems solved", `${count(points.length)}, with ${count(penalty.iterations)} iterations of L-BFGS-B`],
        ] satisfies [string, string][])
      : []),
    ...(attack.lead === null ? [] : ([[leadName(inputs), decimal(attack.lead)]] satisfies [string, string][])),
    ["Evaluations", evaluations(attack)],
    ["Time of the attack", milliseconds(times.attack)],
    ["Loading before it", milliseconds(times.load)],
    [inputs.network === "own" ? "Asking it once more" : "Asking all networks", milliseconds(times.verdicts)],
  ];
  return (
    <dl class="numbers">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function evaluations({ gradients, forwardPasses }: AttackResult["attack"]): string {
  if (gradients === 0) return `${count(forwardPasses)} of the scores`;
  return `${count(gradients)} of loss and gradient, ${count(forwardPasses)} more of the scores`;
}
