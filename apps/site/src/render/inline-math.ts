// Where a `$` begins a formula and where it is money. The rule is Pandoc's: no space just inside the signs, no digit
// just after the second. So "$5 and $10" is text, and "$x$" in the same line still a formula.
import type { Code, Construct, Extension, Previous, State, Tokenizer } from "micromark-util-types";

declare module "micromark-util-types" {
  /** The names that mdast-util-math, which remark-math brings, knows. */
  interface TokenTypeMap {
    mathText: "mathText";
    mathTextSequence: "mathTextSequence";
    mathTextData: "mathTextData";
  }
}

const [dollar, backslash] = [36, 92];
const isEnd = (code: Code) => code !== null && code < -2; // a line's end
const isSpace = (code: Code) => code === null || code < 0 || code === 32;
const isDigit = (code: Code) => code !== null && code >= 48 && code <= 57;

/** Reads a run of signs, what stands between it and an equal run, and that run; fails where it is no formula. */
const tokenize: Tokenizer = (effects, ok, nok) => {
  let opening = 0;
  let closing = 0;
  let before: Code = null; // what stands before the sign at hand
  return start;

  function start(code: Code): State | undefined {
    effects.enter("mathText");
    effects.enter("mathTextSequence");
    return open(code);
  }
  function open(code: Code): State | undefined {
    if (code === dollar) {
      effects.consume(code);
      opening++;
      return open;
    }
    effects.exit("mathTextSequence");
    return opening === 1 && isSpace(code) ? nok(code) : between(code);
  }
  function between(code: Code): State | undefined {
    if (code === null) return nok(code);
    if (code === dollar) {
      closing = 0;
      effects.enter("mathTextSequence");
      return close(code);
    }
    if (isEnd(code)) {
      before = code;
      effects.enter("lineEnding");
      effects.consume(code);
      effects.exit("lineEnding");
      return between;
    }
    effects.enter("mathTextData");
    return data(code);
  }
  function data(code: Code): State | undefined {
    if (code === null || code === dollar || isEnd(code)) {
      effects.exit("mathTextData");
      return between(code);
    }
    before = code;
    effects.consume(code);
    return code === backslash ? escaped : data;
  }
  /** A sign behind a backslash is TeX's own: it ends nothing. */
  function escaped(code: Code): State | undefined {
    if (code === null || isEnd(code)) return data(code);
    before = code;
    effects.consume(code);
    return data;
  }
  function close(code: Code): State | undefined {
    if (code === dollar) {
      effects.consume(code);
      closing++;
      return close;
    }
    const ends = opening > 1 || (!isSpace(before) && !isDigit(code));
    if (closing !== opening || !ends) return nok(code);
    effects.exit("mathTextSequence");
    effects.exit("mathText");
    return ok(code);
  }
};

const previous: Previous = function (code) {
  return code !== dollar || this.events.at(-1)?.[1].type === "characterEscape";
};

const formula: Construct = { name: "formula", tokenize, previous };

/** For micromark, after remark-math's own extension, whose inline rule it takes the place of. */
export const inlineMath: Extension = { text: { [dollar]: formula }, disable: { null: ["mathText"] } };
