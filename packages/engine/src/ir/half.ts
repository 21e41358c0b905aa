// Numbers of 16 bits as files and ONNX Runtime hold them; the engine computes with float32.

const buffer = new DataView(new ArrayBuffer(4));

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest binary16, the even one of two; infinity from 65520 on. */
export function floatToHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= 65520) return sign | 0x7c00;
  // The step between neighbours: 2⁻²⁴ below 2⁻¹⁴, 2^(e − 10) for sizes in [2ᵉ, 2ᵉ⁺¹).
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const steps = size / 2 ** (exponent - 10);
  const floor = Math.floor(steps);
  const rest = steps - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // The exponent's bits stand above the fraction's, so a carry or a missing leading 1 is right as it is.
  return sign | (((exponent + 14) << 10) + rounded);
}

/** bfloat16: the upper half of a float32. */
export function bfloatToFloat(bits: number): number {
  buffer.setUint32(0, bits << 16);
  return buffer.getFloat32(0);
}
