/**
 * A number as C++ streams print it with this precision: like `%.{digits}g`, two digits in the exponent at least.
 *
 * @param digits  significant digits; trailing zeros are left out
 */
export function formatNumber(value: number, digits = 6): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponent = "0"] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  const trimmed = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power >= -4 && power < digits) return trimmed(value.toFixed(Math.max(0, digits - 1 - power)));
  const sign = power < 0 ? "-" : "+";
  return `${trimmed(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}
