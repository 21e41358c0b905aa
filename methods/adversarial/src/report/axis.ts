/** The least of 1, 2 and 5 times a power of ten that divides a range into at most so many steps. */
export function niceStep(range: number, most: number): number {
  const power = 10 ** Math.floor(Math.log10(range / most));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => range / step <= most)!;
}

/** A number in at most three digits, for an axis. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));
