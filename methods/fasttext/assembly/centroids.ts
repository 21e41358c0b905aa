// Nearest of 256 centroids for each of many points: the inner loop of learning and applying a product quantiser.

/**
 * codes[i·codeStride] = nearest centroid (the first of equals) of the `width` numbers at points[i·stride].
 *
 * @param room  256·width numbers: the centroids with one coordinate after the other, so that four are compared at once
 */
export function nearestCentroids(
  points: usize,
  stride: i32,
  count: i32,
  width: i32,
  centroids: usize,
  codes: usize,
  codeStride: i32,
  room: usize,
): void {
  for (let c = 0; c < 256; c++)
    for (let d = 0; d < width; d++)
      store<f32>(room + ((<usize>(d * 256 + c)) << 2), load<f32>(centroids + ((<usize>(c * width + d)) << 2)));
  for (let i = 0; i < count; i++, points += (<usize>stride) << 2, codes += codeStride) {
    let least = f32x4.splat(Infinity);
    let where = i32x4.splat(0);
    let index = i32x4(0, 1, 2, 3);
    for (let c: usize = 0; c < 1024; c += 16) {
      let distance = f32x4.splat(0);
      let at = room + c;
      for (let d: usize = 0; d < (<usize>width) << 2; d += 4, at += 1024) {
        const difference = f32x4.sub(v128.load32_splat(points + d), v128.load(at));
        distance = f32x4.add(distance, f32x4.mul(difference, difference));
      }
      const nearer = f32x4.lt(distance, least);
      least = v128.bitselect(distance, least, nearer);
      where = v128.bitselect(index, where, nearer);
      index = i32x4.add(index, i32x4.splat(4));
    }
    let best = f32x4.extract_lane(least, 0);
    let code = i32x4.extract_lane(where, 0);
    const d1 = f32x4.extract_lane(least, 1);
    const c1 = i32x4.extract_lane(where, 1);
    if (d1 < best || (d1 == best && c1 < code)) {
      best = d1;
      code = c1;
    }
    const d2 = f32x4.extract_lane(least, 2);
    const c2 = i32x4.extract_lane(where, 2);
    if (d2 < best || (d2 == best && c2 < code)) {
      best = d2;
      code = c2;
    }
    const d3 = f32x4.extract_lane(least, 3);
    const c3 = i32x4.extract_lane(where, 3);
    if (d3 < best || (d3 == best && c3 < code)) code = c3;
    store<u8>(codes, <u8>code);
  }
}
