// The C++ library's std::sort, for its order of equal elements: words of the same count stand in a model file in the
// order that this algorithm happens to leave them in, and their rows are drawn in that order. Only `compat` uses it.

type Before = (a: number, b: number) => boolean;

/** Below this length a stretch is left to the insertion sort at the end. */
const short = 16;

/** Sorts in place: quicksort by the median of three, heapsort where that goes too deep, insertion sort last. */
export function introsort(items: Int32Array, before: Before): void {
  if (items.length < 2) return;
  quick(items, 0, items.length, 2 * (31 - Math.clz32(items.length)), before);
  for (let i = 1; i < items.length; i++) insert(items, i, i < short ? 0 : -1, before);
}

function quick(items: Int32Array, first: number, end: number, depth: number, before: Before): void {
  while (end - first > short) {
    if (depth-- === 0) {
      heapsort(items, first, end, before);
      return;
    }
    const cut = partition(items, first, end, before);
    quick(items, cut, end, depth, before);
    end = cut;
  }
}

function swap(items: Int32Array, i: number, j: number): void {
  const kept = items[i]!;
  items[i] = items[j]!;
  items[j] = kept;
}

/** Puts the median of the second, middle and last item first and splits the others around it. */
function partition(items: Int32Array, first: number, end: number, before: Before): number {
  const [i, j, k] = [first + 1, first + ((end - first) >> 1), end - 1];
  const [a, b, c] = [items[i]!, items[j]!, items[k]!];
  if (before(a, b)) swap(items, first, before(b, c) ? j : before(a, c) ? k : i);
  else swap(items, first, before(a, c) ? i : before(b, c) ? k : j);
  const pivot = items[first]!;
  let low = first + 1;
  let high = end;
  for (;;) {
    while (before(items[low]!, pivot)) low++;
    high--;
    while (before(pivot, items[high]!)) high--;
    if (low >= high) return low;
    swap(items, low++, high);
  }
}

/** Moves item i down to its place; an item before the first of all (when `least` is known) goes there at once. */
function insert(items: Int32Array, i: number, least: number, before: Before): void {
  const item = items[i]!;
  let hole = i;
  if (least >= 0 && before(item, items[least]!)) {
    items.copyWithin(least + 1, least, i);
    hole = least;
  } else for (; before(item, items[hole - 1]!); hole--) items[hole] = items[hole - 1]!;
  items[hole] = item;
}

function heapsort(items: Int32Array, first: number, end: number, before: Before): void {
  const length = end - first;
  for (let parent = (length - 2) >> 1; parent >= 0; parent--)
    sink(items, first, parent, length, items[first + parent]!, before);
  for (let last = length - 1; last > 0; last--) {
    const item = items[first + last]!;
    items[first + last] = items[first]!;
    sink(items, first, 0, last, item, before);
  }
}

/** Lets a hole fall to a leaf along the later children, then the item rises from there. */
function sink(items: Int32Array, first: number, from: number, length: number, item: number, before: Before): void {
  let hole = from;
  for (let child = 2 * hole + 2; child <= length; child = 2 * hole + 2) {
    if (child === length || before(items[first + child]!, items[first + child - 1]!)) child--;
    items[first + hole] = items[first + child]!;
    hole = child;
  }
  for (let parent = (hole - 1) >> 1; hole > from && before(items[first + parent]!, item); parent = (hole - 1) >> 1) {
    items[first + hole] = items[first + parent]!;
    hole = parent;
  }
  items[first + hole] = item;
}
