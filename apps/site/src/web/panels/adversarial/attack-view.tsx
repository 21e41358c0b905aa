// What the panel shows: the equation x + r = x′ in pictures, the search over c, and, when it is over, all the rest.
import type { AttackResult } from "../../../run/adversarial/attack.ts";
import { attackOf } from "../../../run/adversarial/attack-choices.ts";
import { type AdversarialInputs, titleOf } from "../../../run/adversarial/inputs.ts";
import type { AttackSoFar } from "../../../run/adversarial/outcome.ts";
import type { Guess, Verdict } from "../../../run/adversarial/verdicts.ts";
import { Downloads } from "./downloads.tsx";
import { Difference, Ink } from "./pictures.tsx";
import { SearchChart } from "./search-chart.tsx";
import { count, decimal, milliseconds, percent, plain } from "./wording.ts";

interface AttackViewProps {
  readonly soFar: AttackSoFar;
  /** Null while it runs. */
  readonly result: AttackResult | null;
  readonly inputs: AdversarialInputs;
}

/** Live and finished view in one, so that nothing jumps when the run ends. */
export function AttackView({ soFar, result, inputs }: AttackViewProps) {
  return (
    <div class="attack">
      <Equation soFar={soFar} result={result} inputs={inputs} />
      <div class="attack-columns">
        {inputs.attack === "l-bfgs" ? (
          <SearchOverC soFar={soFar} c={result?.attack.penalty?.c} norm={inputs.norm} />
        ) : (
          <section aria-labelledby="attack-about">
            <h3 id="attack-about">{attackOf(inputs.attack).label}</h3>
            <p>{attackOf(inputs.attack).about}</p>
            {result && <Numbers result={result} inputs={inputs} />}
          </section>
        )}
        {result && (
          <section aria-labelledby="attack-probabilities">
            <h3 id="attack-probabilities">What {titleOf(inputs.network)} believes</h3>
            <Probabilities result={result} />
            <p class="small">
              {attackOf(inputs.attack).kind === "minimal"
                ? "x′ stands just across the border between two digits, where the nearest image is; so the two are almost equally likely, and rounding it to the 256 levels of a file (“8 bit”) can put it back."
                : "This attack does not look for the nearest image: it uses all of ε. Where it crosses the border it often goes well beyond, and survives the 256 levels of a file (“8 bit”)."}
            </p>
          </section>
        )}
      </div>
      {result && (
        <>
          <section aria-labelledby="attack-transfer">
            <h3 id="attack-transfer">Does it fool the others?</h3>
            <Verdicts verdicts={result.verdicts} />
          </section>
          <section aria-label="Numbers and files">
            {inputs.attack === "l-bfgs" && (
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

interface SearchOverCProps {
  readonly soFar: AttackSoFar;
  /** Not yet known, or NaN when none reached the label. */
  readonly c: number | undefined;
  readonly norm: AdversarialInputs["norm"];
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

function Equation({ soFar: { original, best, bestTarget }, result, inputs }: AttackViewProps) {
  const r = best ? best.map((value, i) => value - original[i]!) : null;
  const largest = r ? r.reduce((a, b) => Math.max(a, Math.abs(b)), 0) : 0;
  const scale = largest > 0 ? 1 / largest : 1;
  const network = titleOf(inputs.network);
  const first = result?.verdicts[0];
  return (
    <div class="equation">
      <figure>
        <Ink
          pixels={original}
          alt={`The original digit${first ? `, which ${network} calls a ${first.clean.label}` : ""}`}
        />
        <figcaption>
          <b>x</b>
          {first ? ` — a ${first.clean.label}, ${percent(first.clean.probability)}` : " — the original"}
        </figcaption>
      </figure>
      <span class="sign" aria-hidden="true">
        +
      </span>
      <figure>
        {r ? (
          <Difference r={r} scale={scale} alt={`The perturbation, scaled by ${plain(scale)}: ${whereabouts(r)}`} />
        ) : (
          <div class="raster" />
        )}
        <figcaption>
          <b>r</b>
          {r && ` — shown × ${plain(scale)}`}
        </figcaption>
      </figure>
      <span class="sign" aria-hidden="true">
        =
      </span>
      <figure>
        {best ? (
          <Ink
            pixels={best}
            alt={
              first || bestTarget !== null
                ? `The adversarial image, which ${network} calls a ${first?.adversarial.label ?? bestTarget}`
                : "The image that is tried now"
            }
          />
        ) : (
          <div class="raster" />
        )}
        <figcaption>
          <b>x′</b>
          {first
            ? ` — a ${first.adversarial.label}, ${percent(first.adversarial.probability)}`
            : bestTarget !== null
              ? ` — a ${bestTarget}`
              : best && " — the one tried now"}
        </figcaption>
      </figure>
      <p class="small swatches">
        <i class="adds" /> r adds ink <i class="removes" /> r takes it away
      </p>
    </div>
  );
}

/** How much of a perturbation is where, in words. */
function whereabouts(r: Float32Array): string {
  const moved = r.reduce((sum, value) => sum + (Math.abs(value) > 0.01 ? 1 : 0), 0);
  const up = r.reduce((sum, value) => sum + (value > 0.01 ? 1 : 0), 0);
  return `${moved} of 784 pixels move by more than 0.01, ${up} towards ink, ${moved - up} away from it`;
}

function Probabilities({ result: { attack, verdicts } }: { readonly result: AttackResult }) {
  const { roundedProbabilities } = verdicts[0]!;
  const { probabilitiesBefore: before, probabilitiesAfter: after, predictedBefore, predictedAfter } = attack;
  return (
    <table class="probabilities">
      <caption class="hidden">Probability of each digit, for the original and the adversarial image</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden">Digit</span>
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
        {Array.from(before, (p, digit) => (
          <tr key={digit} class={digit === predictedBefore || digit === predictedAfter ? "named" : undefined}>
            <th scope="row">{digit}</th>
            <td class="pair">
              <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="before" width={100 * p} height="4" />
                <rect class="after" y="5" width={100 * after[digit]!} height="4" />
              </svg>
            </td>
            <td class="before">{percent(p)}</td>
            <td class="after">{percent(after[digit]!)}</td>
            <td class="eight">{percent(roundedProbabilities[digit]!)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Verdicts({ verdicts }: { readonly verdicts: readonly Verdict[] }) {
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
              <th scope="col">test error</th>
            </tr>
          </thead>
          <tbody>
            {verdicts.map(({ network, testError, clean, adversarial, rounded, noiseChanged, noiseDraws }, i) => (
              <tr key={network}>
                <th scope="row" class="name">
                  {titleOf(network)}
                  {i === 0 && <span class="soft"> attacked</span>}
                </th>
                <Says guess={adversarial} clean={clean} />
                <td>
                  {clean.label} <span class="soft">{percent(clean.probability)}</span>
                </td>
                <Says guess={rounded} clean={clean} />
                <td>
                  {noiseChanged} of {noiseDraws} fooled
                </td>
                <td>{testError === null ? "–" : percent(testError)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small">
        Noise as large: 100 images with Gaussian noise of the same distortion, clipped to the box, in place of r. Test
        error is on MNIST’s 10,000 test images.
      </p>
    </>
  );
}

function Says({ guess, clean }: { readonly guess: Guess; readonly clean: Guess }) {
  const fooled = guess.label !== clean.label;
  return (
    <td class={fooled ? "fooled" : undefined}>
      {guess.label} <span class="soft">{percent(guess.probability)}</span>
      {fooled && <strong> fooled</strong>}
    </td>
  );
}

function Numbers({ result, inputs }: { readonly result: AttackResult; readonly inputs: AdversarialInputs }) {
  const { attack, points, times } = result;
  const { penalty } = attack;
  const rows: [string, string][] = [
    ["Distortion, √(‖r‖² / 784)", decimal(attack.distortion)],
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
    ["Evaluations", evaluations(attack)],
    ["Time of the attack", milliseconds(times.attack)],
    ["Loading before it", milliseconds(times.load)],
    ["Asking all networks", milliseconds(times.verdicts)],
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
