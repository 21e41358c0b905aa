/**
 * A number as C++ streams print it with this precision: like `%.{digits}g`, two digits in the exponent at least.
 *
 * @param digits  significant digits; trailing zeros are left out
 */
export function formatNumber(value: number, digits = 6): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponent = "0"] = rounded(value, digits).split("e");
  const power = Number(exponent);
  const trimmed = (text: string) => (text.includes(".") ? text.replace(/\.?0*$/, "") : text);
  if (power < -4 || power >= digits)
    return `${trimmed(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const sign = value < 0 ? "-" : "";
  const figures = mantissa.replace("-", "").replace(".", "");
  if (power < 0) return trimmed(`${sign}0.${"0".repeat(-power - 1)}${figures}`);
  return trimmed(`${sign}${figures.slice(0, power + 1)}.${figures.slice(power + 1)}`);
}

/** `toExponential`, but halfway between two numbers the even one, as C does; JavaScript takes the larger. */
function rounded(value: number, digits: number): string {
  const text = value.toExponential(digits - 1);
  const power = Number(text.slice(text.indexOf("e") + 1));
  const beyond = (Math.abs(value) * 10 ** (digits - 1 - power)) % 1;
  if (Math.abs(beyond - 0.5) > 1e-6) return text;
  const [longer = "", exponent] = value.toExponential(digits + 25).split("e");
  const cut = longer.length - 26; // what follows is 5000… exactly when the number is halfway: 26 digits tell
  if (!/^50*$/.test(longer.slice(cut))) return text;
  const below = longer.slice(0, cut);
  return Number(below.at(-1)) % 2 === 0 ? `${below}e${exponent}` : text;
}
